import { minimal } from "node-mavlink";
import type { Vehicle } from "../mavlink/identity.js";
import type { FeedChoice } from "../mavlink/publishers/flight/choose.js";
import { airframeOf } from "../vehicle/modes.js";
import { type AgentValues, forAgent, type ParamSetup } from "./rules.js";
import {
  ARDUPILOT_SETUPS,
  COPTER_GPS_INPUT,
  COPTER_VISION_ALONE,
  PLANE_EXTERNAL_POSITION,
  visionBesideGps,
} from "./rules-ardupilot.js";
import { PX4_GLOBAL_POSITION_SENSOR, PX4_ODOMETRY_DELAY, PX4_ODOMETRY_TIMESYNC, PX4_SETUPS } from "./rules-px4.js";

/** Every setup that has a parameter file. */
export const SETUPS: readonly ParamSetup[] = [...PX4_SETUPS, ...ARDUPILOT_SETUPS];

/** What decides which setup is the right one. */
export interface SetupChoice {
  readonly publisher: FeedChoice;
  /** The agent answers the autopilot's TIMESYNC. */
  readonly answersTimesync: boolean;
  /** The agent changes over to vision's source set when GPS is lost. */
  readonly switchesSets: boolean;
  /** The source set that vision has; null: 1 without GPS, else 2. */
  readonly visionSet: number | null;
  readonly gpsSet: number;
  /** `[autopilot] kind`: the family that is expected. */
  readonly kind: "auto" | "px4" | "ardupilot";
  readonly agent: AgentValues;
}

/** What the vehicle says of itself when asked. */
export interface VehicleFacts {
  readonly vehicle: Pick<Vehicle, "autopilot" | "type">;
  /** PX4 with the receiver for GLOBAL_POSITION_SENSOR. */
  readonly hasGlobalPositionSensor: boolean;
  /** ArduPilot has a GPS configured. */
  readonly hasGps: boolean;
}

/** The setup to check against; in its place why there is none. */
export type SetupAnswer = { readonly setup: ParamSetup } | { readonly reason: string };

/** Which autopilots the doctor knows. */
export function familyOf(autopilot: number): "px4" | "ardupilot" | null {
  if (autopilot === minimal.MavAutopilot.PX4) return "px4";
  return autopilot === minimal.MavAutopilot.ARDUPILOTMEGA ? "ardupilot" : null;
}

/** Chooses what the parameters of this vehicle must be for this way of publishing. */
export function chooseSetup(choice: SetupChoice, facts: VehicleFacts): SetupAnswer {
  const family = familyOf(facts.vehicle.autopilot);
  if (family !== null && choice.kind !== "auto" && choice.kind !== family) {
    return {
      reason: `the configuration says kind = "${choice.kind}", but this is ${family === "px4" ? "PX4" : "ArduPilot"}`,
    };
  }
  if (family !== null) {
    const answer = family === "px4" ? choosePx4(choice, facts) : chooseArduPilot(choice, facts);
    return "setup" in answer ? { setup: forAgent(answer.setup, choice.agent) } : answer;
  }
  return { reason: `autopilot ${facts.vehicle.autopilot} is neither PX4 (12) nor ArduPilot (3): no rules for it` };
}

function choosePx4(
  { publisher, answersTimesync }: SetupChoice,
  { hasGlobalPositionSensor }: VehicleFacts,
): SetupAnswer {
  const odometry = { setup: answersTimesync ? PX4_ODOMETRY_TIMESYNC : PX4_ODOMETRY_DELAY };
  switch (publisher) {
    case "auto":
      return hasGlobalPositionSensor ? { setup: PX4_GLOBAL_POSITION_SENSOR } : odometry;
    case "global_position_sensor":
      return { setup: PX4_GLOBAL_POSITION_SENSOR };
    case "odometry":
    case "vision_position_estimate":
      return odometry;
    case "gps_input":
      return { reason: 'PX4 ignores GPS_INPUT; use publisher "global_position_sensor" or "odometry"' };
    case "external_position_estimate":
      return {
        reason:
          'PX4 loses its position between commands 43003 and lands; use publisher "global_position_sensor" or "odometry"',
      };
  }
}

function chooseArduPilot(choice: SetupChoice, { vehicle, hasGps }: VehicleFacts): SetupAnswer {
  const { publisher, gpsSet, switchesSets } = choice;
  const airframe = airframeOf(vehicle.type);
  if (airframe === "other")
    return { reason: "ArduPilot's rovers, boats and others are not supported: copters and planes are" };
  if (publisher === "global_position_sensor") {
    return {
      reason:
        'ArduPilot has no receiver for GLOBAL_POSITION_SENSOR yet (pull request #31738); use "vision_position_estimate"',
    };
  }
  const visionSet = choice.visionSet ?? (hasGps || airframe === "plane" ? 2 : 1);
  if (airframe === "plane") {
    const external = publisher === "external_position_estimate" || (publisher === "auto" && !switchesSets);
    if (external) return { setup: PLANE_EXTERNAL_POSITION };
    if (publisher === "gps_input") return { reason: "GPS_INPUT was not tried on planes: no rules for it" };
    if (visionSet === gpsSet)
      return { reason: "a plane needs GPS on a source set of its own: EKF3 does not begin without" };
    return { setup: visionBesideGps("plane", visionSet, gpsSet) };
  }
  if (publisher === "external_position_estimate") {
    return { reason: 'command 43003 makes copters land; use publisher "vision_position_estimate"' };
  }
  if (publisher === "gps_input") return { setup: COPTER_GPS_INPUT };
  if (visionSet === 1 && !switchesSets) return { setup: COPTER_VISION_ALONE };
  return { setup: visionBesideGps("copter", visionSet, gpsSet) };
}
