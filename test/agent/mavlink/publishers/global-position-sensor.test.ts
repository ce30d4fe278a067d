import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import type { Fix } from "../../../../agent/fix.js";
import { encodeMessage } from "../../../../agent/mavlink/codec.js";
import { GlobalPositionSensor } from "../../../../agent/mavlink/messages/global-position-sensor.js";
import { GlobalPositionSensorPublisher } from "../../../../agent/mavlink/publishers/global-position-sensor.js";
import { assertPublishable } from "../../../../agent/mavlink/publishers/publisher.js";

const FIX: Fix = {
  t_us: 123_456_789,
  lat_deg: 49.0012345,
  lon_deg: -16.0054321,
  eph_m: 4.5,
  cov_ne_m2: { nn: 10, ne: 1, ee: 10.25 },
  alt_m: null,
  quality: 0.9,
  reset: false,
};

function built(publisher: GlobalPositionSensorPublisher, fix: Fix): GlobalPositionSensor {
  const result = publisher.build(fix);
  assert.ok("message" in result, "no message");
  assert.ok(result.message instanceof GlobalPositionSensor);
  return result.message;
}

test("every field comes from the fix", () => {
  assert.deepEqual(
    { ...built(new GlobalPositionSensorPublisher(), FIX) },
    {
      timeUsec: 123_456_789n,
      processingTime: 0,
      lat: 490012345,
      lon: -160054321,
      altEllipsoid: Number.NaN,
      alt: Number.NaN,
      eph: 4.5,
      epv: Number.NaN,
      targetSystem: 0,
      targetComponent: 0,
      id: 1,
      source: 2,
      flags: 0,
    },
  );
});

test("an altitude is passed on, with an error", () => {
  const message = built(new GlobalPositionSensorPublisher({ sensorId: 3 }), { ...FIX, alt_m: 345.5 });
  assert.deepEqual([message.alt, message.epv, message.id], [345.5, 10, 3]);
});

describe("extrapolation", () => {
  test("moves the position and its time, only where told", () => {
    const publisher = new GlobalPositionSensorPublisher({
      motion: (fix) => (fix.quality > 0.5 ? { north_mps: 10, east_mps: -20, to_t_us: fix.t_us + 300_000 } : null),
    });
    const moved = built(publisher, FIX);
    assert.equal(moved.timeUsec, 123_756_789n);
    // 3 m north and 6 m west; a degree of longitude is 73 km there.
    assert.ok(Math.abs((moved.lat - 490012345) * 0.0111319 - 3) < 0.02);
    assert.ok(Math.abs((moved.lon + 160054321) * 0.0111319 * Math.cos((49 * Math.PI) / 180) + 6) < 0.02);
    const still = built(publisher, { ...FIX, quality: 0.4 });
    assert.deepEqual([still.timeUsec, still.lat], [123_456_789n, 490012345]);
  });

  test("a fix that is too old, or a motion that is none, is not sent", () => {
    for (const motion of [
      { north_mps: 10, east_mps: 0, to_t_us: FIX.t_us + 2_000_001 },
      { north_mps: 10, east_mps: 0, to_t_us: FIX.t_us - 1 },
      { north_mps: Number.NaN, east_mps: 0, to_t_us: FIX.t_us + 1 },
      { north_mps: 10, east_mps: 0, to_t_us: Number.NaN },
    ]) {
      assert.deepEqual(new GlobalPositionSensorPublisher({ motion: () => motion }).build(FIX), { skipped: "stale" });
    }
  });
});

describe("what must not be published is refused", () => {
  const bad: [string, Partial<Fix>, RegExp][] = [
    ["latitude NaN", { lat_deg: Number.NaN }, /lat_deg/],
    ["latitude 90.1", { lat_deg: 90.1 }, /lat_deg/],
    ["longitude 214.7 (INT32_MAX)", { lon_deg: 214.7483647 }, /lon_deg/],
    ["0/0", { lat_deg: 0, lon_deg: 0 }, /both 0/],
    ["eph NaN", { eph_m: Number.NaN }, /eph_m/],
    ["eph 0", { eph_m: 0 }, /eph_m/],
    ["eph infinite", { eph_m: Number.POSITIVE_INFINITY }, /eph_m/],
    ["altitude NaN", { alt_m: Number.NaN }, /alt_m/],
    ["time NaN", { t_us: Number.NaN }, /t_us/],
    ["time with a fraction", { t_us: 0.5 }, /t_us/],
    ["time before 0", { t_us: -1 }, /t_us/],
    ["variance NaN", { cov_ne_m2: { nn: Number.NaN, ne: 0, ee: 1 } }, /covariance/],
    ["variance below 0", { cov_ne_m2: { nn: -1, ne: 0, ee: 1 } }, /covariance/],
    ["no covariance matrix", { cov_ne_m2: { nn: 1, ne: 2, ee: 1 } }, /covariance/],
  ];
  for (const [what, change, pattern] of bad) {
    test(what, () => {
      assert.throws(() => assertPublishable({ ...FIX, ...change }), pattern);
    });
  }
});

test("every fix that may be published can be encoded, and the same fix gives the same bytes", () => {
  fc.assert(
    fc.property(
      fc.record({
        t_us: fc.maxSafeNat(),
        lat_deg: fc.double({ min: -90, max: 90, noNaN: true }),
        lon_deg: fc.double({ min: -180, max: 180, noNaN: true }),
        eph_m: fc.double({ min: 0.01, max: 9e4, noNaN: true }),
        cov_ne_m2: fc.record({
          nn: fc.constant(4),
          ne: fc.double({ min: -4, max: 4, noNaN: true }),
          ee: fc.constant(4),
        }),
        alt_m: fc.option(fc.double({ min: -500, max: 9000, noNaN: true })),
        quality: fc.double({ min: 0, max: 1, noNaN: true }),
        reset: fc.boolean(),
      }),
      (fix) => {
        if (fix.lat_deg === 0 && fix.lon_deg === 0) return;
        assertPublishable(fix);
        const header = { sysid: 1, compid: 197, seq: 0 };
        const one = encodeMessage(built(new GlobalPositionSensorPublisher(), fix), header);
        const other = encodeMessage(built(new GlobalPositionSensorPublisher(), { ...fix }), header);
        assert.deepEqual(one, other);
      },
    ),
  );
});
