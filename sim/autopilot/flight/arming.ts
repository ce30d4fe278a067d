import type { Gps } from "../body/gps.js";
import type { ArduPilotEkf } from "../ekf/ardupilot.js";
import type { BootTimes } from "../ekf/ardupilot-limits.js";
import type { GpsInputs } from "../gps-inputs.js";
import type { TwinOptions } from "../options.js";
import type { Situation } from "./commander.js";

/** VisOdom counts as healthy for this long after a message (measured). */
const VISION_HEALTHY_US = 300_000;
const GPS_FRESH_US = 1_000_000;
/** The recorded simulators say "Gyros inconsistent" for this long after power-on. */
const GYROS_US = 24_000_000;

const SECOND = 1_000_000;
/** Bit of ARMING_SKIPCHK for VisOdom (from ArduPilot's sources, not measured). */
const SKIP_VISION = 1 << 18;

/** Seconds from power-on to readiness. */
export function bootTimes(options: TwinOptions, plane: boolean): BootTimes {
  const at = (initialised: number, aligned: number, ready: number, origin: number, gps: number): BootTimes => ({
    initialised_us: initialised * SECOND,
    aligned_us: aligned * SECOND,
    ready_us: ready * SECOND,
    origin_us: origin * SECOND,
    gps_us: gps * SECOND,
  });
  if (options.start === "air") return at(0, 0, 0, 0, 0);
  if (options.boot === "quick") return at(0.5, 1, 1.5, 2, 2.5);
  return plane ? at(10.1, 11.2, 12.2, 19.3, 20.3) : at(4.3, 5.4, 5.9, 19.8, 41.5);
}

/** What the arming checks of ArduPilot look at. */
export interface ArmingInput {
  readonly options: TwinOptions;
  readonly ekf: ArduPilotEkf;
  readonly parameter: (name: string) => number;
  readonly gps: Gps;
  readonly inputs: GpsInputs;
  readonly needsPosition: boolean;
  readonly situation: Situation;
}

/** Why ArduPilot cannot be armed now, in its own words; null when it can. */
export function arduPilotArmingProblem(input: ArmingInput): string | null {
  const { options, ekf, parameter, gps, inputs, needsPosition, situation } = input;
  const now = situation.t_us;
  if (options.boot === "recorded" && now < GYROS_US) return "Gyros inconsistent";
  const visionChecked = parameter("VISO_TYPE") !== 0 && (parameter("ARMING_SKIPCHK") & SKIP_VISION) === 0;
  if (visionChecked && now - ekf.lastVision_us > VISION_HEALTHY_US) return "VisOdom: not healthy";
  if (parameter("GPS1_TYPE") === 1 && now - gps.lastAt_us > GPS_FRESH_US) return "GPS 1: Bad fix";
  const inputProblem = inputs.problem(now);
  if (inputProblem !== null) return inputProblem;
  if (Math.sqrt(ekf.recentPositionRatio) >= Math.max(parameter("FS_EKF_THRESH"), 0.5)) return "EKF position variance";
  const needed = needsPosition || parameter("ARSPD_TYPE") !== 0;
  if (needed && !situation.positionOk) return "Need Position Estimate";
  return null;
}
