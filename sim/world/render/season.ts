import type { Epoch } from "../epoch.js";
import type { Climate, PlaceStyle } from "../layout/model.js";
import { hash01 } from "../random.js";

/** A colour in linear light. */
export interface Colour {
  readonly r: number;
  readonly g: number;
  readonly b: number;
}

const linear = (byte: number): number => (byte / 255) ** 2.2;

/** Linear light of an sRGB colour 0xrrggbb. */
export function colour(hex: number): Colour {
  return { r: linear((hex >> 16) & 255), g: linear((hex >> 8) & 255), b: linear(hex & 255) };
}

export function mix(a: Colour, b: Colour, t: number): Colour {
  return { r: a.r + (b.r - a.r) * t, g: a.g + (b.g - a.g) * t, b: a.b + (b.b - a.b) * t };
}

export function scale(a: Colour, k: number): Colour {
  return { r: a.r * k, g: a.g * k, b: a.b * k };
}

export function smooth(from: number, to: number, x: number): number {
  const t = Math.min(1, Math.max(0, (x - from) / (to - from)));
  return t * t * (3 - 2 * t);
}

/** What the date does to everything that grows. */
export interface Season {
  readonly day: number;
  /** 0 = bare broadleaf trees, 1 = full leaf */
  readonly leaf: number;
  /** 0 = green, 1 = autumn colours */
  readonly autumn: number;
  readonly grass: Colour;
  readonly dryGrass: Colour;
  /** share of dry stalks in grass */
  readonly dryness: number;
  readonly snow: number;
  readonly soil: Colour;
  readonly climate: Climate;
  /** brightness of paved ground: dry or damp, swept or dusty */
  readonly paved: number;
}

export function seasonOf(epoch: Epoch, style: PlaceStyle): Season {
  const day = epoch.day_of_year;
  const { climate } = style;
  const spring = climate === "temperate" ? 112 : 80;
  const leaf = smooth(spring - 18, spring + 18, day) * (1 - smooth(296, 326, day));
  const autumn = smooth(268, 302, day) * (1 - smooth(335, 350, day));
  const heat = climate === "temperate" ? 0.35 : climate === "mediterranean" ? 0.95 : 1;
  const summer = smooth(160, 205, day) * (1 - smooth(240, 285, day));
  const winter = 1 - smooth(65, 110, day) + smooth(305, 345, day);
  const dryness = Math.min(
    1,
    (climate === "arid" ? 0.6 : 0.12) + summer * heat * 0.8 + (climate === "temperate" ? 0.6 * winter : 0.1 * winter),
  );
  const wet = 1 - 0.25 * winter;
  const soil = colour(style.soil);
  return {
    day,
    leaf,
    autumn,
    grass: mix(colour(0x5a653a), colour(0x606f3d), smooth(90, 130, day) - smooth(170, 220, day)),
    dryGrass: climate === "arid" ? colour(0xa8946b) : mix(colour(0x8b8260), colour(0x79705a), winter),
    dryness,
    snow: epoch.snow,
    soil: scale(soil, wet),
    climate,
    paved: 0.82 + 0.36 * hash01(epoch.seed, 71),
  };
}
