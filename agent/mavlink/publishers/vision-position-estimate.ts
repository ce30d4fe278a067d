import type { Fix } from "../../fix.js";
import { localFrameOf } from "../local-frame.js";
import type { GeoOrigin } from "../origin.js";
import { encodeVisionPosition } from "./encoding.js";
import type { Built, MessagePublisher, PublishContext } from "./publisher.js";

/** Beyond this the flat maps of the autopilots are no positions any more, and the origin is most likely a wrong one. */
export const MAX_FROM_ORIGIN_M = 100_000;

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

    const message = encodeVisionPosition({
      t_us: fix.t_us,
      offset: { north_m, east_m },
      down_m: fix.alt_m === null ? 0 : origin.alt_m - fix.alt_m,
      cov_ne_m2: fix.cov_ne_m2,
      resetCounter: this.#resetCounter,
    });
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
