import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { common, type MavLinkData } from "node-mavlink";
import { encodeMessage } from "../../../agent/mavlink/codec.js";
import { openLink } from "../../../agent/mavlink/link/open.js";
import { type ListenerReport, startListener } from "../../../agent/mavlink/listener.js";
import { GlobalPositionSensor } from "../../../agent/mavlink/messages/global-position-sensor.js";
import { VECTORS } from "./fixtures.js";
import { until } from "./waiting.js";

function position(values: Partial<GlobalPositionSensor>): GlobalPositionSensor {
  return Object.assign(
    new GlobalPositionSensor(),
    { lat: 490000000, lon: 160000000, eph: 4, id: 1, source: 2 },
    values,
  );
}

function encoded(message: MavLinkData, seq: number, sysid = 1, compid = 197): Buffer {
  return encodeMessage(message, { sysid, compid, seq });
}

async function heard(datagrams: readonly Uint8Array[]): Promise<ListenerReport> {
  const listener = await startListener();
  const link = await openLink(listener.url, { bytes: () => undefined });
  for (const datagram of datagrams) await link.send(datagram);
  await until("the datagrams", () => listener.report().datagrams === datagrams.length);
  await link.close();
  return listener.close();
}

function vector(name: string): Buffer {
  return Buffer.from(VECTORS.bad_frames.find((entry) => entry.name === name)?.hex ?? assert.fail(name), "hex");
}

describe("what is wrong is found", () => {
  const cases: [string, readonly Uint8Array[], RegExp][] = [
    ["a latitude of 214.7 degrees", [encoded(position({ lat: 2147483647 }), 0)], /is no position/],
    ["0/0", [encoded(position({ lat: 0, lon: 0 }), 0)], /is no position/],
    ["eph NaN", [encoded(position({ eph: Number.NaN }), 0)], /eph NaN is no error/],
    ["eph 0", [encoded(position({ eph: 0 }), 0)], /eph 0 is no error/],
    ["the UNHEALTHY flag", [encoded(position({ flags: 1 }), 0)], /flags 1/],
    ["the autopilot's own ids", [encoded(position({}), 0, 1, 1)], /1\/1/],
    ["the same sequence number twice", [encoded(position({}), 5), encoded(position({}), 5)], /number 5 does not rise/],
    ["MAVLink 1", [vector("MAVLink 1 HEARTBEAT")], /MAVLink 1 frame/],
    ["a wrong checksum", [vector("CRC low byte flipped")], /no known frame/],
    ["an unknown message", [vector("unknown message id 54321 with a valid checksum")], /no known frame/],
    ["a cut frame", [vector("truncated: half of the payload")], /ended inside a frame/],
    [
      "a local position without covariance",
      [encoded(Object.assign(new common.VisionPositionEstimate(), { covariance: new Array(21).fill(0) }), 0)],
      /no horizontal covariance/,
    ],
  ];
  for (const [what, datagrams, pattern] of cases) {
    test(what, async () => {
      const report = await heard(datagrams);
      assert.equal(report.ok, false);
      assert.ok(report.problemCount > 0);
      assert.ok(
        report.problems.some((problem) => pattern.test(problem)),
        report.problems.join("; "),
      );
    });
  }

  test("lost frames", async () => {
    const report = await heard([encoded(position({}), 250), encoded(position({}), 3)]);
    assert.equal(report.lost, 8);
    assert.equal(report.ok, false);
    assert.deepEqual(report.problems, []);
  });
});

test("good frames are counted and their positions kept", async () => {
  const report = await heard([encoded(position({ timeUsec: 5n }), 255), encoded(position({ timeUsec: 6n }), 0)]);
  assert.equal(report.ok, true);
  assert.deepEqual(report.messages, { GLOBAL_POSITION_SENSOR: 2 });
  assert.deepEqual(report.positions[0], {
    message: "GLOBAL_POSITION_SENSOR",
    t_us: 5,
    lat_deg: 49,
    lon_deg: 16,
    eph_m: 4,
    resetCounter: null,
  });
});

test("a local position is one without a place until the origin was seen", async () => {
  const local = Object.assign(new common.VisionPositionEstimate(), { covariance: new Array(21).fill(1), x: 100 });
  const origin = Object.assign(new common.SetGpsGlobalOrigin(), {
    targetSystem: 1,
    latitude: 490000000,
    longitude: 160000000,
    altitude: 0,
    timeUsec: 0n,
  });
  const report = await heard([encoded(local, 0), encoded(origin, 1), encoded(local, 2)]);
  assert.equal(report.positions[0]?.lat_deg, null);
  assert.ok(Math.abs((report.positions[1]?.lat_deg ?? 0) - 49.000898) < 1e-6);
  assert.equal(report.ok, true);
});
