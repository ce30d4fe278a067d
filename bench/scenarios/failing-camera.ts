import type { LensCover } from "../../sim/camera/cover.js";
import { type Night, TOWN_NIGHT } from "../../sim/camera/night.js";
import { changed } from "./changed-flight.js";
import { byNight, covered, sentAgain } from "./picture-changes.js";
import { PLACES, type Place } from "./places.js";
import { cut, frozen } from "./row-changes.js";
import type { Scenario, ScenarioFlight } from "./scenario.js";

const { town, suburb, mixed } = PLACES;
const FRAMES = 120;

/** Twenty minutes after sunset: the sky still gives some light. */
const DUSK: Night = { ...TOWN_NIGHT, ambient: 0.09, full_electrons: 3000, gain: 4 };

/** @param noise_levels of the picture when it is sent again; 0 = the very same file */
function freeze(place: Place, from: number, to: number, noise_levels: number): ScenarioFlight {
  const recipe = { frozen: [from, to], noise_levels, frames: FRAMES };
  const flight = changed(`${place.name}-frozen-${from}`, place.flight, recipe, {
    rows: (rows) => frozen(cut(rows, 0, FRAMES), from, to),
    ...(noise_levels === 0 ? {} : { picture: sentAgain(from, to, noise_levels, 9) }),
  });
  return { flight, pack: place.pack };
}

function cover(place: Place, what: LensCover, from: number, to: number): ScenarioFlight {
  const flight = changed(
    `${place.name}-${what}`,
    place.flight,
    { what, from, to, frames: FRAMES },
    {
      rows: (rows) => cut(rows, 0, FRAMES),
      picture: covered(what, from, to, 5),
    },
  );
  return { flight, pack: place.pack };
}

function dark(place: Place, name: string, night: Night): ScenarioFlight {
  const flight = changed(
    `${place.name}-${name}`,
    place.flight,
    { night, frames: FRAMES },
    {
      rows: (rows) => cut(rows, 0, FRAMES),
      picture: byNight(night, place.land.origin, 77),
    },
  );
  return { flight, pack: place.pack };
}

/** The camera does not show what it should. */
export const FAILING_CAMERA: readonly Scenario[] = [
  {
    name: "frozen",
    kind: "adversarial",
    what: "the picture stands still while the vehicle flies on: after 20 s for 30 s; from the start for 40 s; with fresh noise",
    flights: [freeze(mixed, 40, 100, 0), freeze(suburb, 0, 80, 0), freeze(suburb, 40, 100, 2)],
  },
  {
    name: "covered",
    kind: "adversarial",
    what: "after 15 s a cap or mud is on the lens for 30 s",
    flights: [cover(suburb, "cap", 30, 90), cover(town, "mud", 30, 90)],
  },
  {
    name: "night",
    kind: "adversarial",
    what: "lamplight and sensor noise in place of the sun; and dusk",
    flights: [dark(town, "night", TOWN_NIGHT), dark(suburb, "dusk", DUSK)],
  },
];
