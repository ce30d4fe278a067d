import assert from "node:assert/strict";
import { test } from "node:test";
import { DEFAULT_NAVIGATION_CONFIG } from "../../../../agent/navigation/config.js";
import { Estimator, type PositionFix } from "../../../../agent/navigation/estimator/estimator.js";
import type { MotionStep } from "../../../../agent/navigation/motion.js";
import { Random } from "../../helpers/random.js";

const config = DEFAULT_NAVIGATION_CONFIG.estimator;
const HEADING = { offset_deg: 0, sigma_deg: 5 };
const SPEED_MPS = 12;

function fixAt(t_s: number, north_m: number, east_m: number, sigma_m = 1, shared_m = 1): PositionFix {
  return {
    t_us: Math.round(t_s * 1e6),
    north_m,
    east_m,
    white_cov_m2: { nn: sigma_m ** 2, ne: 0, ee: sigma_m ** 2 },
    shared_variance_m2: shared_m ** 2,
    heading: null,
    scale: null,
  };
}

function stepTo(t_s: number, dt_s: number, north_m: number, east_m: number): MotionStep {
  return {
    from_t_us: Math.round((t_s - dt_s) * 1e6),
    to_t_us: Math.round(t_s * 1e6),
    north_m,
    east_m,
    cov_ne_m2: { nn: 0.01, ne: 0, ee: 0.01 },
  };
}

test("a late fix is worth as much as one in time: any order of arrival gives the same state", () => {
  const events = Array.from({ length: 20 }, (_, i) => ({ t: i * 0.2, fix: fixAt(i * 0.2, i * 2.4, 3) }));
  const run = (order: readonly number[]): number[] => {
    const estimator = new Estimator(config);
    for (let i = 1; i < 20; i++) estimator.addMotion(stepTo(i * 0.2, 0.2, 2.4, 0));
    estimator.start(fixAt(0, 0, 3), 30, HEADING);
    for (const i of order) assert.equal(estimator.addFix(events[i]?.fix ?? fixAt(0, 0, 0)), true);
    const state = estimator.stateAt(4e6);
    return [...(state?.x ?? []), ...(state?.cov ?? [])];
  };
  const forward = Array.from({ length: 19 }, (_, i) => i + 1);
  const inOrder = run(forward);
  const shuffled = run([5, 3, 19, 1, 2, 4, 7, 6, 18, 17, 8, 9, 12, 11, 10, 13, 16, 15, 14]);
  inOrder.forEach((value, i) => {
    assert.ok(Math.abs(value - (shuffled[i] ?? Number.NaN)) < 1e-9);
  });
});

test("a step of odometry that comes late, and the velocity between steps, move the state", () => {
  const estimator = new Estimator(config);
  estimator.start(fixAt(0, 0, 0), 30, HEADING);
  estimator.addMotion(stepTo(1, 1, 12, 0));
  const seen = estimator.stateAt(1e6);
  assert.ok(Math.abs((seen?.position.north_m ?? 0) - 12) < 0.5);
  const ahead = estimator.stateAt(1.5e6);
  assert.ok(Math.abs((ahead?.position.north_m ?? 0) - 18) < 0.5, `${ahead?.position.north_m}`);
  assert.equal(estimator.stateAt(-1), null);
});

test("before the start there is no state, and what is older than the history is refused", () => {
  const estimator = new Estimator(config);
  assert.equal(estimator.stateAt(0), null);
  assert.equal(estimator.addFix(fixAt(0, 0, 0)), false);
  estimator.start(fixAt(0, 0, 0), 30, HEADING);
  for (let i = 1; i <= 20; i++) estimator.addFix(fixAt(i, 0, 0));
  assert.equal(estimator.addFix(fixAt(1, 0, 0)), false);
  assert.equal(estimator.stateAt(1e6), null);
  assert.equal(estimator.addFix(fixAt(19.5, 0, 0)), true);
});

