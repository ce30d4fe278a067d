import assert from "node:assert/strict";
import { describe, test } from "node:test";
import sharp from "sharp";
import { VisualOdometry } from "../../../../agent/navigation/odometry/odometry.js";
import type { OdometryMotion, OdometryStep } from "../../../../agent/navigation/odometry/step.js";
import type { Frame } from "../../../../agent/vision/frame.js";
import { UserError } from "../../../../tiles/errors.js";
import { addNoise, frameOf, LENS, type Pose, photograph, photographTown, pixelsOf, RIG, ROOF_M } from "./scene.js";

async function observeAll(frames: readonly Frame[], odometry = new VisualOdometry(RIG)): Promise<OdometryStep[]> {
  const steps: OdometryStep[] = [];
  for (const frame of frames) steps.push(await odometry.observe(frame));
  return steps;
}

function motion(step: OdometryStep | undefined): OdometryMotion {
  assert.ok(step !== undefined);
  assert.equal(step.refused, null, step.refused === null ? "" : step.detail);
  return step as OdometryMotion;
}

function total(steps: readonly OdometryStep[]): { north_m: number; east_m: number } {
  let north_m = 0;
  let east_m = 0;
  for (const step of steps) {
    if (step.refused !== null) continue;
    north_m += step.north_m;
    east_m += step.east_m;
  }
  return { north_m, east_m };
}

/** Ten frames a second to the north-east at 14 m/s. */
function leg(frames: number, more: (i: number) => Partial<Pose> = () => ({})): Pose[] {
  return Array.from({ length: frames }, (_, i) => ({ t_s: 1 + i / 10, north_m: i, east_m: i, ...more(i) }));
}

