import { PLACES } from "./places.js";
import type { Scenario } from "./scenario.js";

/** Ordinary flights over their maps, each at another date than its map. */
export const NOMINAL: readonly Scenario[] = [PLACES.town, PLACES.suburb, PLACES.mixed, ...PLACES.others].map(
  ({ name, flight, pack, flightSpec }) => ({
    name: `nominal-${name}`,
    kind: "nominal" as const,
    what: `over ${flightSpec.land.land_use} land at ${flightSpec.agl_m} m, ${flightSpec.speed_mps} m/s, honest sensors`,
    flights: [{ flight, pack }],
  }),
);
