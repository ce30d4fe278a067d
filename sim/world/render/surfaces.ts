import type { GroundPatch } from "../layout/model.js";
import { hash01 } from "../random.js";
import { type Colour, colour, mix, scale } from "./season.js";
import { type GroundContext, grass, type Shader, snowOver, stripe, textured } from "./texture.js";
import { ink } from "./tile.js";

/** Slabs with joints: concrete yards and paving. */
export function slabs(c: GroundContext, patch: GroundPatch, base: Colour, size: number, snow: number): Shader {
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

export function water(c: GroundContext, patch: GroundPatch): Shader {
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

export function pitch(c: GroundContext, patch: GroundPatch): Shader {
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

export function court(c: GroundContext, patch: GroundPatch): Shader {
  const hex = [0x9c5a3f, 0x4f7f5c, 0x4a6b94, 0x8b8a86][Math.floor(hash01(patch.seed, 61) * 4)] ?? 0x9c5a3f;
  return textured(c, colour(hex), scale(colour(hex), 1.15), [0, 0.04, 0.05, 0.05], 0.5, c.season.snow);
}

/** Marked parking bays: white lines every 2.6 m across the row. */
export function bays(c: GroundContext, patch: GroundPatch): Shader {
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

export function solar(c: GroundContext, patch: GroundPatch): Shader {
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
