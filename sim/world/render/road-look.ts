import type { PlaceStyle, Road } from "../layout/model.js";
import { hash01 } from "../random.js";
import { type Colour, colour, mix, type Season, scale } from "./season.js";

/** metres over which the corners of two roads melt into each other, at most */
export const LARGEST_ROUNDING = 6;

/** How one road looks at this date. */
export interface RoadLook {
  readonly road: Road;
  readonly sidewalk: number;
  readonly rounding: number;
  readonly surface: Colour;
  readonly walk: Colour;
  readonly paint: Colour;
  readonly medianColour: Colour;
  readonly median: number;
  readonly lines: number;
  readonly solidCentre: boolean;
  readonly zebra: boolean;
  readonly paintStrength: number;
  readonly wear: number;
  readonly wheelA: number;
  readonly wheelB: number;
  readonly repairs: number;
  readonly crack: number;
  readonly dash_m: number;
  readonly gap_m: number;
}

/** The look of a road in a place at a season. */
export function lookOf(road: Road, season: Season, style: PlaceStyle): RoadLook {
  const h = hash01(road.seed, 1);
  const age = hash01(road.seed, 2);
  const { kind } = road;
  const paved = scale(mix(colour(0x58595b), colour(0x8d8b87), age * 0.75 + 0.25 * h), season.paved);
  const dust = mix(season.soil, colour(0xa39880), 0.45);
  const surface =
    kind === "track"
      ? scale(dust, 1.25)
      : kind === "path"
        ? mix(colour(0xa59b86), paved, h < 0.4 ? 0.8 : 0.1)
        : kind === "rail"
          ? colour(0x6f655c)
          : kind === "lane" && h < 0.25
            ? mix(paved, dust, 0.6)
            : paved;
  const built = style.landUse === "urban" || style.landUse === "suburban";
  const lines =
    kind === "highway"
      ? 3
      : kind === "primary"
        ? road.half_m > 6
          ? 3
          : 2
        : kind === "secondary"
          ? h < 0.6
            ? 2
            : 1
          : kind === "local" && h < 0.22
            ? 1
            : 0;
  const median = kind === "highway" ? 1.4 + h : kind === "primary" && road.half_m > 7.5 && age < 0.5 ? 0.9 : 0;
  return {
    road,
    sidewalk: road.sidewalk_m,
    rounding: kind === "rail" || kind === "track" ? 1.5 : Math.min(LARGEST_ROUNDING, 2 + road.half_m),
    surface: style.climate === "arid" ? mix(surface, colour(0xa59a88), 0.35) : surface,
    walk: scale(mix(colour(0x97928a), colour(0xafa69a), h), season.paved),
    paint: kind === "rail" ? colour(0x8d8783) : style.yellowMarkings && lines < 3 ? colour(0xc9a94e) : colour(0xd6d5d0),
    medianColour: h < 0.6 ? mix(season.grass, season.dryGrass, 0.5) : colour(0x9f9c96),
    median,
    lines: median > 0 && lines === 3 ? 3 : lines,
    solidCentre: kind === "primary" && road.half_m > 6,
    zebra: built && road.sidewalk_m > 0,
    paintStrength: 0.55 + 0.4 * hash01(road.seed, 4),
    wear: hash01(road.seed, 5),
    wheelA: kind === "track" ? 0.72 : road.half_m * 0.25,
    wheelB: road.half_m * 0.68,
    repairs: age * 0.16,
    crack: age > 0.55 ? 0.14 : 0,
    dash_m: built ? 3 : 4,
    gap_m: built ? 5 : 8,
  };
}
