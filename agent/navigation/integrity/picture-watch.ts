import type { PositionFix } from "../estimator/estimator.js";
import { turned, type Vector } from "../motion.js";
import { HeardWay } from "./heard-way.js";
import { StillPicture } from "./still-picture.js";

/** A frozen picture makes everything seen in this time before it worthless too, microseconds. */
const FROZEN_US = 1_000_000;

/** Do the pictures still come from the camera, or is one shown again and again? */
export class PictureWatch {
  private readonly still = new StillPicture();
  private readonly way = new HeardWay();
  private until_us = Number.NEGATIVE_INFINITY;

  /** The autopilot told its velocity over ground, metres per second. */
  heard(t_us: number, velocity: { readonly north: number; readonly east: number }): void {
    this.way.heard(t_us, velocity);
  }

  /** Odometry saw the very same picture again. */
  repeated(t_us: number): void {
    this.until_us = t_us + FROZEN_US;
  }

  /**
   * Takes a believable fix; true when its frame shows the same ground again under another attitude.
   *
   * @param patch_offset from the vehicle to the ground in the middle of the frame, with the reported attitude
   */
  standsStill(fix: PositionFix, patch_offset: Vector): boolean {
    const lever = turned(patch_offset, ((fix.heading?.offset_deg ?? 0) * Math.PI) / 180);
    const ground = { north_m: fix.north_m + lever.north_m, east_m: fix.east_m + lever.east_m };
    const stands = this.still.observe(fix.t_us, ground, lever, (from_us, to_us) => this.way.between(from_us, to_us));
    if (stands) this.repeated(fix.t_us);
    return stands;
  }

  /** Is what was seen at a time worthless? */
  frozen(t_us: number): boolean {
    return t_us <= this.until_us;
  }
}
