import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import sharp from "sharp";
import { UserError } from "../../tiles/errors.js";
import { offsetToLonLat } from "../../tiles/geodesy/index.js";
import type { ImagerySource } from "../camera/imagery.js";
import { type CameraModel, renderFrame } from "../camera/render-frame.js";
import { hash32, Rng } from "../world/random.js";
import { type VehicleState, Wander } from "./route.js";

/** How wrong the autopilot's numbers are: standard deviations, and how long an error lasts. */
export interface ReportedErrors {
  readonly yaw_sigma_deg: number;
  readonly agl_sigma_m: number;
  readonly attitude_sigma_deg: number;
  /** correlation time of heading and height errors, seconds; 0 = independent from frame to frame */
  readonly error_time_s: number;
}

export interface FlightSpec {
  readonly seed: number;
  readonly imagery: ImagerySource;
  readonly camera: CameraModel;
  /** the true motion: one state a frame */
  readonly states: readonly VehicleState[];
  readonly errors: ReportedErrors;
  readonly jpegQuality?: number;
  /** brightness changes slowly within this share */
  readonly exposureWander?: number;
  /** time of the first frame, microseconds. Default 1 s */
  readonly start_us?: number;
  readonly onFrame?: (done: number, total: number) => void;
}

/**
 * Renders a flight into a new flight folder: flight.toml, frames.csv, frames/, and truth.csv beside them.
 *
 * The images show the true pose; attitude, heading and height in frames.csv carry the errors that were asked for; the
 * truth columns lat_deg, lon_deg are exact. truth.csv has the true attitude and height too. Written beside its target
 * and renamed, so that a flight exists whole or not at all.
 * @throws UserError when the folder exists or there is no frame
 */
export async function writeFlight(out: string, spec: FlightSpec): Promise<void> {
  if (existsSync(out)) throw new UserError(`${out}: exists already; remove it or name another folder`);
  if (spec.states.length === 0) throw new UserError(`${out}: the route is too short for a single frame`);
  mkdirSync(dirname(out), { recursive: true });
  const staging = join(dirname(out), `.${basename(out)}.tmp-${process.pid}`);
  mkdirSync(join(staging, "frames"), { recursive: true });
  try {
    writeFileSync(join(staging, "flight.toml"), flightToml(spec.camera));
    await renderAll(staging, spec);
    renameSync(staging, out);
  } catch (thrown) {
    rmSync(staging, { recursive: true, force: true });
    throw thrown;
  }
}

async function renderAll(folder: string, spec: FlightSpec): Promise<void> {
  const { errors } = spec;
  const rng = new Rng(hash32(spec.seed, 0xf11));
  const yawError = new Wander(rng, errors.yaw_sigma_deg, errors.error_time_s);
  const aglError = new Wander(rng, errors.agl_sigma_m, errors.error_time_s);
  const rollError = new Wander(rng, errors.attitude_sigma_deg, 5);
  const pitchError = new Wander(rng, errors.attitude_sigma_deg, 5);
  const exposure = new Wander(rng, spec.exposureWander ?? 0.05, 4);
  const rows = ["t_us,file,roll_deg,pitch_deg,yaw_deg,agl_m,yaw_sigma_deg,agl_sigma_m,lat_deg,lon_deg"];
  const truth = ["t_us,lat_deg,lon_deg,agl_m,roll_deg,pitch_deg,yaw_deg"];
  const start_us = spec.start_us ?? 1_000_000;
  let last_s = 0;
  for (const [k, state] of spec.states.entries()) {
    const dt_s = state.t_s - last_s;
    last_s = state.t_s;
    const file = `${String(k).padStart(6, "0")}.jpg`;
    const camera: CameraModel = {
      ...spec.camera,
      sensor: { ...spec.camera.sensor, exposure: (spec.camera.sensor?.exposure ?? 1) * (1 + exposure.step(dt_s)) },
    };
    const attitude = { roll_deg: state.roll_deg, pitch_deg: state.pitch_deg, yaw_deg: state.yaw_deg };
    const look = { seed: hash32(spec.seed, k), t_s: state.t_s };
    const frame = await renderFrame(spec.imagery, camera, { ...state, attitude }, look);
    await sharp(frame.rgb, { raw: { width: frame.width, height: frame.height, channels: 3 } })
      .jpeg({ quality: spec.jpegQuality ?? 88 })
      .toFile(join(folder, "frames", file));
    const place = offsetToLonLat(spec.imagery.reference, state.north_m, state.east_m);
    const t_us = start_us + Math.round(state.t_s * 1e6);
    const where = `${place.lat_deg.toFixed(9)},${place.lon_deg.toFixed(9)}`;
    const yaw_deg = wrap(state.yaw_deg + yawError.step(dt_s));
    const agl_m = Math.max(1, state.agl_m + aglError.step(dt_s));
    rows.push(
      [
        t_us,
        file,
        (state.roll_deg + rollError.step(dt_s)).toFixed(3),
        (state.pitch_deg + pitchError.step(dt_s)).toFixed(3),
        yaw_deg.toFixed(3),
        agl_m.toFixed(2),
        Math.min(180, Math.max(0.1, errors.yaw_sigma_deg)),
        Math.max(0.1, errors.agl_sigma_m),
        where,
      ].join(","),
    );
    truth.push(
      [
        t_us,
        where,
        state.agl_m.toFixed(3),
        state.roll_deg.toFixed(4),
        state.pitch_deg.toFixed(4),
        state.yaw_deg.toFixed(4),
      ].join(","),
    );
    spec.onFrame?.(k + 1, spec.states.length);
  }
  writeFileSync(join(folder, "frames.csv"), `${rows.join("\n")}\n`);
  writeFileSync(join(folder, "truth.csv"), `${truth.join("\n")}\n`);
}

function wrap(angle_deg: number): number {
  return ((((angle_deg + 180) % 360) + 360) % 360) - 180;
}

function flightToml(camera: CameraModel): string {
  const { intrinsics: lens, mount } = camera;
  return `[camera]
width_px = ${lens.width_px}
height_px = ${lens.height_px}
fx = ${lens.fx}
fy = ${lens.fy}
cx = ${lens.cx}
cy = ${lens.cy}
k1 = ${lens.k1}
k2 = ${lens.k2}
p1 = ${lens.p1}
p2 = ${lens.p2}
k3 = ${lens.k3}

[mount]
roll_deg = ${mount.roll_deg}
pitch_deg = ${mount.pitch_deg}
yaw_deg = ${mount.yaw_deg}
`;
}
