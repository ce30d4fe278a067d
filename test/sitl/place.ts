import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { runStep } from "../../agent/demo/steps.js";
import type { GeoPoint } from "../../tiles/geodesy/index.js";
import { type Intrinsics, intrinsicsFromHfov } from "../../tiles/geometry/intrinsics.js";

const SEED = 6;
const HFOV_DEG = 66;
/** The camera of the harness looks straight down, four times a second. */
export const CAMERA_HZ = 4;

/** Its lens. @param width_px of its pictures, which are 4:3 */
export function lensOf(width_px: number): Intrinsics {
  return intrinsicsFromHfov(width_px, (width_px * 3) / 4, HFOV_DEG);
}

/** Ground to fly over: its map as a pack, and how the camera is told what it sees. */
export interface Ground {
  readonly pack: string;
  readonly imagery: string;
}

/**
 * An invented place around `centre` as a pack of one season, and as the camera's imagery of another. Packs are kept in the
 * folder: the same place is made once.
 */
export async function groundAt(
  folder: string,
  centre: GeoPoint,
  size_m: number,
  agl_m: number,
  signal: AbortSignal,
): Promise<Ground> {
  const lat = centre.lat_deg.toFixed(6);
  const lon = centre.lon_deg.toFixed(6);
  const name = `place-${SEED}-${size_m}-${agl_m}-${lat}-${lon}`.replaceAll(".", "_");
  const map = join(folder, `${name}.tif`);
  const pack = join(folder, `${name}.skypack`);
  const imagery = `world:seed=${SEED},size=${size_m},epoch=1,lat=${lat},lon=${lon}`;
  if (existsSync(pack)) return { pack, imagery };
  mkdirSync(folder, { recursive: true });
  const place = ["--seed", String(SEED), "--size-m", String(size_m), `--lat=${lat}`, `--lon=${lon}`];
  await runStep({ entry: "sim/make-map.js", args: [...place, "--epoch", "0", "--out", map] }, signal);
  const optics = ["--agl", String(agl_m), "--hfov", String(HFOV_DEG), "--source", "synthetic world", "--overwrite"];
  await runStep({ entry: "flash/cli.js", args: ["pack", map, "--out", pack, ...optics] }, signal);
  return { pack, imagery };
}
