import { common } from "node-mavlink";
import { decodeAs } from "../mavlink/codec.js";
import type { MavlinkFrame } from "../mavlink/frame.js";
import { reach, type VehicleConfig } from "./config.js";
import { TimeBuffer, type Timed } from "./time-buffer.js";

/** Faster than anything that carries this agent, metres per second. */
const FASTEST_MPS = 200;

/** Velocity in NED, metres per second. */
export interface Velocity {
  readonly north: number;
  readonly east: number;
  readonly down: number;
}

type VelocitySample = Velocity & Timed;

/** Velocities of the last seconds by boot time: LOCAL_POSITION_NED, and GLOBAL_POSITION_INT where that is not sent. */
export class VelocityHistory {
  readonly #config: VehicleConfig;
  readonly #local: TimeBuffer<VelocitySample>;
  readonly #global: TimeBuffer<VelocitySample>;

  constructor(config: VehicleConfig) {
    this.#config = config;
    this.#local = new TimeBuffer(config.history_s * 1e6);
    this.#global = new TimeBuffer(config.history_s * 1e6);
  }

  /** Takes a LOCAL_POSITION_NED or GLOBAL_POSITION_INT; false if it tells no velocity. */
  receive(frame: MavlinkFrame): boolean {
    if (frame.msgid === common.LocalPositionNed.MSG_ID) {
      const { timeBootMs, vx, vy, vz } = decodeAs(frame, common.LocalPositionNed);
      return keep(this.#local, timeBootMs, [vx, vy, vz]);
    }
    const { timeBootMs, vx, vy, vz } = decodeAs(frame, common.GlobalPositionInt);
    // The ends of int16 stand for "not known" and for what did not fit.
    if ([vx, vy, vz].some((value) => value <= -32768 || value >= 32767)) return false;
    return keep(this.#global, timeBootMs, [vx / 100, vy / 100, vz / 100]);
  }

  /** The velocity at a boot time, held for a moment after the newest message. */
  at(boot_us: number): Velocity | null {
    const limits = reach(this.#config.velocity_gap_ms, this.#config.velocity_hold_ms);
    const around = this.#local.around(boot_us, limits) ?? this.#global.around(boot_us, limits);
    if (around === null) return null;
    const { before, after, fraction } = around;
    if (after === null) return { north: before.north, east: before.east, down: before.down };
    const mix = (a: number, b: number) => a + fraction * (b - a);
    return {
      north: mix(before.north, after.north),
      east: mix(before.east, after.east),
      down: mix(before.down, after.down),
    };
  }

  clear(): void {
    this.#local.clear();
    this.#global.clear();
  }
}

function keep(buffer: TimeBuffer<VelocitySample>, boot_ms: number, [north, east, down]: [number, number, number]) {
  // The comparison is false for NaN.
  if (![north, east, down].every((value) => Math.abs(value) <= FASTEST_MPS)) return false;
  return buffer.push({ t_us: boot_ms * 1000, north, east, down });
}
