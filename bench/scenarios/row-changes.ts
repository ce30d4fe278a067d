import { Wander } from "../../sim/flight/route.js";
import { hash01, Rng } from "../../sim/world/random.js";
import { offsetToLonLat } from "../../tiles/geodesy/wgs84.js";
import type { Row } from "./changed-flight.js";

/** Frames `from` to before `to`. */
export function cut(rows: readonly Row[], from: number, to?: number): Row[] {
  return rows.slice(from, to);
}

/** Roll and pitch carry a further error of this deviation, which keeps for this time. */
export function attitudeErrors(rows: readonly Row[], sigma_deg: number, time_s: number, seed: number): Row[] {
  const rng = new Rng(seed);
  const roll = new Wander(rng, sigma_deg, time_s);
  const pitch = new Wander(rng, sigma_deg, time_s);
  let t_us = rows[0]?.t_us ?? 0;
  return rows.map((row) => {
    const dt_s = (row.t_us - t_us) / 1e6;
    t_us = row.t_us;
    return { ...row, roll_deg: row.roll_deg + roll.step(dt_s), pitch_deg: row.pitch_deg + pitch.step(dt_s) };
  });
}

/** The map's geo-reference is off by an error of this deviation on each axis, the same over the whole map. */
export function mapOff(rows: readonly Row[], sigma_m: number, seed: number): Row[] {
  const rng = new Rng(seed);
  const north_m = rng.normal() * sigma_m;
  const east_m = rng.normal() * sigma_m;
  return rows.map((row) => (row.truth === null ? row : { ...row, truth: offsetToLonLat(row.truth, north_m, east_m) }));
}

/** The reported heading is off by so many degrees from frame `from` on; its sigma does not say so. */
export function headingOff(rows: readonly Row[], error_deg: number, from = 0): Row[] {
  return rows.map((row, k) => (k < from ? row : { ...row, yaw_deg: wrap(row.yaw_deg + error_deg) }));
}

/** No compass: the heading counts from where the nose pointed at power-on, and is said to be unknown. */
export function headingUnknown(rows: readonly Row[]): Row[] {
  const first_deg = rows[0]?.yaw_deg ?? 0;
  return rows.map((row) => ({ ...row, yaw_deg: wrap(row.yaw_deg - first_deg), yaw_sigma_deg: 180 }));
}

/** The reported height is off by this factor from frame `from` on; its sigma does not say so. */
export function heightOff(rows: readonly Row[], factor: number, from = 0): Row[] {
  return rows.map((row, k) => (k < from ? row : { ...row, agl_m: row.agl_m * factor }));
}

/** The camera shows the picture of frame `from` until before frame `to`, while the vehicle flies on. */
export function frozen(rows: readonly Row[], from: number, to: number): Row[] {
  const file = rows[from]?.file;
  return rows.map((row, k) => (file === undefined || k < from || k >= to ? row : { ...row, file }));
}

/** Each frame is lost with a probability; and those at these times after the start, seconds, all are. */
export function dropped(
  rows: readonly Row[],
  loss: { readonly share: number; readonly seed: number; readonly gaps_s: readonly (readonly [number, number])[] },
): Row[] {
  const start_us = rows[0]?.t_us ?? 0;
  return rows.filter((row, k) => {
    const t_s = (row.t_us - start_us) / 1e6;
    if (loss.gaps_s.some(([from, to]) => t_s >= from && t_s < to)) return false;
    return hash01(loss.seed, k, 0xd0) >= loss.share;
  });
}

/**
 * Every frame is stamped late by the same time, as when it is stamped on arrival: attitude and height are looked up at
 * the wrong stamp, and it is there that the fix will be compared with the truth. Frames whose stamp lies after the last
 * known pose are left out.
 */
export function stampedLate(rows: readonly Row[], by_s: number): Row[] {
  const out: Row[] = [];
  let k = 0;
  for (const row of rows) {
    const t_us = row.t_us + Math.round(by_s * 1e6);
    while (k < rows.length && (rows[k]?.t_us ?? 0) < t_us) k++;
    const after = rows[k];
    const before = rows[k - 1] ?? after;
    if (after === undefined || before === undefined) break;
    const span_us = after.t_us - before.t_us;
    out.push({ ...between(before, after, span_us === 0 ? 0 : (t_us - before.t_us) / span_us), t_us, file: row.file });
  }
  return out;
}

function between(a: Row, b: Row, part: number): Row {
  const mix = (x: number, y: number): number => x + (y - x) * part;
  const turn = (x: number, y: number): number => wrap(x + wrap(y - x) * part);
  const truth =
    a.truth === null || b.truth === null
      ? null
      : { lat_deg: mix(a.truth.lat_deg, b.truth.lat_deg), lon_deg: mix(a.truth.lon_deg, b.truth.lon_deg) };
  return {
    ...a,
    roll_deg: turn(a.roll_deg, b.roll_deg),
    pitch_deg: mix(a.pitch_deg, b.pitch_deg),
    yaw_deg: turn(a.yaw_deg, b.yaw_deg),
    agl_m: mix(a.agl_m, b.agl_m),
    truth,
  };
}

function wrap(angle_deg: number): number {
  return ((((angle_deg + 180) % 360) + 360) % 360) - 180;
}
