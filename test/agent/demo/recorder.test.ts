import assert from "node:assert/strict";
import { test } from "node:test";
import { common } from "node-mavlink";
import { monotonic_us } from "../../../agent/clock.js";
import { FlightRecorder } from "../../../agent/demo/recorder.js";
import { encodeMessage } from "../../../agent/mavlink/codec.js";
import { frameFromBytes } from "../../../agent/mavlink/frame.js";
import type { FrameListener } from "../../../agent/mavlink/vehicle-port.js";
import type { NavigationPosition } from "../../../agent/navigation/solution.js";
import { FakeLinks, fakeParts } from "../daemon/fakes.js";

const POSITION: NavigationPosition = {
  lat_deg: 48,
  lon_deg: 11,
  cov_ne_m2: { nn: 4, ne: 0, ee: 4 },
  eph_m: Math.sqrt(8),
  protection_level_m: 9,
  velocity_ne_mps: { north: 0, east: 0 },
  velocity_sigma_mps: 1,
  belief: 1,
  heading_offset_deg: 0,
  heading_offset_sigma_deg: 1,
  reset_counter: 1,
  fix_t_us: 0,
  fix_count: 1,
};

function simState(lat_deg: number) {
  const message = Object.assign(new common.SimState(), { latInt: lat_deg * 1e7, lonInt: 11e7 });
  return frameFromBytes(encodeMessage(message, { sysid: 1, compid: 1, seq: 0 }));
}

/** A recorder on a fake daemon's parts, and how the vehicle is heard. */
async function recording() {
  const fakes = fakeParts();
  let hear: FrameListener = () => undefined;
  class TruthfulLinks extends FakeLinks {
    override onVehicleFrame(listener: FrameListener): () => void {
      hear = listener;
      return () => undefined;
    }
  }
  const recorder = new FlightRecorder();
  const parts = recorder.observe({ ...fakes.parts, openLinks: () => Promise.resolve(new TruthfulLinks()) });
  await parts.openLinks();
  return { ...fakes, recorder, hear };
}

test("a frame is judged by what was published when it came, against the truth of its moment", async () => {
  const { recorder, camera, navigator, hear } = await recording();
  recorder.begin();
  hear(simState(48.0), 1_000_000);
  camera.shoot(1_010_000);
  navigator.position = POSITION;
  camera.shoot(1_030_000);
  camera.shoot(1_060_000);
  hear(simState(48.001), 1_040_000);
  const [first, second, last] = recorder.frames();
  assert.equal(first?.published, null);
  assert.equal(first?.reason, "none");
  assert.ok(Math.abs((second?.truth?.lat_deg ?? 0) - 48.00075) < 1e-7);
  assert.equal(second?.published?.eph_m, POSITION.eph_m);
  assert.equal(second?.published?.reset, true, "the first position is a jump");
  assert.equal(last?.published?.reset, false);
  assert.equal(last?.truth, null, "the truth of after the last message is not known");
});

test("frames count from take-off to the end of the route", async () => {
  const { recorder, camera } = await recording();
  camera.shoot(1);
  recorder.begin();
  camera.shoot(2);
  recorder.end();
  camera.shoot(3);
  assert.deepEqual(
    recorder.frames().map(({ t_us }) => t_us),
    [2],
  );
  assert.equal(recorder.visionHz(), null, "one frame has no rate");
});

test("how often there was a position after the jamming", async () => {
  const { recorder, camera, navigator } = await recording();
  recorder.begin();
  camera.shoot(monotonic_us());
  assert.equal(recorder.availabilityJammed(), null);
  recorder.jammed();
  navigator.position = POSITION;
  for (const later_us of [1e6, 2e6, 3e6]) camera.shoot(monotonic_us() + later_us);
  navigator.position = null;
  camera.shoot(monotonic_us() + 4e6);
  assert.equal(recorder.availabilityJammed(), 0.75);
});
