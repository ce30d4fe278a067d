import type { ParameterReader } from "./parameter-reader.js";

/** Source of EK3_SRCn_*: 6 is external navigation, 5 optical flow, 3 GPS. */
const SOURCE = { none: 0, gps: 3, opticalFlow: 5, externalNavigation: 6 } as const;
const PX4_HORIZONTAL_BIT = 1;

/** Parameters that say whether an ArduPilot source set takes VISION_POSITION_ESTIMATE or ODOMETRY. */
export function visionSetParameters(set: number): readonly string[] {
  return ["VISO_TYPE", ...["POSXY", "VELXY", "POSZ", "YAW"].map((what) => `EK3_SRC${set}_${what}`)];
}

/**
 * What keeps an ArduPilot source set from flying on vision alone, as far as its parameters are known: a line each, with
 * the value to set. Unconfigured sets are accepted by the switch and stop the aiding, so this is asked before.
 */
export function visionSetProblems(parameters: ParameterReader, set: number): readonly string[] {
  const problems: string[] = [];
  const check = (name: string, right: (value: number) => boolean, wanted: number) => {
    const value = parameters.value(name);
    if (value !== null && !right(value)) problems.push(`${name} is ${value}, set ${wanted}`);
  };
  check("VISO_TYPE", (value) => value > 0, 1);
  check(`EK3_SRC${set}_POSXY`, (value) => value === SOURCE.externalNavigation, SOURCE.externalNavigation);
  check(`EK3_SRC${set}_VELXY`, (value) => value === SOURCE.none || value === SOURCE.opticalFlow, SOURCE.none);
  // A match with an ortho-map gives neither height nor yaw: what the message has in their place must not be flown on.
  check(`EK3_SRC${set}_POSZ`, (value) => value !== SOURCE.externalNavigation && value !== SOURCE.gps, 1);
  check(`EK3_SRC${set}_YAW`, (value) => value !== SOURCE.externalNavigation && value !== SOURCE.gps - 1, 1);
  return problems;
}

/** Whether all parameters of the set have been read. */
export function visionSetKnown(parameters: ParameterReader, set: number): boolean {
  return visionSetParameters(set).every((name) => parameters.state(name) === "known");
}

/** Positions this noisy or more are what vision gives; a smaller VISO_POS_M_NSE makes the EKF reject them. */
const MIN_VISION_NOISE_M = 1;
/** ArduPilot's floor of the error of vision positions, metres. */
export const VISION_NOISE = "VISO_POS_M_NSE";

/** What makes ArduPilot reject good positions, though the source set is right: a line each. */
export function visionNoiseProblems(parameters: ParameterReader): readonly string[] {
  const value = parameters.value(VISION_NOISE);
  return value !== null && value < MIN_VISION_NOISE_M ? [`${VISION_NOISE} is ${value.toFixed(2)}, set 5`] : [];
}

/** The sensor id that PX4's first slot waits for; slots are made at boot. */
export const AGP_ID = "EKF2_AGP0_ID";

/** What keeps PX4 from binding its slot to our sensor id. */
export function px4SlotProblems(parameters: ParameterReader, sensorId: number): readonly string[] {
  const value = parameters.value(AGP_ID);
  return value === null || value === sensorId ? [] : [`${AGP_ID} is ${value}, set ${sensorId} and reboot`];
}

/** PX4's switch for a source of horizontal positions: EKF2_AGP0_CTRL or EKF2_EV_CTRL. */
export function px4ControlProblems(parameters: ParameterReader, name: string): readonly string[] {
  const value = parameters.value(name);
  if (value === null || (value & PX4_HORIZONTAL_BIT) !== 0) return [];
  return [`${name} is ${value}, set ${value | PX4_HORIZONTAL_BIT}`];
}
