import { Rng } from "../world/random.js";

/** A place in the local plane, metres. */
export interface LocalPoint {
  readonly north_m: number;
  readonly east_m: number;
}

export type RoutePattern = "straight" | "square" | "lawnmower";
export const ROUTE_PATTERNS: readonly RoutePattern[] = ["straight", "square", "lawnmower"];

/** Way points of a pattern of the given length around a centre; course_deg turns it clockwise from north. */
export function makeRoute(
  pattern: RoutePattern,
  centre: LocalPoint,
  length_m: number,
  course_deg: number,
  spacing_m = length_m / 6,
): LocalPoint[] {
  const half = length_m / 2;
  const corners: [number, number][] = [];
  if (pattern === "straight") corners.push([-half, 0], [half, 0]);
  else if (pattern === "square") {
    const q = length_m / 8;
    corners.push([-q, -q], [q, -q], [q, q], [-q, q], [-q, -q]);
  } else {
    // Legs there and back at the given spacing, in a square as long as it is wide.
    const legs = Math.max(2, Math.round(Math.sqrt(length_m / spacing_m)));
    const leg = length_m / legs;
    for (let k = 0; k < legs; k++) {
      const across = (k - (legs - 1) / 2) * spacing_m;
      const there = k % 2 === 0 ? -leg / 2 : leg / 2;
      corners.push([there, across], [-there, across]);
    }
  }
  const cos = Math.cos((course_deg * Math.PI) / 180);
  const sin = Math.sin((course_deg * Math.PI) / 180);
  return corners.map(([along, right]) => ({
    north_m: centre.north_m + cos * along - sin * right,
    east_m: centre.east_m + sin * along + cos * right,
  }));
}

/** The true state of a vehicle at one instant. */
export interface VehicleState extends LocalPoint {
  readonly t_s: number;
  readonly agl_m: number;
  readonly roll_deg: number;
  readonly pitch_deg: number;
  readonly yaw_deg: number;
}

export interface MotionSpec {
  readonly speed_mps: number;
  readonly agl_m: number;
  /** standard deviation of the slow wobble of roll and pitch, degrees */
  readonly wobble_deg: number;
  /** standard deviation of the angle between nose and course, degrees */
  readonly crab_deg: number;
  /** bank limit in turns, degrees */
  readonly bank_deg: number;
  /** standard deviation of the height around its set value, as a part of it */
  readonly agl_wander: number;
}

export const ORDINARY_MOTION: MotionSpec = {
  speed_mps: 12,
  agl_m: 120,
  wobble_deg: 1.5,
  crab_deg: 4,
  bank_deg: 20,
  agl_wander: 0.015,
};

const STEP_S = 0.02;
const GRAVITY = 9.80665;

/** A first-order random process with the given deviation and correlation time; time 0 = a new value every call. */
export class Wander {
  private value: number;

  constructor(
    private readonly rng: Rng,
    private readonly sigma: number,
    private readonly time_s: number,
  ) {
    this.value = rng.normal() * sigma;
  }

  /** The value dt_s after the last call. */
  step(dt_s: number): number {
    const keep = this.time_s > 0 ? Math.exp(-dt_s / this.time_s) : 0;
    this.value = this.value * keep + this.rng.normal() * this.sigma * Math.sqrt(1 - keep * keep);
    return this.value;
  }
}

/**
 * Flies a route with coordinated turns: the vehicle chases a point on the route ahead of it and banks as the turn asks.
 * @returns states at t = 0, period, 2 period, ... until the end of the route
 */
