import assert from "node:assert/strict";
import { test } from "node:test";
import { DEFAULT_NAVIGATION_CONFIG } from "../../../../agent/navigation/config.js";
import { Estimator, type PositionFix } from "../../../../agent/navigation/estimator/estimator.js";
import { Random } from "../../helpers/random.js";

const config = DEFAULT_NAVIGATION_CONFIG.estimator;
const AGL_M = 80;
/** Tangent of the lean, east: the camera of a vehicle that leans by 35 degrees. */
const SLANT = 0.7;
const LEVER_M = { nn: AGL_M, ne: 0, ee: AGL_M * (1 + SLANT ** 2) };
const DEG = Math.PI / 180;
const STEP_S = 0.3;
const WORST_DEG = 3;
/** As the vehicle model has it of an autopilot without GPS that leans by 35 degrees. */
const TILT_SIGMA_DEG = 1.4;

/** East error of the tilt: it swings within some seconds, as PX4's does without GPS. */
const tiltAt = (t_s: number): number => WORST_DEG * DEG * Math.sin((2 * Math.PI * t_s) / 14) * Math.sin(t_s / 23);

/** Acceleration to and fro, as at corners, and the way that it makes. */
const ACCELERATION = 2;
const PERIOD_S = 12;
const wayAt = (t_s: number): number =>
  ((ACCELERATION * PERIOD_S) / (2 * Math.PI)) *
  (t_s - (PERIOD_S / (2 * Math.PI)) * Math.sin((2 * Math.PI * t_s) / PERIOD_S));

interface Moment {
  readonly error_m: number;
  readonly eph_m: number;
}

/** A minute and a half of flight with a tilt that is wrong by up to three degrees. */
function flown(told: boolean): Moment[] {
  const random = new Random(1);
  const estimator = new Estimator(config);
  const shift = (t_s: number): number => LEVER_M.ee * tiltAt(t_s);
  const fixAt = (t_s: number): PositionFix => ({
    t_us: Math.round(t_s * 1e6),
    north_m: random.normal(),
    east_m: wayAt(t_s) + shift(t_s) + random.normal(),
    white_cov_m2: { nn: 1, ne: 0, ee: 1 },
    shared_variance_m2: 1,
    tilt: told ? { variance_rad2: (TILT_SIGMA_DEG * DEG) ** 2, lever_m: LEVER_M } : null,
    heading: null,
    scale: null,
  });
  const out: Moment[] = [];
  for (let i = 0; i < 300; i++) {
    const from_s = i * STEP_S;
    const to_s = from_s + STEP_S;
    estimator.addMotion({
      from_t_us: Math.round(from_s * 1e6),
      to_t_us: Math.round(to_s * 1e6),
      north_m: 0.1 * random.normal(),
      east_m: wayAt(to_s) - wayAt(from_s) + shift(to_s) - shift(from_s) + 0.1 * random.normal(),
      cov_ne_m2: { nn: 0.1, ne: 0, ee: 0.1 },
    });
    if (i === 0) estimator.start(fixAt(to_s), 30, { offset_deg: 0, sigma_deg: 5 });
    else estimator.addFix(fixAt(to_s));
    const state = estimator.stateAt(Math.round(to_s * 1e6));
    assert.ok(state !== null);
    if (to_s < 10) continue;
    const { nn, ee } = state.positionCov;
    out.push({
      error_m: Math.hypot(state.position.east_m - wayAt(to_s), state.position.north_m),
      eph_m: Math.sqrt(nn + ee),
    });
  }
  return out;
}

const within = (flight: ReturnType<typeof flown>, sigmas: number): number =>
  flight.filter(({ error_m, eph_m }) => error_m <= sigmas * eph_m).length / flight.length;

test("a leaning vehicle whose tilt is wrong: eph covers the position's error", () => {
  const told = flown(true);
  assert.ok(within(told, 1) > 0.63 && within(told, 2) > 0.95 && within(told, 3) === 1, `${within(told, 1)}`);
  const blind = flown(false);
  assert.ok(within(blind, 1) < 0.5 && within(blind, 3) < 0.98, `without being told it did not: ${within(blind, 1)}`);
});

test("a tilt of which nothing is said changes nothing", () => {
  const estimator = (tilt: PositionFix["tilt"]) => {
    const one = new Estimator(config);
    const fix = (t_s: number): PositionFix => ({
      t_us: t_s * 1e6,
      north_m: t_s,
      east_m: 0,
      white_cov_m2: { nn: 2, ne: 0.5, ee: 1 },
      shared_variance_m2: 1,
      ...(tilt === undefined ? {} : { tilt }),
      heading: { offset_deg: 1, sigma_deg: 1 },
      scale: null,
    });
    one.start(fix(0), 30, { offset_deg: 0, sigma_deg: 5 });
    for (let t = 1; t < 10; t++) one.addFix(fix(t));
    const state = one.stateAt(9e6);
    return [...(state?.x ?? []), ...(state?.cov ?? [])];
  };
  assert.deepEqual(estimator(undefined), estimator(null));
  const level = estimator({ variance_rad2: 0, lever_m: LEVER_M });
  assert.deepEqual(level, estimator(null));
});
