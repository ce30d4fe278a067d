import type { LocalPoint } from "../../sim/flight/route.js";
import { flightOf } from "./flight-artifact.js";
import type { LandSpec } from "./land.js";
import { mapOf, packOf } from "./map-artifacts.js";
import { MAP_EPOCH, MAP_GSD_M } from "./places.js";
import type { Scenario } from "./scenario.js";

const SIZE_M = 2000;
const LAND: LandSpec = { seed: 151, size_m: SIZE_M, land_use: "suburban", origin: { lat_deg: 48, lon_deg: 11 } };
/** Frames for odometry, a second. */
const RATE_HZ = 3;

/** Legs of 1400 m there and back, 200 m apart: 10.8 km. */
function legs(): LocalPoint[] {
  const points: LocalPoint[] = [];
  for (let k = 0; k < 7; k++) {
    const north_m = -600 + 200 * k;
    const there = k % 2 === 0 ? -700 : 700;
    points.push({ north_m, east_m: there }, { north_m, east_m: -there });
  }
  return points;
}

const map = mapOf("long", LAND, MAP_EPOCH, MAP_GSD_M);
const flight = flightOf("long", {
  land: LAND,
  epoch: { index: 1, over: { snow: 0 } },
  route: { points: legs() },
  speed_mps: 14,
  agl_m: 100,
  rate_hz: RATE_HZ,
  seed: 1511,
});

/** More than 10 km with a fix a second that is known 300 ms after its frame. */
export const LONG_FLIGHT: readonly Scenario[] = [
  {
    name: "long-flight",
    kind: "nominal",
    what: "10 km over 4 km², a match a second with 300 ms latency, odometry in between",
    flights: [
      {
        flight,
        pack: packOf("long", map, LAND, MAP_GSD_M),
        replay: { latency_ms: 300, fix_interval_s: 1 },
      },
    ],
  },
];
