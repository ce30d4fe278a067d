import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { common } from "node-mavlink";
import type { Fix } from "../../../../agent/fix.js";
import { encodeMessage } from "../../../../agent/mavlink/codec.js";
import { ARDUPILOT_FRAME, PX4_FRAME } from "../../../../agent/mavlink/local-frame.js";
import type { GeoOrigin } from "../../../../agent/mavlink/origin.js";
import { VisionPositionEstimatePublisher } from "../../../../agent/mavlink/publishers/vision-position-estimate.js";

const ORIGIN: GeoOrigin = { lat_deg: 49, lon_deg: 16, alt_m: 300 };
const FIX: Fix = {
  t_us: 1_000_000,
  lat_deg: 49.01,
  lon_deg: 16.02,
  eph_m: 5,
  cov_ne_m2: { nn: 9, ne: -2, ee: 16 },
  alt_m: 340,
  quality: 0.9,
  reset: false,
};

function build(
  publisher: VisionPositionEstimatePublisher,
  fix: Partial<Fix>,
  origin: GeoOrigin | null = ORIGIN,
  autopilot = 3,
): common.VisionPositionEstimate {
  const result = publisher.build({ ...FIX, ...fix }, { origin, vehicle: { sysid: 1, compid: 1, autopilot, type: 2 } });
  assert.ok("message" in result, "no message");
  assert.ok(result.message instanceof common.VisionPositionEstimate);
  return result.message;
}

test("a local position in the frame of the autopilot, with the covariance of the fix", () => {
  const message = build(new VisionPositionEstimatePublisher(), {});
  const { north_m, east_m } = ARDUPILOT_FRAME.toLocal(ORIGIN, FIX);
  assert.deepEqual([message.x, message.y, message.z], [north_m, east_m, -40]);
  assert.ok(Math.abs(north_m - 1113.19) < 0.01);
  assert.equal(message.usec, 1_000_000n);
  assert.deepEqual([message.roll, message.pitch, message.yaw, message.resetCounter], [0, 0, 0, 0]);
  const [xx, xy, xz] = message.covariance;
  assert.deepEqual([xx, xy, xz, message.covariance[6], message.covariance[11]], [9, -2, 0, 16, 1]);
  assert.equal(message.covariance.length, 21);
  assert.ok(
    [15, 18, 20].every((index) => (message.covariance[index] ?? 0) > 9),
    "angles are unknown",
  );
  encodeMessage(message, { sysid: 1, compid: 197, seq: 0 });

  const px4 = build(new VisionPositionEstimatePublisher(), {}, ORIGIN, 12);
  assert.equal(px4.x, PX4_FRAME.toLocal(ORIGIN, FIX).north_m);
  assert.ok(Math.abs(px4.x - north_m) > 1, "a kilometre out the two frames differ by a metre");
});

test("without an altitude z is 0", () => {
  assert.equal(build(new VisionPositionEstimatePublisher(), { alt_m: null }).z, 0);
});

test("nothing without an origin, and nothing far from it", () => {
  const publisher = new VisionPositionEstimatePublisher();
  const context = { vehicle: null, origin: null };
  assert.deepEqual(publisher.build(FIX, context), { skipped: "no_origin" });
  const far = { ...context, origin: { ...ORIGIN, lat_deg: 48 } };
  assert.deepEqual(publisher.build(FIX, far), { skipped: "too_far_from_origin" });
});

describe("reset_counter", () => {
  const counters = (fixes: Partial<Fix>[]) => {
    const publisher = new VisionPositionEstimatePublisher();
    return fixes.map((fix) => build(publisher, fix).resetCounter);
  };

  test("changes in the very message that jumps, and stays", () => {
    assert.deepEqual(
      counters([{ t_us: 1 }, { t_us: 2 }, { t_us: 3, reset: true }, { t_us: 4 }, { t_us: 5, reset: true }]),
      [0, 0, 1, 1, 2],
    );
  });

  test("does not change when the same fix is sent again", () => {
    assert.deepEqual(counters([{ t_us: 3, reset: true }, { t_us: 3, reset: true }, { t_us: 4 }]), [1, 1, 1]);
  });

  test("wraps at 256", () => {
    const fixes = Array.from({ length: 257 }, (_, i) => ({ t_us: i, reset: true }));
    assert.deepEqual(counters(fixes).slice(-3), [255, 0, 1]);
  });

  test("changes with the origin, because local positions jump with it", () => {
    const publisher = new VisionPositionEstimatePublisher();
    assert.equal(build(publisher, { t_us: 1 }).resetCounter, 0);
    assert.equal(build(publisher, { t_us: 2 }, { ...ORIGIN, lat_deg: 49.001 }).resetCounter, 1);
    assert.equal(build(publisher, { t_us: 3 }, { ...ORIGIN, lat_deg: 49.001 }).resetCounter, 1);
  });
});

test("a repeat has the same bytes", () => {
  const publisher = new VisionPositionEstimatePublisher();
  const header = { sysid: 1, compid: 197, seq: 0 };
  const once = encodeMessage(build(publisher, { reset: true }), header);
  assert.deepEqual(encodeMessage(build(publisher, { reset: true }), header), once);
});
