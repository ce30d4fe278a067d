import type { Fix } from "../../fix.js";
import { ARDUPILOT_FRAME } from "../local-frame.js";
import { encodeGlobalPositionSensor } from "./encoding.js";
import type { Built, MessagePublisher } from "./publisher.js";

/** How the vehicle moved on since a fix was captured. */
export interface Motion {
  readonly north_mps: number;
  readonly east_mps: number;
  /** The time to move the position to, on the clock of the fix, microseconds. */
  readonly to_t_us: number;
}

export interface GlobalPositionSensorOptions {
  /** Sensor id, 0..255. PX4 binds one of its slots (EKF2_AGPn_ID) to it: one id a link, never changed. Default 1. */
  readonly sensorId?: number;
  /**
   * Extrapolates: where this gives a motion, the position is moved on by it. Without it a fix is sent where it was
   * captured, and the same fix always gives the same bytes.
   */
  readonly motion?: (fix: Fix) => Motion | null;
}

/** Beyond this a constant velocity says little about where a vehicle is. */
const MAX_EXTRAPOLATION_US = 2_000_000;

/**
 * GLOBAL_POSITION_SENSOR (296), what PX4 fuses best (EKF2_AGPn): a global position with its 1-sigma error.
 *
 * PX4 stamps it on arrival and ignores `flags`, so there is no way to say "no fix" but to send nothing.
 */
export class GlobalPositionSensorPublisher implements MessagePublisher {
  readonly name = "global_position_sensor";
  readonly #sensorId: number;
  readonly #motion: ((fix: Fix) => Motion | null) | undefined;

  constructor(options: GlobalPositionSensorOptions = {}) {
    this.#sensorId = options.sensorId ?? 1;
    this.#motion = options.motion;
  }

  build(fix: Fix): Built {
    const motion = this.#motion?.(fix) ?? null;
    const at = motion === null ? fix : movedOn(fix, motion);
    if (at === null) return { skipped: "stale" };
    return { message: encodeGlobalPositionSensor({ ...at, alt_m: fix.alt_m, eph_m: fix.eph_m }, this.#sensorId) };
  }
}

/** The position of a fix at a later time, or null if that time is before the fix or too long after it. */
function movedOn(fix: Fix, motion: Motion): { t_us: number; lat_deg: number; lon_deg: number } | null {
  const age_us = Math.round(motion.to_t_us) - fix.t_us;
  const { north_mps, east_mps } = motion;
  if (!(age_us >= 0 && age_us <= MAX_EXTRAPOLATION_US)) return null;
  if (!Number.isFinite(north_mps) || !Number.isFinite(east_mps)) return null;
  const age_s = age_us / 1e6;
  // Over the some ten metres of an extrapolation one flat map is as good as another (0.1 %).
  const position = ARDUPILOT_FRAME.toGlobal(fix, { north_m: north_mps * age_s, east_m: east_mps * age_s });
  return { t_us: fix.t_us + age_us, ...position };
}
