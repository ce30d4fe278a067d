import { z } from "zod";
import { UserError } from "../../../../tiles/errors.js";
import { unknownWord } from "../../../text/nearest.js";
import type { VehicleStatus } from "../../../vehicle/vehicle-state.js";
import { AGP_CONTROL } from "./global-position-sensor.js";
import { visionSetKnown, visionSetParameters, visionSetProblems } from "./parameter-problems.js";
import type { ParameterReader } from "./parameter-reader.js";
import { EV_DELAY } from "./px4-local.js";
import { isArdupilot, isPlane, isPx4, vehicleText } from "./vehicle-kind.js";

/** The ways of feeding an autopilot that a configuration can name. */
export const FEED_NAMES = [
  "global_position_sensor",
  "odometry",
  "vision_position_estimate",
  "external_position_estimate",
  "gps_input",
] as const;
export type FeedName = (typeof FEED_NAMES)[number];

/** `auto`: what this vehicle fuses best, by what it is and answers. GPS_INPUT is never chosen by itself. */
export const FEED_CHOICES = ["auto", ...FEED_NAMES] as const;
export type FeedChoice = (typeof FEED_CHOICES)[number];
export const feedChoiceSchema = z.enum(FEED_CHOICES);

/** A word of a user as a choice; a UserError names the nearest valid one. */
export function parseFeedChoice(word: string): FeedChoice {
  const parsed = feedChoiceSchema.safeParse(word);
  if (!parsed.success) throw new UserError(unknownWord("publisher", word, FEED_CHOICES));
  return parsed.data;
}

/** What to feed with and why, or what is still waited for. */
export type Choice =
  | { readonly feed: FeedName; readonly why: string }
  | { readonly feed: null; readonly why: string; readonly hopeless: boolean };

/**
 * Chooses the way of feeding. PX4 is probed by reading a parameter that only firmware with the GLOBAL_POSITION_SENSOR
 * receiver has; a plane of ArduPilot flies on vision only through a source set that says so.
 */
export class FeedChooser {
  readonly #choice: FeedChoice;
  readonly #parameters: ParameterReader;
  readonly #visionSet: number | null;

  /** `visionSet`: the ArduPilot source set that may be switched to, or null where switching is off. */
  constructor(choice: FeedChoice, parameters: ParameterReader, visionSet: number | null) {
    this.#choice = choice;
    this.#parameters = parameters;
    this.#visionSet = visionSet;
  }

  choose({ vehicle }: Pick<VehicleStatus, "vehicle">): Choice {
    if (this.#choice !== "auto") return { feed: this.#choice, why: "configured" };
    if (vehicle === null) return waiting("no HEARTBEAT of an autopilot yet");
    if (isPx4(vehicle)) return this.#px4();
    if (!isArdupilot(vehicle)) {
      return {
        feed: null,
        why: `${vehicleText(vehicle)} is neither PX4 nor ArduPilot: name a publisher`,
        hopeless: true,
      };
    }
    return isPlane(vehicle) ? this.#plane() : { feed: "vision_position_estimate", why: vehicleText(vehicle) };
  }

  #px4(): Choice {
    // The second one exists in every firmware: if neither is answered it is the link that is silent, not the firmware.
    this.#parameters.want([AGP_CONTROL, EV_DELAY]);
    const state = this.#parameters.state(AGP_CONTROL);
    if (state === "known") return { feed: "global_position_sensor", why: `PX4 with ${AGP_CONTROL}` };
    if (state === "absent") return { feed: "odometry", why: `PX4 without ${AGP_CONTROL}` };
    if (state === "unanswered" && this.#parameters.state(EV_DELAY) === "known") {
      return { feed: "odometry", why: `PX4 that does not answer for ${AGP_CONTROL}` };
    }
    return waiting(`${AGP_CONTROL} is ${state}`);
  }

  #plane(): Choice {
    const external = (why: string): Choice => ({ feed: "external_position_estimate", why: `ArduPilot plane, ${why}` });
    const set = this.#visionSet;
    if (set === null) return external("no source set to switch to");
    const names = visionSetParameters(set);
    this.#parameters.want(names);
    const problem = visionSetProblems(this.#parameters, set)[0];
    if (problem !== undefined) return external(problem);
    if (visionSetKnown(this.#parameters, set)) {
      return { feed: "vision_position_estimate", why: `ArduPilot plane with vision on source set ${set}` };
    }
    if (names.some((name) => ["absent", "unanswered"].includes(this.#parameters.state(name)))) {
      return external(`source set ${set} cannot be read`);
    }
    return waiting(`parameters of source set ${set} are not read yet`);
  }
}

function waiting(why: string): Choice {
  return { feed: null, why, hopeless: false };
}
