import { common } from "node-mavlink";
import { decodeAs } from "../mavlink/codec.js";
import type { MavlinkFrame } from "../mavlink/frame.js";
import { reach, type VehicleConfig } from "./config.js";
import { normalised, type Quaternion, quaternionFromEuler, slerp, turned } from "./quaternion.js";
import { TimeBuffer } from "./time-buffer.js";

/** No vehicle turns faster than this, radians per second: what is beyond it was never measured. */
const FASTEST_RATE = 100;
/** Angles beyond this are no angles, radians: yaw may come as 0..2 pi or as -pi..pi. */
const LARGEST_ANGLE = 10;

interface AttitudeSample {
  /** Boot time. */
  readonly t_us: number;
  readonly q: Quaternion;
  /** Body rates, rad/s about x, y, z; zeros where the message had none that can be true. */
  readonly rates: readonly [number, number, number];
}

/** Attitudes of the last seconds by boot time, from ATTITUDE and ATTITUDE_QUATERNION. */
export class AttitudeHistory {
  readonly #config: VehicleConfig;
  readonly #samples: TimeBuffer<AttitudeSample>;

  constructor(config: VehicleConfig) {
    this.#config = config;
    this.#samples = new TimeBuffer(config.history_s * 1e6);
  }

  /** Takes an ATTITUDE or ATTITUDE_QUATERNION; false if its values cannot be true or it is not newer than the last. */
  receive(frame: MavlinkFrame): boolean {
    const sample = frame.msgid === common.Attitude.MSG_ID ? fromEuler(frame) : fromQuaternion(frame);
    return sample !== null && this.#samples.push(sample);
  }

  /** Boot time of the newest attitude; null while there is none. */
  get newest_us(): number | null {
    return this.#samples.newest?.t_us ?? null;
  }

  /** The attitude at a boot time, turned on with the last rates for a moment after the newest message. */
  at(boot_us: number): Quaternion | null {
    const { attitude_gap_ms, attitude_hold_ms } = this.#config;
    const around = this.#samples.around(boot_us, reach(attitude_gap_ms, attitude_hold_ms));
    if (around === null) return null;
    const { before, after, fraction, since_us } = around;
    if (after === null) return turned(before.q, before.rates, since_us / 1e6);
    return slerp(before.q, after.q, fraction);
  }

  /** How fast roll and pitch change at a boot time, radians per second; 0 where that was not told. */
  turning(boot_us: number): number {
    const { attitude_gap_ms, attitude_hold_ms } = this.#config;
    const around = this.#samples.around(boot_us, reach(attitude_gap_ms, attitude_hold_ms));
    if (around === null) return 0;
    const [x, y] = around.before.rates;
    const [u, v] = around.after?.rates ?? around.before.rates;
    return Math.max(Math.hypot(x, y), Math.hypot(u, v));
  }

  clear(): void {
    this.#samples.clear();
  }
}

function fromEuler(frame: MavlinkFrame): AttitudeSample | null {
  const { timeBootMs, roll, pitch, yaw, rollspeed, pitchspeed, yawspeed } = decodeAs(frame, common.Attitude);
  // The comparison is false for NaN.
  if (![roll, pitch, yaw].every((angle) => Math.abs(angle) <= LARGEST_ANGLE)) return null;
  const q = quaternionFromEuler(roll, pitch, yaw);
  return { t_us: timeBootMs * 1000, q, rates: ratesOf(rollspeed, pitchspeed, yawspeed) };
}

function fromQuaternion(frame: MavlinkFrame): AttitudeSample | null {
  const { timeBootMs, q1, q2, q3, q4, rollspeed, pitchspeed, yawspeed } = decodeAs(frame, common.AttitudeQuaternion);
  const q = normalised([q1, q2, q3, q4]);
  if (q === null) return null;
  return { t_us: timeBootMs * 1000, q, rates: ratesOf(rollspeed, pitchspeed, yawspeed) };
}

function ratesOf(x: number, y: number, z: number): [number, number, number] {
  return [x, y, z].every((rate) => Math.abs(rate) <= FASTEST_RATE) ? [x, y, z] : [0, 0, 0];
}
