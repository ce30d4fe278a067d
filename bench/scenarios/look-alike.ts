import { changed } from "./changed-flight.js";
import { flightOf } from "./flight-artifact.js";
import type { LandSpec } from "./land.js";
import { mapOf, packOf } from "./map-artifacts.js";
import { MAP_EPOCH, MAP_GSD_M, RATE_HZ } from "./places.js";
import { cut } from "./row-changes.js";
import type { Scenario } from "./scenario.js";

const SIDE_M = 420;
const ORIGINAL = { north_m: 0, east_m: -500 };
const COPY = { north_m: 0, east_m: 500 };

function land(copy_change?: number): LandSpec {
  const twin = { original: ORIGINAL, copy: COPY, side_m: SIDE_M };
  return {
    seed: 131,
    size_m: 1800,
    land_use: "suburban",
    origin: { lat_deg: 48, lon_deg: 11 },
    twin: copy_change === undefined ? twin : { ...twin, copy_change },
  };
}

const twins = land();
const map = mapOf("twins", twins, MAP_EPOCH, MAP_GSD_M);
/** The map ends in the middle: the copy lies 300 m off it. */
const west = packOf("twins-west", map, twins, MAP_GSD_M, { south_m: -450, west_m: -900, north_m: 450, east_m: 0 });
const both = packOf("twins-both", map, twins, MAP_GSD_M, { south_m: -450, west_m: -900, north_m: 450, east_m: 900 });

const ordinary = {
  epoch: { index: 1, over: { snow: 0 } },
  speed_mps: 13,
  agl_m: 110,
  rate_hz: RATE_HZ,
} as const;

/** From the original over the map's edge to the copy, three times across it, and on. */
const arrival = flightOf("twins-arrival", {
  ...ordinary,
  land: twins,
  seed: 1311,
  route: {
    points: [
      { north_m: 40, east_m: -620 },
      { north_m: 40, east_m: 620 },
      { north_m: -60, east_m: 620 },
      { north_m: -60, east_m: 380 },
      { north_m: 130, east_m: 380 },
      { north_m: 130, east_m: 800 },
    ],
  },
});

/** Frames until the copy fills the picture: 1000 m at 13 m/s. */
const UNTIL_COPY = 154;

const near = flightOf("twins-near", {
  ...ordinary,
  land: land(0.5),
  seed: 1312,
  route: {
    points: [
      { north_m: -110, east_m: 380 },
      { north_m: -110, east_m: 620 },
      { north_m: 0, east_m: 620 },
      { north_m: 0, east_m: 380 },
      { north_m: 110, east_m: 380 },
      { north_m: 110, east_m: 620 },
    ],
  },
});

/** Two places look alike. */
export const LOOK_ALIKE: readonly Scenario[] = [
  {
    name: "look-alike-far",
    kind: "adversarial",
    what: "from a district over the map's edge to its exact copy 1 km away, which is not on the map",
    flights: [{ flight: arrival, pack: west }],
  },
  {
    name: "look-alike-near-copy",
    kind: "adversarial",
    what: "start, known to 300 m, over a district off the map with the streets and half of the buildings of one on it",
    flights: [{ flight: near, pack: west, replay: { known_start_m: 300 } }],
  },
  {
    name: "look-alike-on-map",
    kind: "adversarial",
    what: "power-on over one of two identical districts, both on the map, then out of it",
    flights: [
      {
        flight: changed("twins-inside", arrival, { from: UNTIL_COPY }, { rows: (rows) => cut(rows, UNTIL_COPY) }),
        pack: both,
      },
    ],
  },
];