describe("visual odometry", () => {
  test("sums to the way flown, across keyframes, while the aircraft rolls, pitches, turns and climbs", async () => {
    const poses = leg(60, (i) => ({
      roll_deg: 8 * Math.sin(i / 7),
      pitch_deg: 5 * Math.cos(i / 9),
      yaw_deg: 1.5 * i,
      agl_m: 100 + i / 4,
    }));
    const steps = await observeAll(poses.map((pose) => photograph(pose)));
    assert.equal(steps[0]?.refused, "start");
    const moved = steps.slice(1).map(motion);
    const { north_m, east_m } = total(moved);
    assert.ok(Math.hypot(north_m - 59, east_m - 59) < 0.5, `summed to ${north_m}, ${east_m}`);
    const keyframes = new Set(moved.map((step) => step.keyframe.t_us));
    assert.ok(keyframes.size > 1 && keyframes.size < 12, `${keyframes.size} keyframes`);
    moved.forEach((step, i) => {
      assert.ok(Math.hypot(step.north_m - 1, step.east_m - 1) < 0.25, `step ${i}: ${step.north_m}, ${step.east_m}`);
      assert.equal(step.from_t_us, 1_000_000 + i * 100_000);
      assert.ok(step.cov_ne_m2.nn > 0 && step.cov_ne_m2.nn * step.cov_ne_m2.ee > step.cov_ne_m2.ne ** 2);
    });
  });

  test("a first frame from the ground does not blind the flight: after the gap it begins anew", async () => {
    const climb = leg(60, (i) => ({ agl_m: 40 + i }));
    const steps = await observeAll(climb.map((pose, i) => photograph(pose, i < 5 ? { agl_m: 0.01 } : {})));
    const gap = steps.findIndex((step) => step.refused === "gap");
    assert.ok(gap > 0 && gap <= 36, `${gap}`);
    steps.slice(gap + 1).forEach((step) => {
      motion(step);
    });
  });

  test("an error of attitude that comes and goes leaves nothing behind", async () => {
    const frames = leg(40).map((pose, i) => photograph(pose, { roll_deg: i > 5 && i < 35 ? 1.5 * Math.sin(i) : 0 }));
    const { north_m, east_m } = total(await observeAll(frames));
    assert.ok(Math.hypot(north_m - 39, east_m - 39) < 0.5, `summed to ${north_m}, ${east_m}`);
  });

  test("is scaled by the height that is given, and says by how much that may be wrong", async () => {
    const frames = leg(12).map((pose) => photograph(pose, { agl_m: 105 }));
    const steps = await observeAll(frames);
    const { north_m } = total(steps);
    assert.ok(Math.abs(north_m / 11 - 1.05) < 0.015, `scaled by ${north_m / 11}`);
    assert.ok(motion(steps[3]).scale_sigma >= 3 / 105);
  });

  test("one wrong height in the keyframe spoils that frame and not the keyframe's whole life", async () => {
    const frames = leg(12).map((pose, i) => photograph(pose, { agl_m: i === 0 ? 108 : 100 }));
    const { north_m } = total(await observeAll(frames));
    assert.ok(Math.abs(north_m / 11 - 1) < 0.015, `scaled by ${north_m / 11}`);
  });

  test("sees errors of yaw and height that come up since the keyframe", async () => {
    const poses = leg(4);
    const errors = { yaw_deg: 2, agl_m: 104 };
    const steps = await observeAll(poses.map((pose, i) => photograph(pose, i === 3 ? errors : {})));
    const { turn_deg, scale } = motion(steps[3]).quality;
    assert.ok(Math.abs(turn_deg + 2) < 0.15, `turned by ${turn_deg}`);
    assert.ok(Math.abs(scale - 1 / 1.04) < 0.003, `scaled by ${scale}`);
    const { north_m, east_m } = total(steps);
    assert.ok(Math.hypot(north_m - 3, east_m - 3) < 0.2, `summed to ${north_m}, ${east_m}`);
  });

  test("gives the displacement in the frame of the reported yaw", async () => {
    const frames = leg(6).map((pose) => photograph(pose, { yaw_deg: 90 }));
    const { north_m, east_m } = total(await observeAll(frames));
    // North and east by the true heading 0 are, to one who believes to look east, east and south.
    assert.ok(Math.hypot(north_m + 5, east_m - 5) < 0.2, `moved ${north_m}, ${east_m}`);
  });

  test("is scaled by the streets and not by the roofs, once it has seen the one outrun the other", async () => {
    const poses = Array.from({ length: 25 }, (_, i) => ({ t_s: 1 + i / 5, north_m: 3 * i, east_m: i }));
    const steps = (await observeAll(poses.map(photographTown))).slice(1).map(motion);
    const { north_m } = total(steps);
    const error = north_m / 72 - 1;
    const roofs = 100 / (100 - ROOF_M) - 1;
    // Two plots of five are roofs, and they have the stronger edges.
    assert.ok(
      Math.abs(error) < 0.2 * roofs,
      `long by ${(100 * error).toFixed(2)} %, roofs by ${(100 * roofs).toFixed(2)} %`,
    );
    assert.ok(motion(steps.at(-1)).quality.relief_ratio < -0.3 * roofs);
  });

  test("gives the same numbers for the same frames, and after a reset", async () => {
    const frames = leg(6).map((pose) => photograph(pose));
    const odometry = new VisualOdometry(RIG);
    const first = await observeAll(frames, odometry);
    odometry.reset();
    assert.deepEqual(await observeAll(frames, odometry), first);
    assert.deepEqual(await observeAll(frames), first);
  });

  test("takes grey frames and files as it takes colour", async () => {
    const frames = leg(3).map((pose) => photograph(pose));
    const raw = { width: LENS.width_px, height: LENS.height_px, channels: 3 } as const;
    const grey: Frame[] = [];
    for (const frame of frames) {
      const data = await sharp(pixelsOf(frame), { raw }).greyscale().raw().toBuffer();
      const { width_px, height_px } = LENS;
      grey.push({ ...frame, image: { kind: "raw", width_px, height_px, channels: 1, data } });
    }
    const { north_m, east_m } = total(await observeAll(grey));
    assert.ok(Math.hypot(north_m - 2, east_m - 2) < 0.15, `moved ${north_m}, ${east_m}`);
  });
});

