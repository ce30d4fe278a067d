import { DEFAULT_VISION_CONFIG } from "../../agent/vision/config.js";
import { changed } from "./changed-flight.js";
import { HONEST_ERRORS } from "./flight-artifact.js";
import { PLACES, type Place } from "./places.js";
import { attitudeErrors, mapOff } from "./row-changes.js";
import type { Scenario } from "./scenario.js";

/** What the agent is told of attitude and map: the flights have errors of just that size, or coverage would mean nothing. */
const { attitude_sigma_deg, map_sigma_m } = DEFAULT_VISION_CONFIG.error_budget;
const ATTITUDE_TIME_S = 5;

/** Ordinary flights over their maps, each at another date than its map. */
export const NOMINAL: readonly Scenario[] = [PLACES.town, PLACES.suburb, PLACES.mixed, ...PLACES.others].map(
  (place) => {
    const { name, pack, flightSpec } = place;
    return {
      name: `nominal-${name}`,
      kind: "nominal" as const,
      what: `over ${flightSpec.land.land_use} land at ${flightSpec.agl_m} m, ${flightSpec.speed_mps} m/s, honest sensors`,
      flights: [{ flight: withStatedErrors(place), pack }],
    };
  },
);

/** Roll and pitch wrong by 1 degree in all, and the map by a metre, as the agent's error budget says. */
function withStatedErrors({ name, flight, flightSpec }: Place): ReturnType<typeof changed> {
  const further_deg = Math.sqrt(attitude_sigma_deg ** 2 - HONEST_ERRORS.attitude_sigma_deg ** 2);
  return changed(
    `${name}-stated-errors`,
    flight,
    { attitude_sigma_deg, map_sigma_m, time_s: ATTITUDE_TIME_S },
    {
      rows: (rows) =>
        mapOff(attitudeErrors(rows, further_deg, ATTITUDE_TIME_S, flightSpec.seed), map_sigma_m, flightSpec.seed + 1),
    },
  );
}
