import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { common, minimal } from "node-mavlink";
import { decodeAs } from "../../../agent/mavlink/codec.js";
import { TruePoseTrack } from "../../../sim/feed/true-pose.js";
import { listenToVehicle } from "../../../sim/feed/vehicle-link.js";
import { otherEnd } from "../../agent/mavlink/other-end.js";
import { until } from "../../agent/mavlink/waiting.js";

const { ACCEPTED, DENIED, FAILED } = common.MavResult;
const { SimState, HilStateQuaternion, Attitude, GlobalPositionInt } = common;

/** A vehicle that answers every request, and what it was asked for. */
async function asked(
  autopilot: number,
  answer: (msgid: number, interval_us: number) => number | null,
  for_ms: number,
): Promise<number[]> {
  const vehicle = await otherEnd();
  const link = await listenToVehicle(vehicle.url, new TruePoseTrack());
  const requested: number[] = [];
  let read = 0;
  let beat_ms = Number.NEGATIVE_INFINITY;
  const step = (): void => {
    if (vehicle.frames.length === 0) return;
    if (performance.now() - beat_ms > 500) {
      beat_ms = performance.now();
      const heartbeat = { type: 2, autopilot, baseMode: 81, systemStatus: 3, mavlinkVersion: 3 };
      void vehicle.send(Object.assign(new minimal.Heartbeat(), heartbeat));
    }
    for (; read < vehicle.frames.length; read++) {
      const frame = vehicle.frames[read];
      if (frame === undefined || frame.msgid !== common.CommandLong.MSG_ID) continue;
      const { _param1: msgid, _param2: interval_us } = decodeAs(frame, common.CommandLong);
      assert.equal(frame.compid, 100);
      requested.push(msgid);
      const result = answer(msgid, interval_us);
      if (result === null) continue;
      const ack = { command: 511, result, progress: 0, resultParam2: 0, targetSystem: 8, targetComponent: 100 };
      void vehicle.send(Object.assign(new common.CommandAck(), ack));
    }
  };
  const timer = setInterval(step, 5);
  await until("a request for the vehicle's attitude", () => requested.includes(Attitude.MSG_ID));
  await sleep(for_ms);
  clearInterval(timer);
  await link.close();
  await vehicle.link.close();
  return requested;
}

function once(requested: readonly number[]): number[] {
  return [...new Set(requested)].sort((a, b) => a - b);
}

const PLACE = [Attitude.MSG_ID, GlobalPositionInt.MSG_ID];

describe("the camera's link to the vehicle", () => {
  it("asks ArduPilot and PX4 for the truth that they know, and other autopilots for both", async () => {
    const all = () => ACCEPTED;
    const [ardupilot, px4, other] = await Promise.all([3, 12, 0].map((autopilot) => asked(autopilot, all, 400)));
    assert.deepEqual(once(ardupilot ?? []), [...PLACE, SimState.MSG_ID]);
    assert.deepEqual(once(px4 ?? []), [...PLACE, HilStateQuaternion.MSG_ID]);
    assert.deepEqual(once(other ?? []), [...PLACE, SimState.MSG_ID, HilStateQuaternion.MSG_ID]);
  });

  it("asks for nothing faster than an ArduPlane gives: it denies what is faster than 0.8 of its loop of 50 Hz", async () => {
    const denied: number[] = [];
    const answer = (msgid: number, interval_us: number): number => {
      if (Math.trunc(interval_us / 1000) * 800 >= 20_000) return ACCEPTED;
      denied.push(msgid);
      return DENIED;
    };
    const requested = await asked(3, answer, 400);
    assert.deepEqual(once(requested), [...PLACE, SimState.MSG_ID]);
    assert.deepEqual(denied, []);
  });

  it("does not ask again for what is refused, and does where nothing is answered", async () => {
    const { MSG_ID: unknown } = HilStateQuaternion;
    const refusing = asked(0, (msgid) => (msgid === unknown ? FAILED : ACCEPTED), 1500);
    const silent = asked(0, (msgid) => (msgid === unknown ? null : ACCEPTED), 1500);
    assert.equal((await refusing).filter((msgid) => msgid === unknown).length, 1);
    assert.ok((await silent).filter((msgid) => msgid === unknown).length > 1);
  });
});