describe("visual odometry refuses", () => {
  const { width_px, height_px } = LENS;
  const plain = (level: number, seed: number): Uint8Array => {
    const data = new Uint8Array(width_px * height_px * 3).fill(level);
    addNoise(data, seed);
    return data;
  };

  test("a covered lens and plain snow, and goes on where it was when the ground is back", async () => {
    const poses = leg(6);
    const frames = poses.map((pose, i) =>
      i === 2 || i === 3 ? frameOf(pose.t_s, plain(i === 2 ? 8 : 240, i)) : photograph(pose),
    );
    const steps = await observeAll(frames);
    assert.deepEqual(
      steps.map((step) => step.refused),
      ["start", null, "low-texture", "low-texture", null, null],
    );
    assert.equal(motion(steps[4]).from_t_us, 1_100_000);
    const { north_m, east_m } = total(steps);
    assert.ok(Math.hypot(north_m - 5, east_m - 5) < 0.2, `summed to ${north_m}, ${east_m}`);
  });

  test("a picture that does not change while time and attitude do", async () => {
    const first = photograph({ t_s: 1, north_m: 0, east_m: 0 });
    const frames = [0, 1, 2, 3].map((i) => frameOf(1 + i / 10, pixelsOf(first), { roll_deg: i }));
    const steps = await observeAll(frames);
    assert.deepEqual(
      steps.map((step) => step.refused),
      ["start", "frozen", "frozen", "frozen"],
    );
  });

  test("not a hover: noise alone tells that the camera lives", async () => {
    const frames = [0, 1, 2, 3].map((i) => photograph({ t_s: 1 + i / 10, north_m: 0, east_m: 0 }));
    const steps = (await observeAll(frames)).slice(1).map(motion);
    for (const { north_m, east_m } of steps) assert.ok(Math.hypot(north_m, east_m) < 0.05);
  });

  test("a blurred picture", async () => {
    const raw = { width: width_px, height: height_px, channels: 3 } as const;
    const sharpOne = photograph({ t_s: 1, north_m: 0, east_m: 0 });
    const blurred = await sharp(pixelsOf(photograph({ t_s: 1.1, north_m: 1, east_m: 0 })), { raw })
      .blur(12)
      .raw()
      .toBuffer();
    const steps = await observeAll([sharpOne, frameOf(1.1, blurred), photograph({ t_s: 1.2, north_m: 2, east_m: 0 })]);
    assert.deepEqual(
      steps.map((step) => step.refused),
      ["start", "blur", null],
    );
  });

  test("a jump; then it starts again from the first frame on the other side", async () => {
    const frames = [0, 1, 500, 501].map((north_m, i) => photograph({ t_s: 1 + i / 10, north_m, east_m: 0 }));
    const steps = await observeAll(frames);
    assert.ok(steps[2]?.refused === "no-peak" || steps[2]?.refused === "low-overlap", String(steps[2]?.refused));
    const after = motion(steps[3]);
    assert.equal(after.from_t_us, 1_200_000);
    assert.ok(Math.hypot(after.north_m - 1, after.east_m) < 0.1);
  });

  test("one foreign picture does not break the chain", async () => {
    const frames = [0, 1, 500, 3].map((north_m, i) => photograph({ t_s: 1 + i / 10, north_m, east_m: 0 }));
    const last = motion((await observeAll(frames))[3]);
    assert.equal(last.from_t_us, 1_100_000);
    assert.ok(Math.hypot(last.north_m - 2, last.east_m) < 0.1);
  });

  test("frames too far apart in time, a time that does not rise, a tilt, a height that is none", async () => {
    const at = (t_s: number, more: Partial<Pose> = {}) => photograph({ t_s, north_m: t_s, east_m: 0 }, more);
    const steps = await observeAll([
      at(1),
      at(1.1),
      at(1.05),
      at(1.2, { roll_deg: 70 }),
      at(1.3, { agl_m: 0 }),
      at(1.4, { yaw_deg: Number.NaN }),
      at(1.5),
      at(9),
      at(9.1),
    ]);
    assert.deepEqual(
      steps.map((step) => step.refused),
      ["start", null, "gap", "tilt", "pose", "pose", null, "gap", null],
    );
    assert.deepEqual(
      steps.map((step) => step.refused !== null && step.chain_broken),
      [false, false, false, false, false, false, false, true, false],
    );
    assert.equal(motion(steps[6]).from_t_us, 1_100_000);
    assert.equal(motion(steps[8]).from_t_us, 9_000_000);
  });

  test("a picture of another size, as an error of the user", async () => {
    const odometry = new VisualOdometry(RIG);
    const image = { kind: "raw", width_px: 32, height_px: 24, channels: 1, data: new Uint8Array(768) } as const;
    await assert.rejects(odometry.observe({ ...frameOf(1, new Uint8Array(0)), image }), UserError);
    await assert.rejects(odometry.observe(frameOf(2, new Uint8Array(10))), UserError);
  });
});
