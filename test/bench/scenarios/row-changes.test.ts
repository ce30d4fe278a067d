import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Row } from "../../../bench/scenarios/changed-flight.js";
import {
  attitudeErrors,
  cut,
  dropped,
  frozen,
  headingOff,
  headingUnknown,
  heightOff,
  mapOff,
  stampedLate,
} from "../../../bench/scenarios/row-changes.js";

/** A flight to the north with a heading that passes through south, where the angle wraps. */
const rows: Row[] = Array.from({ length: 20 }, (_, k) => ({
  t_us: 1_000_000 + k * 500_000,
  file: `${k}.jpg`,
  roll_deg: k,
  pitch_deg: -k / 2,
  yaw_deg: k < 10 ? 170 + k : -190 + k,
  agl_m: 100 + k,
  yaw_sigma_deg: 3,
  agl_sigma_m: 2,
  truth: { lat_deg: 48 + k * 1e-4, lon_deg: 11 },
}));

describe("changes of a flight's numbers", () => {
  it("cuts", () => {
    assert.deepEqual(
      cut(rows, 3, 5).map(({ file }) => file),
      ["3.jpg", "4.jpg"],
    );
  });

  it("turns the heading from a frame on and keeps its sigma", () => {
    const lied = headingOff(rows, 180, 5);
    assert.equal(lied[4]?.yaw_deg, 174);
    assert.equal(lied[5]?.yaw_deg, -5);
    assert.equal(lied[5]?.yaw_sigma_deg, 3);
  });

  it("counts a heading that nobody knows from its first value", () => {
    const blind = headingUnknown(rows);
    assert.equal(blind[0]?.yaw_deg, 0);
    assert.equal(blind[15]?.yaw_deg, 15);
    assert.ok(blind.every(({ yaw_sigma_deg }) => yaw_sigma_deg === 180));
  });

  it("scales the height from a frame on and keeps its sigma", () => {
    const lied = heightOff(rows, 1.3, 10);
    assert.equal(lied[9]?.agl_m, 109);
    assert.ok(Math.abs((lied[10]?.agl_m ?? 0) - 143) < 1e-9);
    assert.equal(lied[10]?.agl_sigma_m, 2);
  });

  it("freezes the picture, not the flight", () => {
    const stuck = frozen(rows, 2, 6);
    assert.deepEqual(
      stuck.slice(0, 8).map(({ file }) => file),
      ["0.jpg", "1.jpg", "2.jpg", "2.jpg", "2.jpg", "2.jpg", "6.jpg", "7.jpg"],
    );
    assert.deepEqual(
      stuck.map(({ truth }) => truth),
      rows.map(({ truth }) => truth),
    );
  });

  it("loses the share and the gaps that it is told to, the same ones every time", () => {
    const gap = dropped(rows, { share: 0, seed: 1, gaps_s: [[2, 4]] });
    assert.equal(gap.length, 16);
    assert.ok(gap.every(({ t_us }) => t_us < 3_000_000 || t_us >= 5_000_000));
    const many = Array.from({ length: 2000 }, (_, k) => ({ ...(rows[0] as Row), t_us: k }));
    const left = dropped(many, { share: 0.6, seed: 1, gaps_s: [] });
    assert.ok(Math.abs(left.length - 800) < 80, `${left.length} left`);
    assert.deepEqual(left, dropped(many, { share: 0.6, seed: 1, gaps_s: [] }));
  });

  it("gives a frame that is stamped late the pose and the place of its stamp", () => {
    const late = stampedLate(rows, 0.75);
    const first = late[0];
    assert.ok(first !== undefined && first.truth !== null);
    assert.equal(first.file, "0.jpg");
    assert.equal(first.t_us, 1_750_000);
    assert.equal(first.roll_deg, 1.5);
    assert.ok(Math.abs(first.truth.lat_deg - 48.00015) < 1e-9);
    assert.equal(late.length, 18);
    // Between 179 and -180 degrees lies 179.5, not 0.
    assert.ok(late.every(({ yaw_deg }) => Math.abs(yaw_deg) > 165));
  });

  it("adds attitude errors of the deviation asked for, and moves the whole map by one offset", () => {
    const many = Array.from({ length: 4000 }, (_, k) => ({ ...(rows[0] as Row), t_us: k * 1_000_000, roll_deg: 2 }));
    const wrong = attitudeErrors(many, 0.8, 5, 3);
    const errors = wrong.map(({ roll_deg }) => roll_deg - 2);
    const sigma = Math.sqrt(errors.reduce((sum, error) => sum + error * error, 0) / errors.length);
    assert.ok(Math.abs(sigma - 0.8) < 0.08, `${sigma}`);
    const moved = mapOff(rows, 1, 7);
    const shifts = moved.map(({ truth }, k) => (truth?.lat_deg ?? 0) - (rows[k]?.truth?.lat_deg ?? 0));
    assert.ok(shifts.every((shift) => Math.abs(shift - (shifts[0] ?? 0)) < 1e-9 && shift !== 0));
    assert.deepEqual(mapOff(rows, 1, 7), moved);
  });
});
