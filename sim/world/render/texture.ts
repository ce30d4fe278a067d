import type { Epoch } from "../epoch.js";
import type { PlaceStyle } from "../layout/model.js";
import { hash01 } from "../random.js";
import { type Colour, mix, type Season, scale } from "./season.js";
import { ink, type Tile } from "./tile.js";

/** Computes the ink of one pixel of a material. */
export type Shader = (index: number, x: number, y: number) => void;

export interface GroundContext {
  readonly tile: Tile;
  readonly epoch: Epoch;
  readonly season: Season;
  readonly style: PlaceStyle;
}

/** How much of a stripe of the given width, repeated every `period`, lies in a pixel of size `pixel` at position v. */
export function stripe(v: number, period: number, width: number, pixel: number): number {
  const m = v - Math.floor(v / period) * period;
  const d = Math.min(m, period - m);
  if (pixel >= period) return width / period;
  const share = (Math.min(d + pixel / 2, width / 2) - Math.max(d - pixel / 2, -width / 2)) / pixel;
  return share < 0 ? 0 : Math.min(share, 1);
}

/** Snow over whatever the ink shows: patchy where it is thin. */
export function snowOver(tile: Tile, index: number, amount: number): void {
  if (amount <= 0) return;
  const n =
    0.5 * (tile.mid[index] as number) + 0.3 * (tile.big[index] as number) + 0.25 * (tile.small[index] as number);
  let k = (amount * 1.5 - 0.45 + n) * 2.2;
  k = k < 0 ? 0 : Math.min(k, 0.96);
  const white = 0.8 + 0.05 * (tile.small[index] as number);
  ink.r += (white - ink.r) * k;
  ink.g += (white * 1.01 - ink.g) * k;
  ink.b += (white * 1.04 - ink.b) * k;
}

/** Everything textured alike: a base colour, weighted noise, and a second colour in patches. */
export function textured(
  c: GroundContext,
  base: Colour,
  other: Colour,
  weights: readonly [number, number, number, number],
  patch: number,
  snow: number,
): Shader {
  const { tile } = c;
  const { big, mid, small, fine } = tile;
  const [wb, wm, ws, wf] = weights;
  return (i) => {
    const b = big[i] as number;
    const m = mid[i] as number;
    const s = small[i] as number;
    let t = 0.5 + patch * (b * 0.8 + m * 0.9 + s * 0.35);
    t = t < 0 ? 0 : Math.min(t, 1);
    const light = 1 + wb * b + wm * m + ws * s + wf * (fine[i] as number);
    ink.r = (base.r + (other.r - base.r) * t) * light;
    ink.g = (base.g + (other.g - base.g) * t) * light;
    ink.b = (base.b + (other.b - base.b) * t) * light;
    snowOver(tile, i, snow);
  };
}

/** Grass: @param dry more (or less) withered than the season says; @param rough 0 = a lawn, 1 = wild. */
export function grass(c: GroundContext, dry: number, rough: number, seed: number): Shader {
  const { season } = c;
  const own = 0.6 * (hash01(seed, 1) - 0.5) + 0.7 * (hash01(seed, c.epoch.seed, 1) - 0.5);
  const d = Math.min(1, Math.max(0, season.dryness + dry + own * 0.35));
  const tint = 1 + 0.16 * (hash01(seed, 2) - 0.5) + 0.14 * (hash01(seed, c.epoch.seed, 2) - 0.5);
  const green = scale(mix(season.grass, season.dryGrass, Math.max(0, d - 0.3)), tint);
  const straw = scale(mix(season.grass, season.dryGrass, Math.min(1, d + 0.35)), tint);
  return textured(c, green, straw, [0.12, 0.14 + 0.12 * rough, 0.16 + 0.16 * rough, 0.16], 0.4 + rough, season.snow);
}
