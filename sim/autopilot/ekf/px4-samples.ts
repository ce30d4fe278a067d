/** A GLOBAL_POSITION_SENSOR: nothing else in the message has any effect. */
export interface GlobalSample {
  readonly arrival_us: number;
  readonly lat_deg: number;
  readonly lon_deg: number;
  readonly eph_m: number;
}

/** An ODOMETRY or VISION_POSITION_ESTIMATE. */
export interface VisionSample {
  /** The time stamp brought onto the autopilot's clock, once TIMESYNC has converged; null before. */
  readonly synced_us: number | null;
  readonly arrival_us: number;
  /** NaN where the message has a velocity only. */
  readonly north_m: number;
  readonly east_m: number;
  /** Deviation of one axis, metres; NaN where unknown. */
  readonly sigma_m: number;
  /** With the deviation of one axis, m/s; null where it is not stated. */
  readonly velocity: { readonly vn_mps: number; readonly ve_mps: number; readonly sigma_mps: number | null } | null;
}

/** A sample and the time it is true at, on the autopilot's clock. */
export interface Timed<T> {
  readonly t_us: number;
  readonly sample: T;
}

/** ODOMETRY: gaps that it starts with and goes on with, and how many good ones it takes. */
const START_GAP_US = 200_000;
const GO_ON_GAP_US = 400_000;
const START_COUNT = 3;

/** Whether external vision comes often enough: PX4 starts it below 200 ms between samples and stops it above 400 ms. */
export class VisionRhythm {
  #stamp_us = Number.NEGATIVE_INFINITY;
  #seen_us = Number.NEGATIVE_INFINITY;
  #good = 0;

  /** A sample with this time came now. */
  sample(t_us: number, now_us: number): void {
    this.#good = t_us - this.#stamp_us < START_GAP_US ? this.#good + 1 : 0;
    this.#stamp_us = t_us;
    this.#seen_us = now_us;
  }

  get mayStart(): boolean {
    return this.#good >= START_COUNT;
  }

  /** It has fallen silent for too long. */
  stopped(now_us: number): boolean {
    if (now_us - this.#seen_us <= GO_ON_GAP_US) return false;
    this.#good = 0;
    return true;
  }
}

/** Takes the samples whose time has come out of a queue. */
export function due<T>(queue: Timed<T>[], horizon_us: number): T[] {
  const out: T[] = [];
  while (queue[0] !== undefined && queue[0].t_us <= horizon_us + 1) {
    const first = queue.shift();
    if (first !== undefined) out.push(first.sample);
  }
  return out;
}
