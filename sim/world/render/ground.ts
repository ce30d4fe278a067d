import type { GroundPatch } from "../layout/model.js";
import { hash01 } from "../random.js";
import { crop } from "./crop-shader.js";
import { type Colour, colour, mix, scale } from "./season.js";
import { bays, court, pitch, slabs, solar, water } from "./surfaces.js";
import { type GroundContext, grass, type Shader, stripe, textured } from "./texture.js";
import { ink } from "./tile.js";

/** The shader of the ground where nothing else was planned. */
export function baseShader(c: GroundContext): Shader {
  return grass(c, 0.25, 0.3, 77);
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
