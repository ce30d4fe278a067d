import { hash01 } from "../../sim/world/random.js";
import { changed } from "./changed-flight.js";
import { PLACES, type Place } from "./places.js";
import { cut, dropped, stampedLate } from "./row-changes.js";
import type { ReplayChange, Scenario, ScenarioFlight } from "./scenario.js";

const { town, suburb, mixed } = PLACES;
const FRAMES = 120;

/** A latency for every frame, even between the bounds, milliseconds; the same in every run. */
export function latencies(least: number, most: number): (index: number) => number {
  return (index) => least + (most - least) * hash01(index, 0x1a7e);
}

function late(place: Place, latency_ms: NonNullable<ReplayChange["latency_ms"]>): ScenarioFlight {
  const flight = changed(
    `${place.name}-${FRAMES}`,
    place.flight,
    { frames: FRAMES },
    {
      rows: (rows) => cut(rows, 0, FRAMES),
    },
  );
  return { flight, pack: place.pack, replay: { latency_ms } };
}

function stamps(place: Place, by_s: number): ScenarioFlight {
  const flight = changed(
    `${place.name}-stamps-${by_s * 1000}`,
    place.flight,
    { by_s, frames: FRAMES },
    {
      rows: (rows) => stampedLate(cut(rows, 0, FRAMES), by_s),
    },
  );
  return { flight, pack: place.pack };
}

function lossy(place: Place, loss: Parameters<typeof dropped>[1]): ScenarioFlight {
  const flight = changed(
    `${place.name}-dropped-${loss.seed}`,
    place.flight,
    { loss },
    {
      rows: (rows) => dropped(rows, loss),
    },
  );
  return { flight, pack: place.pack };
}

/** Frames come late, at wrong times, or not at all. */
export const BAD_TIMING: readonly Scenario[] = [
  {
    name: "late",
    kind: "adversarial",
    what: "results 0.1 to 2 s after capture, changing from frame to frame; and always 2 s",
    flights: [late(mixed, latencies(100, 2000)), late(town, 2000)],
  },
  {
    name: "stamps-wrong",
    kind: "adversarial",
    what: "all stamps late by 0.1, 0.3 and 0.5 s: attitude and position belong to another moment than the picture",
    flights: [stamps(town, 0.1), stamps(suburb, 0.3), stamps(mixed, 0.5)],
  },
  {
    name: "dropped",
    kind: "adversarial",
    what: "60 % of the frames are lost at random; and gaps of 8, 15 and 30 s",
    flights: [
      lossy(town, { share: 0.6, seed: 1, gaps_s: [] }),
      lossy(mixed, {
        share: 0.1,
        seed: 2,
        gaps_s: [
          [25, 33],
          [60, 75],
          [110, 140],
        ],
      }),
    ],
  },
];
