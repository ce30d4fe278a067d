import assert from "node:assert/strict";
import { test } from "node:test";
import { HeardWay } from "../../../../agent/navigation/integrity/heard-way.js";
import { StillPicture } from "../../../../agent/navigation/integrity/still-picture.js";
import { Random } from "../../helpers/random.js";

/** Attitude moves the middle of the picture by some metres; the vehicle moves by `speed_mps`. */
function seen(speed_mps: number, still: boolean, lever_m: number): boolean[] {
  const random = new Random(4);
  const picture = new StillPicture();
  return Array.from({ length: 40 }, (_, k) => {
    const lever = { north_m: random.normal() * lever_m, east_m: random.normal() * lever_m };
    const noise = { north_m: random.normal() * 0.2, east_m: random.normal() * 0.2 };
    const ground = still
      ? noise
      : { north_m: 0.5 * k * speed_mps + lever.north_m + noise.north_m, east_m: lever.east_m + noise.east_m };
    return picture.observe(k * 500_000, ground, lever);
  });
}

test("a picture that shows the same ground under any attitude stands still, noise or not", () => {
  assert.ok(seen(0, true, 2).slice(6).every(Boolean));
});

test("a hovering vehicle's picture wanders with its attitude, a flying one's moves on", () => {
  assert.ok(seen(0, false, 2).every((still) => !still));
  assert.ok(seen(13, false, 2).every((still) => !still));
});

test("where the attitude hardly moves nothing is said, nor before four frames, nor over a long gap", () => {
  assert.ok(seen(0, true, 0.1).every((still) => !still));
  const picture = new StillPicture();
  for (const t_s of [0, 2, 10, 12, 20]) {
    assert.equal(picture.observe(t_s * 1e6, { north_m: 0, east_m: 0 }, { north_m: t_s, east_m: 0 }), false);
  }
});

test("a copter that accelerates is no still picture, though the middle comes back to where it was", () => {
  const height_m = 80;
  const acceleration_mps2 = 2;
  const picture = new StillPicture();
  for (const moving_s of [0, 3.5, 3.75, 3.95]) {
    // It leans forward to accelerate: the camera, fixed to it, looks backwards.
    const lever = { north_m: moving_s > 0 ? (-height_m * acceleration_mps2) / 9.81 : 0, east_m: 0 };
    const ground = { north_m: 0.5 * acceleration_mps2 * moving_s ** 2 + lever.north_m, east_m: 0 };
    assert.equal(picture.observe(moving_s * 1e6, ground, lever), false, `after ${moving_s} s`);
  }
});

/** A correction of pitch by ArduPilot's copter at 80 m, as it was recorded on its way east: time, pitch, velocity east. */
const CORRECTION: readonly (readonly [t_s: number, pitch_deg: number, east_mps: number])[] = [
  [2.408, -27.3, 9.37],
  [2.658, -27.2, 9.37],
  [2.913, -24.4, 9.37],
  [3.163, -21.9, 9.24],
  [3.413, -20.0, 9.06],
  [3.663, -19.2, 8.83],
  [3.913, -21.0, 8.67],
  [4.163, -22.1, 8.62],
  [4.413, -23.5, 8.63],
  [4.663, -24.8, 8.7],
  [4.913, -25.4, 8.82],
  [5.195, -26.5, 8.95],
  [5.445, -27.7, 9.11],
  [5.705, -28.6, 9.29],
];

/**
 * When is that flight's picture taken for a still one?
 *
 * @param heard what the autopilot says of its velocity, or nothing
 * @param hangs from here on the picture is the one of before
 */
function correcting(heard: boolean, hangs_s = Number.POSITIVE_INFINITY): number[] {
  const random = new Random(7);
  const picture = new StillPicture();
  const way = new HeardWay();
  let east_m = 0;
  let shown_m: number | null = null;
  return CORRECTION.flatMap(([t_s, pitch_deg, east_mps], k) => {
    const before = CORRECTION[k - 1];
    if (before !== undefined) east_m += ((before[2] + east_mps) / 2) * (t_s - before[0]);
    // Nose down, the camera looks backwards.
    const lever = { north_m: 0, east_m: 80 * Math.tan((pitch_deg * Math.PI) / 180) };
    if (t_s >= hangs_s) shown_m ??= east_m + lever.east_m;
    const ground = {
      north_m: random.normal() * 0.4,
      east_m: (shown_m ?? east_m + lever.east_m) + random.normal() * 0.4,
    };
    const t_us = t_s * 1e6;
    if (heard) way.heard(t_us, { north: random.normal() * 0.3, east: east_mps + 0.3 });
    const still = picture.observe(t_us, ground, lever, (from_us, to_us) => way.between(from_us, to_us));
    return still ? [t_s] : [];
  });
}

test("a copter that corrects its pitch as fast as it flies holds the middle of its picture: its own velocity tells why", () => {
  assert.notDeepEqual(correcting(false), []);
  assert.deepEqual(correcting(true), []);
});

test("a picture that hangs while the copter corrects is found out, its velocity heard or not", () => {
  assert.ok(correcting(true, 2.5).some((t_s) => t_s < 3.7));
  assert.ok(correcting(false, 2.5).some((t_s) => t_s < 3.7));
});

test("a picture that hangs is found out under any attitude when the vehicle's velocity is heard, in flight and in a hover", () => {
  for (const speed_mps of [0, 1, 5, 13, 22]) {
    for (const hz of [1, 2, 4]) {
      const random = new Random(11);
      const picture = new StillPicture();
      const way = new HeardWay();
      const found = Array.from({ length: 60 }, (_, k) => {
        const t_us = (k * 1e6) / hz;
        way.heard(t_us, { north: speed_mps + random.normal() * 0.3, east: random.normal() * 0.3 });
        const swing = (k / hz) * 1.3;
        const lever = { north_m: 3 * Math.sin(swing), east_m: 3 * Math.cos(1.7 * swing) };
        const ground = { north_m: random.normal() * 0.2, east_m: random.normal() * 0.2 };
        return picture.observe(t_us, ground, lever, (from_us, to_us) => way.between(from_us, to_us));
      });
      assert.ok(found.slice(0, 6 * hz).includes(true), `${speed_mps} m/s, ${hz} Hz`);
    }
  }
});

test("where the way between is known looks may lie farther apart, and a copter that accelerates is still none", () => {
  const still = new StillPicture();
  const hovers = () => ({ north_m: 0, east_m: 0 });
  const found = [0, 2, 2.5, 3.5].map((t_s, k) =>
    still.observe(t_s * 1e6, { north_m: 0, east_m: 0 }, { north_m: 3 * (k % 2), east_m: 0 }, hovers),
  );
  assert.deepEqual(found, [false, false, false, true]);
  const moving = new StillPicture();
  const flown = (from_us: number, to_us: number) => ({ north_m: (to_us / 1e6) ** 2 - (from_us / 1e6) ** 2, east_m: 0 });
  for (const t_s of [0, 3.5, 3.75, 3.95]) {
    const lever = { north_m: t_s > 0 ? (-80 * 2) / 9.81 : 0, east_m: 0 };
    const ground = { north_m: t_s ** 2 + lever.north_m, east_m: 0 };
    assert.equal(moving.observe(t_s * 1e6, ground, lever, flown), false, `after ${t_s} s`);
  }
});
