import type { GroundView } from "../../../tiles/geometry/ground.js";

/** A hash of two whole numbers to [0, 1). */
function hash(x: number, y: number, seed: number): number {
  let h = Math.imul(x, 0x27d4eb2d) ^ Math.imul(y, 0x165667b1) ^ Math.imul(seed, 0x9e3779b1);
  h = Math.imul(h ^ (h >>> 15), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return ((h ^ (h >>> 16)) >>> 0) / 2 ** 32;
}

/** Value noise: hashed lattice of `cell_m`, blended smoothly. */
function noise(north_m: number, east_m: number, cell_m: number, seed: number): number {
  const y = north_m / cell_m;
  const x = east_m / cell_m;
  const y0 = Math.floor(y);
  const x0 = Math.floor(x);
  const fy = (y - y0) ** 2 * (3 - 2 * (y - y0));
  const fx = (x - x0) ** 2 * (3 - 2 * (x - x0));
  const south = hash(x0, y0, seed) * (1 - fx) + hash(x0 + 1, y0, seed) * fx;
  const north = hash(x0, y0 + 1, seed) * (1 - fx) + hash(x0 + 1, y0 + 1, seed) * fx;
  return south * (1 - fy) + north * fy;
}

/** Colour of invented ground: patches of vegetation, and rectangular roofs on a jittered lattice. */
export function groundColour(north_m: number, east_m: number): readonly [number, number, number] {
  const coarse = noise(north_m, east_m, 45, 1);
  const middle = noise(north_m, east_m, 12, 2);
  const fine = noise(north_m, east_m, 2.5, 3);
  let r = 60 + 90 * coarse + 40 * (middle - 0.5) + 30 * (fine - 0.5);
  let g = 80 + 70 * noise(north_m, east_m, 60, 4) + 50 * (middle - 0.5) + 30 * (fine - 0.5);
  let b = 50 + 60 * coarse + 30 * (fine - 0.5);
  const row = Math.floor(north_m / 22);
  const col = Math.floor(east_m / 22);
  if (hash(col, row, 5) > 0.45) {
    const dn = north_m - (row + 0.3 + 0.4 * hash(col, row, 6)) * 22;
    const de = east_m - (col + 0.3 + 0.4 * hash(col, row, 7)) * 22;
    const turn = hash(col, row, 8) * Math.PI;
    const u = dn * Math.cos(turn) + de * Math.sin(turn);
    const v = -dn * Math.sin(turn) + de * Math.cos(turn);
    if (Math.abs(u) < 3 + 4 * hash(col, row, 9) && Math.abs(v) < 3 + 3 * hash(col, row, 10)) {
      const shade = 90 + 150 * hash(col, row, 11) - (u > 0 ? 35 : 0);
      r = shade;
      g = shade * (0.7 + 0.3 * hash(col, row, 12));
      b = shade * (0.6 + 0.4 * hash(col, row, 13));
    }
  }
  return [clamp(r), clamp(g), clamp(b)];
}

function clamp(value: number): number {
  return Math.max(0, Math.min(255, Math.round(value)));
}

/**
 * What a camera above the invented ground sees.
 *
 * @param north_m position of the vehicle on the ground's own axes, metres
 */
export function photographGround(view: GroundView, north_m: number, east_m: number): Uint8Array {
  const { width_px, height_px } = view.intrinsics;
  const data = new Uint8Array(width_px * height_px * 3);
  for (let y = 0, at = 0; y < height_px; y++) {
    for (let x = 0; x < width_px; x++, at += 3) {
      const ground = view.pixelToGround(x, y);
      if (ground === null) continue;
      data.set(groundColour(north_m + ground.north_m, east_m + ground.east_m), at);
    }
  }
  return data;
}
