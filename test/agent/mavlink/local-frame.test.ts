import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { common } from "node-mavlink";
import { decodeAs } from "../../../agent/mavlink/codec.js";
import { MavlinkFramer } from "../../../agent/mavlink/framer.js";
import { ARDUPILOT_FRAME, type LocalFrame, localFrameOf, PX4_FRAME } from "../../../agent/mavlink/local-frame.js";
import { type Recording, recordedBytes } from "./fixtures.js";

const ORIGIN = { lat_deg: 49, lon_deg: 16 };

/**
 * Median distance between where the autopilot says it is locally and where the frame puts its global position. Local
 * positions are interpolated over gaps of at most `maxGap_ms`.
 */
function medianDifference_m(recording: Recording, frame: LocalFrame, maxGap_ms: number): number {
  const local: common.LocalPositionNed[] = [];
  const global: common.GlobalPositionInt[] = [];
  for (const received of new MavlinkFramer().push(recordedBytes(recording, "from"))) {
    if (received.msgid === 32) local.push(decodeAs(received, common.LocalPositionNed));
    if (received.msgid === 33) global.push(decodeAs(received, common.GlobalPositionInt));
  }
  const differences: number[] = [];
  for (const position of global) {
    const next = local.findIndex((candidate) => candidate.timeBootMs >= position.timeBootMs);
    const before = local[next - 1];
    const after = local[next];
    if (before === undefined || after === undefined) continue;
    const gap_ms = after.timeBootMs === position.timeBootMs ? 0 : after.timeBootMs - before.timeBootMs;
    if (gap_ms > maxGap_ms) continue;
    const part = (position.timeBootMs - before.timeBootMs) / (after.timeBootMs - before.timeBootMs);
    const x = before.x + (after.x - before.x) * part;
    const y = before.y + (after.y - before.y) * part;
    if (Math.hypot(x, y) < 60) continue;
    const ours = frame.toLocal(ORIGIN, { lat_deg: position.lat / 1e7, lon_deg: position.lon / 1e7 });
    differences.push(Math.hypot(ours.north_m - x, ours.east_m - y));
  }
  assert.ok(differences.length > 40, `${differences.length} positions far enough out`);
  return differences.sort((a, b) => a - b)[differences.length >> 1] ?? Number.NaN;
}

describe("each frame is the one that its autopilot uses (recordings of up to 0.9 km from the origin)", () => {
  test("ArduPilot copter and plane", () => {
    // The plane is too fast to interpolate: only positions with the same time are compared.
    for (const [recording, maxGap_ms] of [
      ["ardupilot-copter", 400],
      ["ardupilot-plane", 0],
    ] as const) {
      assert.ok(medianDifference_m(recording, ARDUPILOT_FRAME, maxGap_ms) < 0.02);
      assert.ok(medianDifference_m(recording, PX4_FRAME, maxGap_ms) > 0.1);
    }
  });

  test("PX4", () => {
    assert.ok(medianDifference_m("px4-quad", PX4_FRAME, 400) < 0.03);
    assert.ok(medianDifference_m("px4-quad", ARDUPILOT_FRAME, 400) > 0.1);
  });
});

describe("there and back", () => {
  const place = fc.record({
    lat_deg: fc.double({ min: -80, max: 80, noNaN: true }),
    lon_deg: fc.double({ min: -180, max: 180, noNaN: true }),
  });
  const metres = fc.double({ min: -20_000, max: 20_000, noNaN: true });
  for (const [name, frame] of [
    ["ArduPilot", ARDUPILOT_FRAME],
    ["PX4", PX4_FRAME],
  ] as const) {
    test(name, () => {
      fc.assert(
        fc.property(place, metres, metres, (origin, north_m, east_m) => {
          const there = frame.toGlobal(origin, { north_m, east_m });
          assert.ok(there.lon_deg >= -180 && there.lon_deg < 180);
          const back = frame.toLocal(origin, there);
          assert.ok(Math.hypot(back.north_m - north_m, back.east_m - east_m) < 1e-3);
        }),
      );
    });
  }
});

test("over the antimeridian the way is the short one", () => {
  for (const frame of [ARDUPILOT_FRAME, PX4_FRAME]) {
    const { east_m } = frame.toLocal({ lat_deg: 0, lon_deg: 179.999 }, { lat_deg: 0, lon_deg: -179.999 });
    assert.ok(Math.abs(east_m - 222.5) < 1);
  }
});

test("PX4's frame keeps millimetres right beside the origin", () => {
  const { north_m } = PX4_FRAME.toLocal(ORIGIN, { lat_deg: ORIGIN.lat_deg + 1e-7, lon_deg: ORIGIN.lon_deg });
  assert.ok(Math.abs(north_m - 0.01112) < 1e-4);
  assert.deepEqual(PX4_FRAME.toGlobal(ORIGIN, { north_m: 0, east_m: 0 }), ORIGIN);
});

test("the frame is chosen by MAV_AUTOPILOT", () => {
  assert.equal(localFrameOf(12), PX4_FRAME);
  assert.equal(localFrameOf(3), ARDUPILOT_FRAME);
  assert.equal(localFrameOf(undefined), ARDUPILOT_FRAME);
});
