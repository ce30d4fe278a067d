import { hash01 } from "../../sim/world/random.js";
import { changed } from "./changed-flight.js";
import { flightOf } from "./flight-artifact.js";
import type { LandSpec } from "./land.js";
import { mapOf, packOf } from "./map-artifacts.js";
import { MAP_EPOCH, RATE_HZ } from "./places.js";
import { headingUnknown } from "./row-changes.js";
import type { Scenario, ScenarioFlight } from "./scenario.js";

/** 25 km². */
const SIZE_M = 5000;
const GSD_M = 0.6;
const STARTS = 10;
/** A flight of this length: the first fix must come within 20 s. */
const FLIGHT_S = 24;
const SPEED_MPS = 13;

const LAND: LandSpec = { seed: 141, size_m: SIZE_M, land_use: "mixed", origin: { lat_deg: 48, lon_deg: 11 } };
const map = mapOf("wide", LAND, MAP_EPOCH, GSD_M);
const pack = packOf("wide", map, LAND, GSD_M);

/** Starts spread over the map by chance, 400 m and more from its edge, in all directions. */
const flights = Array.from({ length: STARTS }, (_, k) => {
  const reach_m = SIZE_M / 2 - 400;
  const from = {
    north_m: Math.round((hash01(141, k, 1) * 2 - 1) * reach_m),
    east_m: Math.round((hash01(141, k, 2) * 2 - 1) * reach_m),
  };
  // Flown towards the middle, so that no flight leaves the map.
  const course = Math.atan2(-from.east_m, -from.north_m) + (hash01(141, k, 3) - 0.5);
  const length_m = SPEED_MPS * (FLIGHT_S + 2);
  const to = {
    north_m: from.north_m + Math.round(Math.cos(course) * length_m),
    east_m: from.east_m + Math.round(Math.sin(course) * length_m),
  };
  return flightOf(`wide-${k}`, {
    land: LAND,
    epoch: { index: 1 + (k % 4), over: { snow: 0 } },
    route: { points: [from, to] },
    speed_mps: SPEED_MPS,
    agl_m: 140,
    rate_hz: RATE_HZ,
    seed: 14100 + k,
    frames: FLIGHT_S * RATE_HZ,
  });
});

const headless: ScenarioFlight[] = flights.map((flight, k) => ({
  flight: changed(`wide-${k}-headless`, flight, { heading: "unknown" }, { rows: headingUnknown }),
  pack,
}));

/** Power-on without any position, somewhere on 25 km². */
export const COLD_START: readonly Scenario[] = [
  {
    name: "cold-start-heading-known",
    kind: "nominal",
    what: `power-on in flight at ${STARTS} places of 25 km², heading good to 3°`,
    flights: flights.map((flight) => ({ flight, pack })),
  },
  {
    name: "cold-start-heading-unknown",
    kind: "nominal",
    what: `the same without a compass: every direction is possible`,
    flights: headless,
  },
];
