import type { Epoch } from "../epoch.js";
import type { GroundPatch, PlaceStyle } from "../layout/model.js";
import { hash01 } from "../random.js";
import { cropLook } from "./crops.js";
import { type Colour, colour, mix, type Season, scale } from "./season.js";
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
function textured(
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

/** The shader of the ground where nothing else was planned. */
export function baseShader(c: GroundContext): Shader {
  return grass(c, 0.25, 0.3, 77);
}

function grass(c: GroundContext, dry: number, rough: number, seed: number): Shader {
  const { season } = c;
  const own = 0.6 * (hash01(seed, 1) - 0.5) + 0.7 * (hash01(seed, c.epoch.seed, 1) - 0.5);
  const d = Math.min(1, Math.max(0, season.dryness + dry + own * 0.35));
  const tint = 1 + 0.16 * (hash01(seed, 2) - 0.5) + 0.14 * (hash01(seed, c.epoch.seed, 2) - 0.5);
  const green = scale(mix(season.grass, season.dryGrass, Math.max(0, d - 0.3)), tint);
  const straw = scale(mix(season.grass, season.dryGrass, Math.min(1, d + 0.35)), tint);
  return textured(c, green, straw, [0.12, 0.14 + 0.12 * rough, 0.16 + 0.16 * rough, 0.16], 0.4 + rough, season.snow);
}

/** The shader of a patch at this date. */
export function groundShader(c: GroundContext, patch: GroundPatch): Shader {
  const { season, style } = c;
  const { seed } = patch;
  const h = hash01(seed, 20);
  const soil = season.soil;
  const grey = (hex: number, spread = 0.3): Colour => scale(colour(hex), (1 - spread / 2 + spread * h) * season.paved);
  switch (patch.material) {
    case "crop":
      return crop(c, patch);
    case "lawn":
      return grass(c, -0.15, 0.1, seed);
    case "garden":
      return garden(c, patch);
    case "meadow":
      return grass(c, 0.1, 0.45, seed);
    case "orchard":
      return rows(c, patch, grass(c, 0.05, 0.2, seed), scale(soil, 1.05), 3.2, 0.4);
    case "verge":
      return grass(c, 0.2, 0.3, seed);
    case "scrub": {
      const dry = mix(season.dryGrass, soil, 0.35);
      return textured(
        c,
        dry,
        mix(season.grass, season.dryGrass, 0.4 + 0.4 * season.dryness),
        [0.12, 0.24, 0.24, 0.14],
        0.8,
        season.snow,
      );
    }
    case "woodland": {
      const litter = mix(colour(0x3b3a2b), colour(0x5d5039), season.autumn * 0.6 + 0.4 * h);
      return textured(
        c,
        litter,
        mix(litter, season.grass, 0.5 * season.leaf),
        [0.08, 0.25, 0.3, 0.2],
        0.7,
        season.snow * 0.8,
      );
    }
    case "bare":
      return textured(
        c,
        soil,
        mix(scale(soil, 1.35), season.dryGrass, 0.3),
        [0.12, 0.16, 0.16, 0.14],
        0.9,
        season.snow,
      );
    case "sand":
      return textured(c, colour(0xb8a680), colour(0xcbbd9b), [0.05, 0.07, 0.08, 0.06], 0.5, season.snow);
    case "gravel":
      return textured(
        c,
        mix(grey(0x9b9484), soil, 0.25),
        grey(0x857f73),
        [0.08, 0.1, 0.12, 0.2],
        0.5,
        season.snow * 0.7,
      );
    case "concrete":
      return slabs(c, patch, grey(0xa9a59b), 5 + 3 * h, season.snow * 0.5);
    case "asphalt":
      return textured(c, grey(0x6d6d6c), grey(0x7f7e7b), [0.05, 0.1, 0.1, 0.08], 0.7, season.snow * 0.45);
    case "paving":
      return slabs(
        c,
        patch,
        mix(grey(0xa1998d), colour(0x9a8474), hash01(seed, 3) * 0.6),
        0.6 + 1.2 * h,
        season.snow * 0.6,
      );
    case "courtyard":
      return textured(
        c,
        grey(0x8f8a80),
        mix(season.grass, colour(0x6f6a60), 0.4 + 0.5 * h),
        [0.06, 0.16, 0.18, 0.12],
        1.1,
        season.snow * 0.6,
      );
    case "water":
      return water(c, patch);
    case "pool":
      return textured(c, colour(0x5fb4c4), colour(0x7cc9d3), [0, 0.05, 0.12, 0.05], 0.8, 0);
    case "pitch":
      return pitch(c, patch);
    case "court":
      return court(c, patch);
    case "bays":
      return bays(c, patch);
    case "solar":
      return solar(c, patch);
    case "bed":
      return rows(
        c,
        patch,
        textured(c, scale(soil, 0.8), mix(soil, season.grass, 0.6), [0, 0.2, 0.3, 0.2], 0.9, season.snow),
        mix(season.grass, soil, 0.3),
        0.8,
        0.3,
      );
    default:
      return grass(c, style.climate === "arid" ? 0.6 : 0.1, 0.3, seed);
  }
}

function crop(c: GroundContext, patch: GroundPatch): Shader {
  const { tile, season } = c;
  const look = cropLook(patch.seed, c.epoch.seed, season);
  const { axis } = patch;
  const soil = scale(season.soil, look.soilLight);
  const pale = scale(soil, 1.45);
  const { big, mid, small, fine } = tile;
  const g = tile.gsd_m;
  const rowFade = Math.max(0, 1 - g / (look.row_m * 0.55));
  const k = (2 * Math.PI) / look.row_m;
  const phase = hash01(patch.seed, 31) * 50;
  const cropTint = 0.85 + 0.3 * hash01(patch.seed, c.epoch.seed, 32);
  const plant = scale(look.plant, cropTint);
  return (i, x, y) => {
    const wobble = 0.5 * (big[i] as number);
    const v = x * -axis.y + y * axis.x + phase;
    const soilMix = 0.5 + 0.55 * (big[i] as number) + 0.3 * (mid[i] as number);
    const t = soilMix < 0 ? 0 : Math.min(soilMix, 1);
    let cover = look.cover - look.patchiness * 0.45 * (t - 0.35) * (1.2 - look.cover) - 0.08 * (small[i] as number);
    let light = 1 + 0.07 * (mid[i] as number) + 0.1 * (small[i] as number) + 0.12 * (fine[i] as number);
    light *= 1 - look.patchiness * 0.22 * (t - 0.5);
    if (rowFade > 0 && look.rowStrength > 0) light *= 1 + look.rowStrength * rowFade * Math.sin(k * (v + wobble * 0.3));
    if (look.band_m > 0)
      light *=
        1 + look.bandStrength * (((Math.floor(v / look.band_m) & 1) === 0 ? 0.5 : -0.5) + 0.4 * (mid[i] as number));
    if (look.tram_m > 0) {
      const w = 0.5 * (stripe(v - 0.9, look.tram_m, 0.5, g) + stripe(v + 0.9, look.tram_m, 0.5, g)) * 2;
      cover -= look.tramStrength * w * (0.8 + 0.4 * (mid[i] as number));
    }
    cover = cover < 0 ? 0 : Math.min(cover, 1);
    const sr = soil.r + (pale.r - soil.r) * t;
    const sg = soil.g + (pale.g - soil.g) * t;
    const sb = soil.b + (pale.b - soil.b) * t;
    ink.r = (sr + (plant.r - sr) * cover) * light;
    ink.g = (sg + (plant.g - sg) * cover) * light;
    ink.b = (sb + (plant.b - sb) * cover) * light;
    snowOver(tile, i, season.snow);
  };
}

function rows(
  c: GroundContext,
  patch: GroundPatch,
  under: Shader,
  line: Colour,
  period: number,
  share: number,
): Shader {
  const { axis } = patch;
  const { tile } = c;
  return (i, x, y) => {
    under(i, x, y);
    const w =
      stripe(x * -axis.y + y * axis.x, period, period * share, tile.gsd_m) * (0.7 + 0.3 * (tile.mid[i] as number));
    ink.r += (line.r - ink.r) * w;
    ink.g += (line.g - ink.g) * w;
    ink.b += (line.b - ink.b) * w;
  };
}

function garden(c: GroundContext, patch: GroundPatch): Shader {
  const lawn = grass(c, -0.1 + 0.35 * (hash01(patch.seed, 41) - 0.5), 0.25, patch.seed);
  const { tile, season } = c;
  const bare = mix(season.soil, season.grass, 0.25);
  return (i, x, y) => {
    lawn(i, x, y);
    const m = (tile.mid[i] as number) * 1.3 + (tile.small[i] as number) * 0.9 - 0.75;
    if (m <= 0) return;
    const w = m > 0.5 ? 0.8 : m * 1.6;
    ink.r += (bare.r - ink.r) * w;
    ink.g += (bare.g - ink.g) * w;
    ink.b += (bare.b - ink.b) * w;
  };
}

/** Slabs with joints: concrete yards and paving. */
function slabs(c: GroundContext, patch: GroundPatch, base: Colour, size: number, snow: number): Shader {
  const { tile } = c;
  const { axis } = patch;
  const worn = textured(c, base, scale(base, 0.78), [0.04, 0.08, 0.08, 0.07], 0.6, 0);
  const g = tile.gsd_m;
  return (i, x, y) => {
    worn(i, x, y);
    const u = x * axis.x + y * axis.y;
    const v = x * -axis.y + y * axis.x;
    const joint = stripe(u, size, 0.12, g) + stripe(v, size, 0.12, g);
    const slab = hash01(Math.floor(u / size), Math.floor(v / size), patch.seed) - 0.5;
    const light = (1 - 0.25 * joint) * (size > 2 ? 1 + 0.1 * slab : 1);
    ink.r *= light;
    ink.g *= light;
    ink.b *= light;
    snowOver(tile, i, snow);
  };
}

function water(c: GroundContext, patch: GroundPatch): Shader {
  const { tile, epoch } = c;
  const murk = hash01(patch.seed, 51);
  const base = scale(mix(colour(0x24343c), colour(0x4c5a44), murk), 0.75 + 0.5 * hash01(patch.seed, 52, epoch.seed));
  const glint = hash01(epoch.seed, 53) < 0.2 ? 0.25 : 0.06;
  const ice = epoch.snow > 0.6 ? epoch.snow * 0.9 : 0;
  return (i) => {
    const ripple =
      1 +
      0.1 * (tile.big[i] as number) +
      glint * ((tile.small[i] as number) + 0.4 * (tile.fine[i] as number)) +
      0.06 * (tile.mid[i] as number);
    ink.r = base.r * ripple;
    ink.g = base.g * ripple;
    ink.b = base.b * ripple;
    snowOver(tile, i, ice);
  };
}

function pitch(c: GroundContext, patch: GroundPatch): Shader {
  const lawn = grass(c, -0.3, 0.05, patch.seed);
  const { tile, season } = c;
  const { axis } = patch;
  let cx = 0;
  let cy = 0;
  for (const p of patch.ring) {
    cx += p.x / patch.ring.length;
    cy += p.y / patch.ring.length;
  }
  const g = tile.gsd_m;
  const line = (d: number): number =>
    Math.min(1, Math.max(0, 0.5 + (0.09 - Math.abs(d)) / g)) * Math.min(1, 0.4 + 0.18 / g);
  return (i, x, y) => {
    lawn(i, x, y);
    const u = Math.abs((x - cx) * axis.x + (y - cy) * axis.y);
    const v = Math.abs(-(x - cx) * axis.y + (y - cy) * axis.x);
    const band = (Math.floor((u + 52.5) / 5.5) & 1) === 0 ? 1.07 : 0.94;
    const wear = Math.max(0, 1 - Math.hypot(u - 50, v) / 7) * (0.5 + (tile.small[i] as number));
    let w = 0;
    if (u < 52.7 && v < 34.2) {
      w = Math.max(
        w,
        line(u - 52.5),
        line(v - 34),
        line(u),
        v < 20.2 ? line(u - 36) : 0,
        u > 35.9 ? line(v - 20.16) : 0,
        u > 47 ? line(v - 9.16) : 0,
        v < 9.2 ? line(u - 47) : 0,
        line(Math.hypot(u, v) - 9.15),
      );
    }
    const white = w * 0.75 * (season.snow > 0.4 ? 0 : 1);
    ink.r = ink.r * band + (season.soil.r - ink.r) * wear * 0.7;
    ink.g = ink.g * band + (season.soil.g - ink.g) * wear * 0.7;
    ink.b = ink.b * band + (season.soil.b - ink.b) * wear * 0.7;
    ink.r += (0.7 - ink.r) * white;
    ink.g += (0.7 - ink.g) * white;
    ink.b += (0.7 - ink.b) * white;
  };
}

function court(c: GroundContext, patch: GroundPatch): Shader {
  const hex = [0x9c5a3f, 0x4f7f5c, 0x4a6b94, 0x8b8a86][Math.floor(hash01(patch.seed, 61) * 4)] ?? 0x9c5a3f;
  return textured(c, colour(hex), scale(colour(hex), 1.15), [0, 0.04, 0.05, 0.05], 0.5, c.season.snow);
}

/** Marked parking bays: white lines every 2.6 m across the row. */
function bays(c: GroundContext, patch: GroundPatch): Shader {
  const { tile } = c;
  const { axis } = patch;
  const first = patch.ring[0] ?? { x: 0, y: 0 };
  const dark = textured(
    c,
    scale(colour(0x646463), c.season.paved),
    scale(colour(0x777674), c.season.paved),
    [0.04, 0.1, 0.12, 0.08],
    0.8,
    0,
  );
  return (i, x, y) => {
    dark(i, x, y);
    const u = (x - first.x) * axis.x + (y - first.y) * axis.y;
    const w = stripe(u, 2.6, 0.13, tile.gsd_m) * (0.65 + 0.3 * (tile.mid[i] as number));
    ink.r += (0.62 - ink.r) * w;
    ink.g += (0.62 - ink.g) * w;
    ink.b += (0.6 - ink.b) * w;
    snowOver(tile, i, c.season.snow * 0.4);
  };
}

function solar(c: GroundContext, patch: GroundPatch): Shader {
  const under = grass(c, 0, 0.3, patch.seed);
  const { tile } = c;
  const { axis } = patch;
  const g = tile.gsd_m;
  const panel = colour(0x2f3c52);
  return (i, x, y) => {
    under(i, x, y);
    const v = x * -axis.y + y * axis.x;
    const u = x * axis.x + y * axis.y;
    const shadow = stripe(v - 2.6, 7, 1.8, g) * 0.55;
    const gap = 1 - stripe(u, 22, 1.2, g);
    const w = stripe(v, 7, 3.6, g) * gap;
    ink.r *= 1 - shadow * gap;
    ink.g *= 1 - shadow * gap;
    ink.b *= 1 - shadow * gap;
    const seam = 1 + 0.35 * stripe(u, 1.1, 0.1, g);
    ink.r += (panel.r * seam - ink.r) * w;
    ink.g += (panel.g * seam - ink.g) * w;
    ink.b += (panel.b * seam - ink.b) * w;
  };
}
