import type { MavlinkFrame } from "../../frame.js";
import type { LocalVelocity } from "../encoding.js";
import { OwnVerticalSpeed } from "./own-vertical-speed.js";
import type { PositionSample } from "./position-sample.js";

/** PX4's switch for what it takes from ODOMETRY: 1 horizontal position, 4 velocity. */
export const EV_CONTROL = "EKF2_EV_CTRL";
export const EV_VELOCITY_BIT = 4;

/**
 * Velocities this near in time have the same error: they come from one step of odometry. PX4 takes each for a new one, so
 * the variance is stated as many times larger as velocities are sent in this time.
 *
 * Too sure a velocity would be worse than none. When PX4 corrects its tilt, the ground that the camera sees moves by the
 * height times the correction, and odometry takes that for a motion: PX4 must correct its tilt slower than the square root
 * of gravity over height (0.3 rad/s at 80 m), or it follows its own corrections.
 */
const SAME_ERROR_S = 0.4;

/**
 * What PX4 is told of the velocity over ground. Without a velocity that does not come from its own accelerometers its tilt
 * goes wrong in flight; the position from the map is computed with that tilt.
 */
export class Px4Velocity {
  readonly #factor: number;
  readonly #vertical = new OwnVerticalSpeed();

  /** @param rate_hz how often a velocity is sent */
  constructor(rate_hz: number) {
    this.#factor = Math.max(1, rate_hz * SAME_ERROR_S);
  }

  /** Takes a frame of the vehicle. */
  receive(frame: MavlinkFrame): void {
    this.#vertical.receive(frame);
  }

  of({ velocity_ne_mps, velocity_sigma_mps }: PositionSample): LocalVelocity {
    return {
      ...velocity_ne_mps,
      down: this.#vertical.down_mps,
      variance_m2ps2: (this.#factor * velocity_sigma_mps ** 2) / 2,
    };
  }
}
