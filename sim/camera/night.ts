import type { GroundView } from "../../tiles/geometry/ground.js";
import type { Intrinsics } from "../../tiles/geometry/intrinsics.js";
import { hash01, hash32 } from "../world/random.js";

/** How a scene is lit after dark and what the camera makes of it. */
export interface Night {
  /** light of sky and moon, as a part of daylight on the same scale as the lamps */
  readonly ambient: number;
  /** light straight below a lamp */
  readonly lamp: number;
  /** mean distance of lamps, metres, and the radius that one lights */
  readonly spacing_m: number;
  readonly radius_m: number;
  /** electrons that a white pixel collects: fewer = noisier */
  readonly full_electrons: number;
  /** standard deviation of the readout, electrons */
  readonly read_electrons: number;
  /** brightness is raised by this after exposure */
  readonly gain: number;
}

export const TOWN_NIGHT: Night = {
  ambient: 0.012,
  lamp: 0.22,
  spacing_m: 42,
  radius_m: 13,
  full_electrons: 900,
  read_electrons: 4,
  gain: 3,
};

/** Ground positions are computed at every so many pixels and interpolated. */
const GRID_PX = 16;

/**
 * Turns a frame taken by day into one of the same ground by night, in place: light comes from lamps at fixed places,
 * not from the sun, so that contrast has another cause than on the map; little light means shot and readout noise.
 *
 * @param place of the camera, metres from any fixed point: the lamps stand still on the ground
 */
export function toNight(
  rgb: Uint8Array,
  lens: Intrinsics,
  view: GroundView,
  place: { readonly north_m: number; readonly east_m: number },
  night: Night,
  seed: number,
): void {
  const { width_px: width, height_px: height } = lens;
  const light = lightGrid(width, height, view, place, night);
  const cols = Math.ceil(width / GRID_PX) + 1;
  for (let row = 0; row < height; row++) {
    const gy = row / GRID_PX;
    const r0 = Math.floor(gy);
    const fy = gy - r0;
    for (let col = 0; col < width; col++) {
      const gx = col / GRID_PX;
      const c0 = Math.floor(gx);
      const fx = gx - c0;
      const k = r0 * cols + c0;
      const top = (light[k] as number) * (1 - fx) + (light[k + 1] as number) * fx;
      const bottom = (light[k + cols] as number) * (1 - fx) + (light[k + cols + 1] as number) * fx;
      const lit = top * (1 - fy) + bottom * fy;
      const i = (row * width + col) * 3;
      for (let c = 0; c < 3; c++) {
        // Lamps are warm: less blue. Reflectance is taken as the square of the displayed value, a gamma of 2.
        const colour = c === 2 ? 0.6 : c === 1 ? 0.9 : 1;
        const electrons = ((rgb[i + c] as number) / 255) ** 2 * lit * colour * night.full_electrons;
        const sigma = Math.sqrt(electrons + night.read_electrons ** 2);
        const seen = (electrons + sigma * gaussian(seed, i + c)) / night.full_electrons;
        rgb[i + c] = Math.min(255, 255 * Math.sqrt(Math.max(0, seen * night.gain)));
      }
    }
  }
}

function lightGrid(
  width: number,
  height: number,
  view: GroundView,
  place: { readonly north_m: number; readonly east_m: number },
  night: Night,
): Float32Array {
  const cols = Math.ceil(width / GRID_PX) + 1;
  const rows = Math.ceil(height / GRID_PX) + 1;
  const grid = new Float32Array(cols * rows);
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < cols; c++) {
      const ground = view.pixelToGround(Math.min(width - 1, c * GRID_PX), Math.min(height - 1, r * GRID_PX));
      grid[r * cols + c] =
        ground === null ? night.ambient : lightAt(place.north_m + ground.north_m, place.east_m + ground.east_m, night);
    }
  }
  return grid;
}

/** Light on the ground: one lamp somewhere in every square of the spacing, each a soft pool. */
function lightAt(north_m: number, east_m: number, night: Night): number {
  const { spacing_m, radius_m, ambient, lamp } = night;
  const row = Math.floor(north_m / spacing_m);
  const col = Math.floor(east_m / spacing_m);
  let light = ambient;
  for (let r = row - 1; r <= row + 1; r++) {
    for (let c = col - 1; c <= col + 1; c++) {
      const dn = (r + hash01(r, c, 5)) * spacing_m - north_m;
      const de = (c + hash01(r, c, 6)) * spacing_m - east_m;
      light += lamp * hash01(r, c, 7) * Math.exp(-(dn * dn + de * de) / (2 * radius_m * radius_m));
    }
  }
  return light;
}

/** Roughly normal: the sum of four uniform bytes, standardised. */
function gaussian(seed: number, index: number): number {
  const bits = hash32(index, seed);
  const sum = (bits & 255) + ((bits >>> 8) & 255) + ((bits >>> 16) & 255) + (bits >>> 24);
  return (sum - 510) / 147.8;
}
