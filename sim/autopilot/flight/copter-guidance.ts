import type { Demand } from "../body/body.js";
import type { Horizontal } from "../ekf/filter.js";
import { clamp } from "../kinds.js";
import type { Place } from "./route-follower.js";

const MAX_ACCEL = 3;
const VELOCITY_GAIN = 1.2;
/** Speed towards a point: never more than what can be braked from at this rate. */
const BRAKE_MPS2 = 1.5;
const MAX_CLIMB = 2.5;
const LAND_MPS = 1.2;

/** Where to, how fast, and how high. */
export interface CopterGoal {
  readonly to: Place;
  /** Start of the leg, to fly along it instead of straight to its end; null: straight. */
  readonly from: Place | null;
  readonly up_m: number;
  readonly speed_mps: number;
  readonly landing: boolean;
  /** Nothing is known of the place: stay level. */
  readonly blind: boolean;
}

/** What a copter's controller makes of a goal and the estimate; accelerations in the directions it believes in. */
export function copterDemand(goal: CopterGoal, at: Horizontal, up_m: number, yaw_rad: number): Demand {
  const climb_mps = goal.landing ? -LAND_MPS : clamp(0.8 * (goal.up_m - up_m), -MAX_CLIMB, MAX_CLIMB);
  if (goal.blind) return demandOf(0, 0, climb_mps, yaw_rad, true);
  const aim = goal.from === null ? goal.to : carrot(goal.from, goal.to, at, 4 + goal.speed_mps);
  const left_m = Math.hypot(goal.to.north_m - at.north_m, goal.to.east_m - at.east_m);
  const dn = aim.north_m - at.north_m;
  const de = aim.east_m - at.east_m;
  const distance = Math.max(Math.hypot(dn, de), 1e-6);
  const speed = Math.min(goal.speed_mps, Math.sqrt(2 * BRAKE_MPS2 * left_m), left_m * 0.8);
  const an = VELOCITY_GAIN * ((dn / distance) * speed - at.vn_mps);
  const ae = VELOCITY_GAIN * ((de / distance) * speed - at.ve_mps);
  const part = Math.min(1, MAX_ACCEL / Math.max(Math.hypot(an, ae), 1e-6));
  const turn = left_m > 8 && !goal.landing;
  return demandOf(an * part, ae * part, climb_mps, turn ? Math.atan2(de, dn) : yaw_rad, false);
}

function demandOf(an_mps2: number, ae_mps2: number, climb_mps: number, yaw_rad: number, level: boolean): Demand {
  return { an_mps2, ae_mps2, bank_rad: 0, climb_mps, yaw_rad, airspeed_mps: 0, motors: true, level };
}

/** The point on the leg `ahead_m` beyond the one beside the vehicle. */
export function carrot(from: Place, to: Place, at: Place, ahead_m: number): Place {
  const n = to.north_m - from.north_m;
  const e = to.east_m - from.east_m;
  const length = Math.hypot(n, e);
  if (length < 0.1) return to;
  const along = ((at.north_m - from.north_m) * n + (at.east_m - from.east_m) * e) / length;
  const s = clamp((along + ahead_m) / length, 0, 1);
  return { north_m: from.north_m + s * n, east_m: from.east_m + s * e };
}