test("a compass that is 10 degrees off is found out by fixes and odometry, without any measured heading", () => {
  const estimator = new Estimator(config);
  const off_rad = (10 * Math.PI) / 180;
  estimator.start(fixAt(0, 0, 0), 30, HEADING);
  for (let t = 1; t <= 40; t++) {
    // True motion is to the north; the reported heading is 10 degrees less, so odometry sees it to the north-west.
    estimator.addMotion(stepTo(t, 1, SPEED_MPS * Math.cos(off_rad), -SPEED_MPS * Math.sin(off_rad)));
    estimator.addFix(fixAt(t, SPEED_MPS * t, 0));
  }
  const state = estimator.stateAt(40e6);
  assert.ok(Math.abs((state?.heading_offset_rad ?? 0) - off_rad) < 0.03, `${state?.heading_offset_rad}`);
});

test("a height that is 5 % off is found out the same way", () => {
  const estimator = new Estimator(config);
  estimator.start(fixAt(0, 0, 0), 30, HEADING);
  for (let t = 1; t <= 60; t++) {
    estimator.addMotion(stepTo(t, 1, SPEED_MPS / 1.05, 0));
    estimator.addFix(fixAt(t, SPEED_MPS * t, 0));
  }
  assert.ok(Math.abs((estimator.stateAt(60e6)?.scale ?? 0) - 1.05) < 0.02);
});

test("the covariance is true: NEES near 2 over many flights whose fixes share an error", () => {
  const random = new Random(7);
  let sum = 0;
  let count = 0;
  for (let flight = 0; flight < 60; flight++) {
    const estimator = new Estimator(config);
    const decay = Math.exp(-1 / config.bias_time_s);
    let bn = random.normal() * 2;
    let be = random.normal() * 2;
    for (let t = 0; t <= 60; t++) {
      const north_m = SPEED_MPS * t + bn + random.normal();
      const fix = fixAt(t, north_m, be + random.normal(), 1, 2);
      if (t === 0) estimator.start(fix, 30, HEADING);
      else {
        estimator.addMotion(stepTo(t, 1, SPEED_MPS + random.normal() * 0.1, random.normal() * 0.1));
        estimator.addFix(fix);
      }
      bn = bn * decay + random.normal() * 2 * Math.sqrt(1 - decay * decay);
      be = be * decay + random.normal() * 2 * Math.sqrt(1 - decay * decay);
      const state = estimator.stateAt(t * 1e6);
      if (state === null || t < 10) continue;
      const dn = state.position.north_m - SPEED_MPS * t;
      const de = state.position.east_m;
      const { nn, ne, ee } = state.positionCov;
      sum += (ee * dn * dn - 2 * ne * dn * de + nn * de * de) / (nn * ee - ne * ne);
      count++;
    }
  }
  const nees = sum / count;
  assert.ok(nees > 1.4 && nees < 2.6, `${nees}`);
});

test("an error that fixes share is not averaged away within the time that it keeps", () => {
  const estimator = new Estimator(config);
  estimator.start(fixAt(0, 0, 0, 1, 3), 30, HEADING);
  for (let t = 1; t <= 10; t++) {
    estimator.addMotion(stepTo(t, 1, 0, 0));
    estimator.addFix(fixAt(t, 0, 0, 1, 3));
  }
  const { nn } = estimator.stateAt(10e6)?.positionCov ?? { nn: 0 };
  assert.ok(Math.sqrt(nn) > 2.4, `${Math.sqrt(nn)}`);
});

test("an innovation is measured in sigmas of what is expected", () => {
  const estimator = new Estimator(config);
  estimator.start(fixAt(0, 0, 0), 30, HEADING);
  for (let t = 1; t <= 10; t++) {
    estimator.addMotion(stepTo(t, 1, 0, 0));
    estimator.addFix(fixAt(t, 0, 0));
  }
  assert.ok((estimator.innovation_chi2(fixAt(10.1, 0.5, 0)) ?? 99) < 1);
  assert.ok((estimator.innovation_chi2(fixAt(10.1, 20, 0)) ?? 0) > 50);
});
