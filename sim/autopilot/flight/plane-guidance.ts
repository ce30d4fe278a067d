import type { Demand } from "../body/body.js";
import type { Horizontal } from "../ekf/filter.js";
import { clamp, DEG, GRAVITY_MPS2, wrapPi } from "../kinds.js";
import type { Place } from "./route-follower.js";

const MAX_BANK = 38 * DEG;
const AHEAD_S = 3;
const MAX_CLIMB = 4;

/** A leg to fly along, or a circle to stay on. */
export type PlaneGoal = { readonly up_m: number; readonly airspeed_mps: number } & (
  | { readonly kind: "leg"; readonly from: Place; readonly to: Place }
  | { readonly kind: "circle"; readonly centre: Place; readonly radius_m: number }
  | { readonly kind: "level" }
);

/** What a plane's controller makes of a goal and the estimate (a point ahead is chased by bank, as in the L1 law). */
export function planeDemand(goal: PlaneGoal, at: Horizontal, up_m: number, yaw_rad: number): Demand {
  const base = {
    an_mps2: 0,
    ae_mps2: 0,
    yaw_rad,
    motors: true,
    airspeed_mps: goal.airspeed_mps,
    climb_mps: clamp(0.5 * (goal.up_m - up_m), -MAX_CLIMB, MAX_CLIMB),
  };
  if (goal.kind === "level") return { ...base, bank_rad: 0, level: true };
  const speed = Math.max(Math.hypot(at.vn_mps, at.ve_mps), 5);
  const ahead_m = Math.max(50, AHEAD_S * speed);
  const aim =
    goal.kind === "leg" ? beyond(goal.from, goal.to, at, ahead_m) : around(goal.centre, goal.radius_m, at, ahead_m);
  const course = Math.atan2(at.ve_mps, at.vn_mps);
  const bearing = Math.atan2(aim.east_m - at.east_m, aim.north_m - at.north_m);
  const off = clamp(wrapPi(bearing - course), -Math.PI / 2, Math.PI / 2);
  const distance = Math.max(Math.hypot(aim.east_m - at.east_m, aim.north_m - at.north_m), ahead_m);
  const lateral = (2 * speed * speed * Math.sin(off)) / distance;
  return { ...base, bank_rad: clamp(Math.atan(lateral / GRAVITY_MPS2), -MAX_BANK, MAX_BANK), level: false };
}

/** The point on the line of the leg `ahead_m` beyond the one beside the vehicle, its end not being one. */
function beyond(from: Place, to: Place, at: Place, ahead_m: number): Place {
  const n = to.north_m - from.north_m;
  const e = to.east_m - from.east_m;
  const length = Math.hypot(n, e);
  if (length < 1) return to;
  const along = ((at.north_m - from.north_m) * n + (at.east_m - from.east_m) * e) / length;
  const s = (along + ahead_m) / length;
  return { north_m: from.north_m + s * n, east_m: from.east_m + s * e };
}

/** The point on a circle (clockwise) about `ahead_m` further on. */
function around(centre: Place, radius_m: number, at: Place, ahead_m: number): Place {
  const angle = Math.atan2(at.east_m - centre.east_m, at.north_m - centre.north_m) + Math.min(1.2, ahead_m / radius_m);
  return { north_m: centre.north_m + radius_m * Math.cos(angle), east_m: centre.east_m + radius_m * Math.sin(angle) };
}
