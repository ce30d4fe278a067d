import type { Climate, LandUse } from "../../sim/world/layout/model.js";
import type { Artifact } from "./artifact.js";
import { type FlightSpec, flightOf, type RouteSpec } from "./flight-artifact.js";
import type { EpochSpec, LandSpec } from "./land.js";
import { mapOf, packOf } from "./map-artifacts.js";

/** Metres per pixel of the scenarios' maps and packs: that of common aerial surveys, rather coarse than fine. */
export const MAP_GSD_M = 0.5;
export const SIZE_M = 1000;
export const RATE_HZ = 2;
/** The date of the maps: clear of snow, as imagery that is bought is. */
export const MAP_EPOCH: EpochSpec = { index: 0, over: { snow: 0 } };

/** A place with its map, its pack and an ordinary flight over it at another date. */
export interface Place {
  readonly name: string;
  readonly land: LandSpec;
  readonly map: Artifact;
  readonly pack: Artifact;
  readonly flight: Artifact;
  readonly flightSpec: FlightSpec;
}

interface PlaceWords {
  readonly seed: number;
  readonly land_use: LandUse;
  readonly climate?: Climate;
  readonly lat_deg?: number;
  readonly lon_deg?: number;
  readonly epoch?: number;
  readonly route?: RouteSpec;
  readonly course_deg?: number;
  readonly speed_mps?: number;
  readonly agl_m: number;
}

/** Frames of an ordinary flight: 175 s. */
const FRAMES = 350;

function place(name: string, words: PlaceWords): Place {
  const { seed, land_use, climate, lat_deg = 48, lon_deg = 11, epoch = 1, speed_mps = 13, agl_m } = words;
  const land: LandSpec = {
    seed,
    size_m: SIZE_M,
    land_use,
    origin: { lat_deg, lon_deg },
    ...(climate === undefined ? {} : { climate }),
  };
  const map = mapOf(name, land, MAP_EPOCH, MAP_GSD_M);
  const flightSpec: FlightSpec = {
    land,
    epoch: { index: epoch, over: { snow: 0 } },
    route: words.route ?? lawnmower(words.course_deg ?? 0),
    speed_mps,
    agl_m,
    rate_hz: RATE_HZ,
    seed: seed * 10 + 1,
    frames: FRAMES,
  };
  return {
    name,
    land,
    map,
    pack: packOf(name, map, land, MAP_GSD_M),
    flight: flightOf(name, flightSpec),
    flightSpec,
  };
}

function lawnmower(course_deg: number): RouteSpec {
  return { pattern: "lawnmower", length_m: 2600, course_deg, spacing_m: 105 };
}

function square(course_deg: number): RouteSpec {
  return { pattern: "square", length_m: 2600, course_deg };
}

/** Places, dates, heights, speeds and patterns of the nominal flights. */
export const PLACES = {
  town: place("town-120", { seed: 101, land_use: "urban", agl_m: 120, course_deg: 75 }),
  suburb: place("suburb-100", { seed: 102, land_use: "suburban", agl_m: 100, course_deg: 20, speed_mps: 12 }),
  mixed: place("mixed-150", { seed: 103, land_use: "mixed", agl_m: 150, course_deg: 80, epoch: 2, speed_mps: 14 }),
  others: [
    place("suburb-180", {
      seed: 104,
      land_use: "suburban",
      climate: "mediterranean",
      agl_m: 180,
      lat_deg: 41,
      lon_deg: 16.5,
    }),
    place("town-90", {
      seed: 105,
      land_use: "urban",
      agl_m: 90,
      route: square(35),
      lat_deg: 52.2,
      lon_deg: 21,
      epoch: 3,
    }),
    place("mixed-120", { seed: 106, land_use: "mixed", agl_m: 120, course_deg: 140, epoch: 3, speed_mps: 12 }),
    place("suburb-arid-130", {
      seed: 107,
      land_use: "suburban",
      climate: "arid",
      agl_m: 130,
      lat_deg: -33.9,
      lon_deg: 18.6,
    }),
    place("suburb-120", {
      seed: 108,
      land_use: "suburban",
      agl_m: 120,
      route: square(60),
      epoch: 2,
      lat_deg: 60.2,
      lon_deg: 24.9,
    }),
    place("town-200", { seed: 109, land_use: "urban", agl_m: 200, course_deg: 110, speed_mps: 15, epoch: 2 }),
    place("mixed-160", {
      seed: 110,
      land_use: "mixed",
      agl_m: 160,
      course_deg: 200,
      epoch: 4,
      lat_deg: 37.4,
      lon_deg: -5.9,
    }),
    place("rural-150", { seed: 111, land_use: "rural", agl_m: 150, course_deg: 45, speed_mps: 14 }),
    place("rural-120", {
      seed: 112,
      land_use: "rural",
      agl_m: 120,
      route: square(0),
      epoch: 4,
      lat_deg: 45.5,
      lon_deg: 9.2,
    }),
  ],
} as const;
