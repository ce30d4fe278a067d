import { readFileSync } from "node:fs";
import { join } from "node:path";
import { readFlight } from "../../agent/flight/flight.js";
import type { CameraRig, Frame } from "../../agent/vision/frame.js";
import { Wander } from "../../sim/flight/route.js";
import { Rng } from "../../sim/world/random.js";
import { lonLatToOffset } from "../../tiles/geodesy/index.js";
import type { EulerAngles } from "../../tiles/geometry/rotation.js";

/** A frame with where the vehicle really was. */
export interface TrueFrame {
  readonly frame: Frame;
  readonly north_m: number;
  readonly east_m: number;
}

export interface TrueFlight {
  readonly rig: CameraRig;
  /** With the true attitude and height. */
  readonly frames: readonly TrueFrame[];
}

/** How the poses that odometry is given differ from the true ones: 1-sigmas, and how long an error keeps (0 = no time). */
export interface ReportedPoses {
  readonly attitude_sigma_deg: number;
  readonly attitude_time_s: number;
  readonly agl_part: number;
  readonly agl_time_s: number;
}

/** The kinds of report that the bench tries. The yaw is true in all: an error of it is not odometry's. */
export const REPORTS: Readonly<Record<string, ReportedPoses>> = {
  "true attitude and height": { attitude_sigma_deg: 0, attitude_time_s: 0, agl_part: 0, agl_time_s: 0 },
  "attitude 0.6° over 5 s": { attitude_sigma_deg: 0.6, attitude_time_s: 5, agl_part: 0, agl_time_s: 0 },
  "attitude 0.6° over 5 s, height 3 % over 5 s": {
    attitude_sigma_deg: 0.6,
    attitude_time_s: 5,
    agl_part: 0.03,
    agl_time_s: 5,
  },
  "attitude 0.6° over 5 s, height 3 % over 60 s": {
    attitude_sigma_deg: 0.6,
    attitude_time_s: 5,
    agl_part: 0.03,
    agl_time_s: 60,
  },
};

/** Reads a flight folder of the simulator with its truth.csv. */
export async function readTruth(dir: string): Promise<TrueFlight> {
  const flight = await readFlight(dir);
  const [header = "", ...lines] = readFileSync(join(dir, "truth.csv"), "utf8").trim().split("\n");
  const names = header.split(",");
  const rows = lines.map((line) => {
    const cells = line.split(",").map(Number);
    return (name: string): number => cells[names.indexOf(name)] ?? Number.NaN;
  });
  const first = rows[0];
  if (first === undefined || rows.length !== flight.frames.length) {
    throw new Error(`${dir}: truth.csv has ${rows.length} rows for ${flight.frames.length} frames`);
  }
  const origin = { lat_deg: first("lat_deg"), lon_deg: first("lon_deg") };
  const frames = flight.frames.map(({ frame }, i) => {
    const row = rows[i] as (name: string) => number;
    const attitude: EulerAngles = { roll_deg: row("roll_deg"), pitch_deg: row("pitch_deg"), yaw_deg: row("yaw_deg") };
    const place = lonLatToOffset(origin, { lat_deg: row("lat_deg"), lon_deg: row("lon_deg") });
    return { frame: { ...frame, attitude, agl_m: row("agl_m") }, ...place };
  });
  return { rig: flight.rig, frames };
}

/** The frames as an autopilot with such errors would have described them. */
export function report({ frames }: TrueFlight, errors: ReportedPoses, seed = 1): Frame[] {
  const rng = new Rng(seed);
  const roll = new Wander(rng, errors.attitude_sigma_deg, errors.attitude_time_s);
  const pitch = new Wander(rng, errors.attitude_sigma_deg, errors.attitude_time_s);
  const agl = new Wander(rng, errors.agl_part, errors.agl_time_s);
  let last_us = frames[0]?.frame.t_us ?? 0;
  return frames.map(({ frame }) => {
    const dt_s = (frame.t_us - last_us) / 1e6;
    last_us = frame.t_us;
    const { roll_deg, pitch_deg, yaw_deg } = frame.attitude;
    return {
      ...frame,
      attitude: { roll_deg: roll_deg + roll.step(dt_s), pitch_deg: pitch_deg + pitch.step(dt_s), yaw_deg },
      agl_m: frame.agl_m * (1 + agl.step(dt_s)),
      agl_sigma_m: frame.agl_m * errors.agl_part,
    };
  });
}
