import { changed } from "./changed-flight.js";
import { PLACES, type Place } from "./places.js";
import { cut, headingOff, heightOff } from "./row-changes.js";
import type { Scenario, ScenarioFlight } from "./scenario.js";

const FRAMES = 120;
/** In the second flight of each lie it begins when the agent has been finding itself for 30 s. */
const LATER = 60;

function lies(name: string, kind: "heading" | "height", size: number): ScenarioFlight[] {
  const one = (place: Place, from: number): ScenarioFlight => ({
    flight: changed(
      `${place.name}-${name}-${from}`,
      place.flight,
      { kind, size, from, frames: FRAMES },
      {
        rows: (rows) => {
          const some = cut(rows, 0, FRAMES);
          return kind === "heading" ? headingOff(some, size, from) : heightOff(some, size, from);
        },
      },
    ),
    pack: place.pack,
  });
  return [one(PLACES.suburb, 0), one(PLACES.town, LATER)];
}

function heading(error_deg: number): Scenario {
  const name = `heading-${error_deg}`;
  return {
    name,
    kind: "adversarial",
    what: `the heading is wrong by ${error_deg}° and said to be good to 3°; once from the start, once after 30 s`,
    flights: lies(name, "heading", error_deg),
  };
}

function height(factor: number): Scenario {
  const percent = Math.round((factor - 1) * 100);
  const name = `height-${factor > 1 ? "plus" : "minus"}-${Math.abs(percent)}`;
  return {
    name,
    kind: "adversarial",
    what: `the height is wrong by ${percent} % and said to be good to 2 %; once from the start, once after 30 s`,
    flights: lies(name, "height", factor),
  };
}

/** The autopilot's numbers are wrong, and their sigmas do not say so. */
export const LYING_AUTOPILOT: readonly Scenario[] = [heading(15), heading(90), heading(180), height(1.3), height(0.7)];
