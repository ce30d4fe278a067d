import { ardupilotmega, common, minimal } from "node-mavlink";
import { decodeAs } from "../mavlink/codec.js";
import type { MavlinkFrame } from "../mavlink/frame.js";
import type { VehicleConfig } from "./config.js";

/**
 * Bits of EKF_STATUS_REPORT.flags and ESTIMATOR_STATUS.flags. Up to 512 both mean the same; 1024 is "uninitialised" to
 * ArduPilot and "GPS glitch" to PX4.
 */
export const EKF_FLAGS = {
  attitude: 1,
  velocity_horizontal: 2,
  velocity_vertical: 4,
  position_horizontal_relative: 8,
  position_horizontal_absolute: 16,
  position_vertical_absolute: 32,
  height_above_ground: 64,
  constant_position: 128,
  predicted_relative: 256,
  predicted_absolute: 512,
  ardupilot_uninitialised: 1024,
} as const;

/** How strongly the EKF disagrees with what it is given: innovations as shares of their gates, 1 and more is refused. */
export interface EkfRatios {
  readonly velocity: number | null;
  readonly position_horizontal: number | null;
  readonly position_vertical: number | null;
  readonly compass: number | null;
  readonly terrain: number | null;
}

/**
 * Whether these flags say "absolute horizontal position, and not an invented one".
 *
 * ArduPilot: bit 16, without bit 128 (constant position: it holds the last one) and without bit 1024 (not initialised).
 * PX4: bit 16 together with 256 or 512 (something horizontal is being fused). There bit 128 says nothing, because a
 * vehicle at rest has it however well it is aided (recorded: 1023 on the ground, 895 in the air, on one feed).
 */
export function positionClaimed(flags: number, autopilot: number | undefined): boolean {
  if ((flags & EKF_FLAGS.position_horizontal_absolute) === 0) return false;
  if (autopilot === minimal.MavAutopilot.PX4) {
    return (flags & (EKF_FLAGS.predicted_relative | EKF_FLAGS.predicted_absolute)) !== 0;
  }
  return (flags & (EKF_FLAGS.constant_position | EKF_FLAGS.ardupilot_uninitialised)) === 0;
}

/**
 * Whether these flags say "horizontal velocity". ArduPilot keeps that bit in constant-position mode too, where it assumes
 * a velocity of zero.
 */
export function velocityClaimed(flags: number, autopilot: number | undefined): boolean {
  if ((flags & EKF_FLAGS.velocity_horizontal) === 0) return false;
  return autopilot === minimal.MavAutopilot.PX4 || (flags & EKF_FLAGS.constant_position) === 0;
}

/** What the autopilot's EKF says of itself, and since when. */
export class EkfState {
  readonly #config: VehicleConfig;
  #flags: number | null = null;
  #ratios: EkfRatios | null = null;
  #heard_us = 0;
  #claimedSince_us: number | null = null;

  constructor(config: VehicleConfig) {
    this.#config = config;
  }

  /** Takes an EKF_STATUS_REPORT or ESTIMATOR_STATUS that arrived at a time. */
  receive(frame: MavlinkFrame, now_us: number, autopilot: number | undefined): void {
    const { flags, ratios } =
      frame.msgid === ardupilotmega.EkfStatusReport.MSG_ID ? fromArduPilot(frame) : fromEstimatorStatus(frame);
    const silent = now_us - this.#heard_us > this.#config.status_timeout_ms * 1000;
    this.#flags = flags;
    this.#ratios = ratios;
    this.#heard_us = now_us;
    if (!positionClaimed(flags, autopilot)) this.#claimedSince_us = null;
    else if (this.#claimedSince_us === null || silent) this.#claimedSince_us = now_us;
  }

  /** The flags as they came; null when none came lately. */
  flags(now_us: number): number | null {
    return now_us - this.#heard_us <= this.#config.status_timeout_ms * 1000 ? this.#flags : null;
  }

  ratios(now_us: number): EkfRatios | null {
    return this.flags(now_us) === null ? null : this.#ratios;
  }

  /**
   * The EKF has said for long enough, without a break, that it has an absolute position. A flag that was good for a
   * second proves nothing: fed with ODOMETRY at 2 Hz, which never starts, PX4 raised all of them for 1.2 s.
   */
  positionValid(now_us: number): boolean | null {
    if (this.flags(now_us) === null) return null;
    const since_us = this.#claimedSince_us;
    return since_us !== null && now_us - since_us >= this.#config.ekf_settle_ms * 1000;
  }

  clear(): void {
    this.#flags = null;
    this.#ratios = null;
    this.#claimedSince_us = null;
  }
}

function fromArduPilot(frame: MavlinkFrame): { flags: number; ratios: EkfRatios } {
  const report = decodeAs(frame, ardupilotmega.EkfStatusReport);
  return {
    flags: report.flags,
    ratios: {
      velocity: finiteOrNull(report.velocityVariance),
      position_horizontal: finiteOrNull(report.posHorizVariance),
      position_vertical: finiteOrNull(report.posVertVariance),
      compass: finiteOrNull(report.compassVariance),
      terrain: finiteOrNull(report.terrainAltVariance),
    },
  };
}

function fromEstimatorStatus(frame: MavlinkFrame): { flags: number; ratios: EkfRatios } {
  const status = decodeAs(frame, common.EstimatorStatus);
  return {
    flags: status.flags,
    ratios: {
      velocity: finiteOrNull(status.velRatio),
      position_horizontal: finiteOrNull(status.posHorizRatio),
      position_vertical: finiteOrNull(status.posVertRatio),
      compass: finiteOrNull(status.magRatio),
      terrain: finiteOrNull(status.haglRatio),
    },
  };
}

function finiteOrNull(value: number): number | null {
  return Number.isFinite(value) && value >= 0 ? value : null;
}
