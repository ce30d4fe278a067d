import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { offsetToLonLat } from "../../../tiles/geodesy/wgs84.js";
import { GroundView } from "../../../tiles/geometry/ground.js";
import { type Intrinsics, intrinsicsFromHfov } from "../../../tiles/geometry/intrinsics.js";
import { photographGround } from "./ground.js";
import { ORIGIN } from "./small-pack.js";

/** The camera of the small flight: tilted forward, with some barrel distortion. */
export const LENS: Intrinsics = { ...intrinsicsFromHfov(480, 360, 70), k1: -0.1, k2: 0.02 };
export const MOUNT = { roll_deg: 0, pitch_deg: 10, yaw_deg: 0 };

/** One moment of the small flight; offsets from the origin of the small map. */
export interface Moment {
  readonly t_us: number;
  readonly north_m: number;
  readonly east_m: number;
  readonly yaw_deg: number;
}

const AGL_M = 95;
/** What the flight reports is not quite what was flown. */
const YAW_ERROR_DEG = 3;

/** A straight flight to the north-east at 10 m/s, one frame a second. */
export function straightFlight(frames: number): Moment[] {
  return Array.from({ length: frames }, (_, i) => ({
    t_us: (i + 1) * 1_000_000,
    north_m: -60 + i * 7,
    east_m: -50 + i * 7,
    yaw_deg: 45,
  }));
}

/** Writes a flight folder over the invented ground, with truth. */
export async function writeSmallFlight(dir: string, moments: readonly Moment[]): Promise<void> {
  mkdirSync(join(dir, "frames"), { recursive: true });
  const camera = Object.entries(LENS).map(([key, value]) => `${key} = ${value}`);
  writeFileSync(
    join(dir, "flight.toml"),
    ["[camera]", ...camera, "[mount]", `pitch_deg = ${MOUNT.pitch_deg}`].join("\n"),
  );
  const lines = ["t_us,file,roll_deg,pitch_deg,yaw_deg,agl_m,lat_deg,lon_deg"];
  for (const [i, moment] of moments.entries()) {
    const attitude = { roll_deg: 2, pitch_deg: -3, yaw_deg: moment.yaw_deg };
    const view = new GroundView(LENS, { attitude, mount: MOUNT, agl_m: AGL_M });
    const data = photographGround(view, moment.north_m, moment.east_m);
    await sharp(data, { raw: { width: LENS.width_px, height: LENS.height_px, channels: 3 } })
      .jpeg({ quality: 90 })
      .toFile(join(dir, "frames", `${i}.jpg`));
    const truth = offsetToLonLat(ORIGIN, moment.north_m, moment.east_m);
    lines.push(
      `${moment.t_us},${i}.jpg,2,-3,${moment.yaw_deg + YAW_ERROR_DEG},${AGL_M},${truth.lat_deg},${truth.lon_deg}`,
    );
  }
  writeFileSync(join(dir, "frames.csv"), `${lines.join("\n")}\n`);
}
