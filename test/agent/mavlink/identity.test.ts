import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { minimal } from "node-mavlink";
import { encodeMessage } from "../../../agent/mavlink/codec.js";
import { frameFromBytes, type MavlinkFrame } from "../../../agent/mavlink/frame.js";
import { MavlinkFramer } from "../../../agent/mavlink/framer.js";
import { SenderIdentity } from "../../../agent/mavlink/identity.js";
import { UserError } from "../../../tiles/errors.js";
import { recordedBytes } from "./fixtures.js";

function heartbeat(sysid: number, compid: number, autopilot: number, type: number): MavlinkFrame {
  const message = Object.assign(new minimal.Heartbeat(), {
    autopilot,
    type,
    baseMode: 0,
    systemStatus: 4,
    mavlinkVersion: 3,
  });
  return frameFromBytes(encodeMessage(message, { sysid, compid, seq: 0 }));
}

describe("the system id", () => {
  test("is 1 until a vehicle is heard, then the vehicle's; the component is 197", () => {
    const identity = new SenderIdentity();
    assert.deepEqual([identity.sysid, identity.compid, identity.vehicle], [1, 197, null]);
    assert.equal(identity.observe(heartbeat(8, 1, 12, 2), 0), true);
    assert.equal(identity.observe(heartbeat(8, 1, 12, 2), 1000), false);
    assert.deepEqual([identity.sysid, identity.compid], [8, 197]);
    assert.deepEqual(identity.vehicle, { sysid: 8, compid: 1, autopilot: 12, type: 2 });
  });

  test("is not taken from a ground station, a gimbal or another companion", () => {
    const identity = new SenderIdentity();
    identity.observe(heartbeat(255, 190, 8, 6), 0);
    identity.observe(heartbeat(255, 1, 3, 6), 0);
    identity.observe(heartbeat(7, 191, 8, 18), 0);
    identity.observe(heartbeat(7, 1, 8, 18), 0);
    assert.equal(identity.vehicle, null);
  });

  test("stays with the first vehicle until that is silent for 10 s", () => {
    const identity = new SenderIdentity();
    identity.observe(heartbeat(1, 1, 3, 2), 0);
    assert.equal(identity.observe(heartbeat(2, 1, 3, 2), 9_000), false);
    identity.observe(heartbeat(1, 1, 3, 2), 9_500);
    assert.equal(identity.observe(heartbeat(2, 1, 3, 2), 19_500), false);
    assert.equal(identity.sysid, 1);
    assert.equal(identity.observe(heartbeat(2, 1, 3, 2), 19_501), true);
    assert.equal(identity.sysid, 2);
  });

  test("can be fixed: only that vehicle counts", () => {
    const identity = new SenderIdentity({ sysid: 5, compid: 191 });
    identity.observe(heartbeat(1, 1, 3, 2), 0);
    assert.deepEqual([identity.sysid, identity.compid, identity.vehicle], [5, 191, null]);
    identity.observe(heartbeat(5, 1, 3, 2), 0);
    assert.equal(identity.vehicle?.sysid, 5);
  });

  test("in the recordings it is the autopilot's", () => {
    for (const [name, expected] of [
      ["ardupilot-plane", { sysid: 1, compid: 1, autopilot: 3, type: 1 }],
      ["px4-quad", { sysid: 8, compid: 1, autopilot: 12, type: 2 }],
    ] as const) {
      const identity = new SenderIdentity();
      for (const frame of new MavlinkFramer().push(recordedBytes(name, "from"))) identity.observe(frame, 0);
      assert.deepEqual(identity.vehicle, expected);
    }
  });
});

test("1/1 cannot be configured, nor ids that do not exist", () => {
  for (const compid of [1, 0, 256, 1.5, Number.NaN]) {
    assert.throws(() => new SenderIdentity({ compid }), /component id: .* must be an integer from 2 to 255/);
  }
  for (const sysid of [0, 256, -1, 2.5]) assert.throws(() => new SenderIdentity({ sysid }), UserError);
});
