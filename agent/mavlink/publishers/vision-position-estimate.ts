import { common } from "node-mavlink";
import type { Fix } from "../../fix.js";
import { localFrameOf } from "../local-frame.js";
import type { GeoOrigin } from "../origin.js";
import type { Built, MessagePublisher, PublishContext } from "./publisher.js";

/** Beyond this the flat maps of the autopilots are no positions any more, and the origin is most likely a wrong one. */
const MAX_FROM_ORIGIN_M = 100_000;
/**
 * Vertical variance, m2. ArduPilot makes one error for all axes out of the three variances (cbrt(c0^2 + c6^2 + c11^2)),
 * so an honest large one here would take the weight from the horizontal fix. Height must not be fused from this message.
 */
const VERTICAL_VARIANCE_M2 = 1;
/** Variance of the angles, rad2: as good as unknown (pi squared). */
const ANGLE_VARIANCE_RAD2 = Math.PI * Math.PI;

/**
 * VISION_POSITION_ESTIMATE (102), what ArduPilot copters fly on: a local position, metres north/east/down of the
 * vehicle's origin, with its covariance.
 *
 * `reset_counter` changes in the very message that jumps: with a fix marked `reset`, and with a new origin. The same fix
 * sent again keeps its time and its counter (ArduPilot stays healthy on repeats and does not fuse them twice).
 */
export class VisionPositionEstimatePublisher implements MessagePublisher {
  readonly name = "vision_position_estimate";
  #resetCounter = 0;
  /** Capture time of the last fix that counted as a jump, so that a repeat of it does not count again. */
  #resetAt_us = -1;
  #origin: GeoOrigin | null = null;

  build(fix: Fix, context: PublishContext): Built {
    const { origin } = context;
    if (origin === null) return { skipped: "no_origin" };
    const { north_m, east_m } = localFrameOf(context.vehicle?.autopilot).toLocal(origin, fix);
    if (Math.hypot(north_m, east_m) > MAX_FROM_ORIGIN_M) return { skipped: "too_far_from_origin" };
    this.#countJumps(fix, origin);

    const message = new common.VisionPositionEstimate();
    message.usec = BigInt(fix.t_us);
    message.x = north_m;
    message.y = east_m;
    message.z = fix.alt_m === null ? 0 : origin.alt_m - fix.alt_m;
    message.roll = 0;
    message.pitch = 0;
    message.yaw = 0;
    message.covariance = covarianceOf(fix);
    message.resetCounter = this.#resetCounter;
    return { message };
  }

  #countJumps(fix: Fix, origin: GeoOrigin): void {
    const before = this.#origin;
    const originMoved =
      before !== null &&
      (before.lat_deg !== origin.lat_deg || before.lon_deg !== origin.lon_deg || before.alt_m !== origin.alt_m);
    const jumps = fix.reset && fix.t_us !== this.#resetAt_us;
    if (jumps) this.#resetAt_us = fix.t_us;
    if (jumps || originMoved) this.#resetCounter = (this.#resetCounter + 1) & 0xff;
    this.#origin = origin;
  }
}

/** Upper triangle, row by row, of the covariance over x, y, z, roll, pitch, yaw. */
function covarianceOf(fix: Fix): number[] {
  const covariance = new Array<number>(21).fill(0);
  covariance[0] = fix.cov_ne_m2.nn;
  covariance[1] = fix.cov_ne_m2.ne;
  covariance[6] = fix.cov_ne_m2.ee;
  covariance[11] = VERTICAL_VARIANCE_M2;
  covariance[15] = ANGLE_VARIANCE_RAD2;
  covariance[18] = ANGLE_VARIANCE_RAD2;
  covariance[20] = ANGLE_VARIANCE_RAD2;
  return covariance;
}