export function fly(route: readonly LocalPoint[], motion: MotionSpec, period_s: number, seed: number): VehicleState[] {
  const rng = new Rng(seed);
  const first = route[0];
  const second = route[1];
  if (first === undefined || second === undefined) throw new RangeError("a route needs two way points");
  const track = new Track(route);
  const turnLimit = (GRAVITY * Math.tan((motion.bank_deg * Math.PI) / 180)) / motion.speed_mps;
  // Far enough ahead that a corner is begun in time for the tightest turn.
  const lookahead = Math.max(8, motion.speed_mps * 1.5, (1.3 * motion.speed_mps) / turnLimit);
  const wobbles = [1.1, 0.9, 3].map((time) => new Wander(rng, motion.wobble_deg, time));
  const crab = new Wander(rng, motion.crab_deg, 12);
  const height = new Wander(rng, motion.agl_wander * motion.agl_m, 8);
  let { north_m, east_m } = first;
  let course = Math.atan2(second.east_m - first.east_m, second.north_m - first.north_m);
  let roll_deg = 0;
  let done_m = 0;
  const states: VehicleState[] = [];
  const perFrame = Math.max(1, Math.round(period_s / STEP_S));
  for (let step = 0; done_m < track.length_m - 0.5; step++) {
    const dRoll = wobbles[0]?.step(STEP_S) ?? 0;
    const dPitch = wobbles[1]?.step(STEP_S) ?? 0;
    const nose = crab.step(STEP_S);
    const agl_m = motion.agl_m + height.step(STEP_S);
    if (step % perFrame === 0) {
      const yaw_deg = (((course * 180) / Math.PI + nose + 540) % 360) - 180;
      const pitch_deg = dPitch;
      states.push({ t_s: step * STEP_S, north_m, east_m, agl_m, roll_deg: roll_deg + dRoll, pitch_deg, yaw_deg });
    }
    done_m = track.nearest(north_m, east_m, done_m, motion.speed_mps * STEP_S * 4);
    const aim = track.at(done_m + lookahead);
    const wanted = Math.atan2(aim.east_m - east_m, aim.north_m - north_m);
    let turn = wanted - course;
    turn -= 2 * Math.PI * Math.round(turn / (2 * Math.PI));
    const rate = Math.max(-turnLimit, Math.min(turnLimit, turn * 1.2));
    course += rate * STEP_S;
    const bank = (Math.atan((rate * motion.speed_mps) / GRAVITY) * 180) / Math.PI;
    roll_deg += (bank - roll_deg) * (STEP_S / 0.4);
    north_m += Math.cos(course) * motion.speed_mps * STEP_S;
    east_m += Math.sin(course) * motion.speed_mps * STEP_S;
    if (step * STEP_S * motion.speed_mps > track.length_m * 3 + 500) break;
  }
  return states;
}

/** A polyline by arc length. */
class Track {
  readonly length_m: number;
  private readonly along: number[] = [0];

  constructor(private readonly points: readonly LocalPoint[]) {
    for (let i = 1; i < points.length; i++) {
      const a = points[i - 1];
      const b = points[i];
      const d = a === undefined || b === undefined ? 0 : Math.hypot(b.north_m - a.north_m, b.east_m - a.east_m);
      this.along.push((this.along[i - 1] ?? 0) + d);
    }
    this.length_m = this.along.at(-1) ?? 0;
  }

  at(s: number): LocalPoint {
    let i = 1;
    while (i < this.points.length - 1 && (this.along[i] ?? 0) < s) i++;
    const a = this.points[i - 1] ?? { north_m: 0, east_m: 0 };
    const b = this.points[i] ?? a;
    const s0 = this.along[i - 1] ?? 0;
    const length = (this.along[i] ?? 0) - s0 || 1;
    // Beyond the last way point the track goes on straight.
    const t = (s - s0) / length;
    return { north_m: a.north_m + (b.north_m - a.north_m) * t, east_m: a.east_m + (b.east_m - a.east_m) * t };
  }

  /** Progress along the track: the nearest point between `from` and `from + reach`, never backwards. */
  nearest(north_m: number, east_m: number, from: number, reach: number): number {
    let best = from;
    let bestDistance = Infinity;
    for (let k = 0; k <= 8; k++) {
      const s = from + (reach * k) / 8;
      const p = this.at(s);
      const d = Math.hypot(p.north_m - north_m, p.east_m - east_m);
      if (d < bestDistance) {
        bestDistance = d;
        best = s;
      }
    }
    return best;
  }
}
