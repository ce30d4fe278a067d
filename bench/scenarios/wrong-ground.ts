import { changed } from "./changed-flight.js";
import { flightOf } from "./flight-artifact.js";
import type { LandSpec } from "./land.js";
import { mapOf, packOf } from "./map-artifacts.js";
import { MAP_EPOCH, MAP_GSD_M, PLACES, type Place, RATE_HZ, SIZE_M } from "./places.js";
import { cut } from "./row-changes.js";
import type { Scenario, ScenarioFlight } from "./scenario.js";

const { town, suburb, mixed } = PLACES;
const [, , , , , , , rural] = PLACES.others;

/** The first frames of a place's flight. */
function start(place: Place, frames: number): ScenarioFlight["flight"] {
  return changed(`${place.name}-${frames}`, place.flight, { frames }, { rows: (rows) => cut(rows, 0, frames) });
}

function halfPack(place: Place): ScenarioFlight["pack"] {
  const part = { south_m: -SIZE_M, west_m: 0, north_m: SIZE_M, east_m: SIZE_M };
  return packOf(`${place.name}-east`, place.map, place.land, MAP_GSD_M, part);
}

/** The map is ten years old: of the buildings that may change a third is missing or has another roof. */
function oldPack(place: Place): ScenarioFlight["pack"] {
  const epoch = { index: 7, over: { snow: 0, change: 0.36 } };
  const map = mapOf(`${place.name}-old`, place.land, epoch, MAP_GSD_M);
  return packOf(`${place.name}-old`, map, place.land, MAP_GSD_M);
}

function coast(): ScenarioFlight {
  const land: LandSpec = {
    seed: 121,
    size_m: SIZE_M,
    land_use: "suburban",
    origin: { lat_deg: 48, lon_deg: 11 },
    sea: { seed: 121, seaward_deg: 80, shore_m: -60 },
  };
  const points = [
    { north_m: -120, east_m: -300 },
    { north_m: -60, east_m: 420 },
    { north_m: 120, east_m: 420 },
    { north_m: 200, east_m: -380 },
    { north_m: 300, east_m: -380 },
  ];
  const flight = flightOf("coast", {
    land,
    epoch: { index: 1, over: { snow: 0 } },
    route: { points },
    speed_mps: 13,
    agl_m: 120,
    rate_hz: RATE_HZ,
    seed: 1211,
    frames: 290,
  });
  const map = mapOf("coast", land, MAP_EPOCH, MAP_GSD_M);
  return { flight, pack: packOf("coast", map, land, MAP_GSD_M) };
}

/** Everything white, under a low sun and a half-covered sky. */
function snowed(place: Place, frames: number): ScenarioFlight {
  const over = { snow: 1, day_of_year: 22, sun_elevation_deg: 17, sun_azimuth_deg: 190, cloud: 0.5 };
  const flight = flightOf(`${place.name}-snow`, { ...place.flightSpec, epoch: { index: 5, over }, frames });
  return { flight, pack: place.pack };
}

/** The ground is not what the map shows, or the map does not show the ground. */
export const WRONG_GROUND: readonly Scenario[] = [
  {
    name: "off-map",
    kind: "adversarial",
    what: "legs that leave the map's edge by up to 300 m and come back",
    flights: [town, mixed].map((place) => ({ flight: start(place, 240), pack: halfPack(place) })),
  },
  {
    name: "water",
    kind: "adversarial",
    what: "from the coast 500 m out over a running sea, and back",
    flights: [coast()],
  },
  {
    name: "snow",
    kind: "adversarial",
    what: "deep snow over a map of another season",
    flights: [snowed(mixed, 160), snowed(suburb, 160)],
  },
  {
    name: "wrong-pack",
    kind: "adversarial",
    what: "the map of another place with the same coordinates",
    flights: [
      { flight: start(town, 120), pack: suburb.pack },
      { flight: start(suburb, 120), pack: mixed.pack },
      { flight: start(mixed, 120), pack: rural.pack },
    ],
  },
  {
    name: "old-map",
    kind: "adversarial",
    what: "a map ten years old: a third of the buildings changed since",
    flights: [town, suburb].map((place) => ({ flight: start(place, 160), pack: oldPack(place) })),
  },
];
