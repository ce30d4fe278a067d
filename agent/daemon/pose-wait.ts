import type { CameraFrame } from "../camera/source.js";
import type { Scheduler } from "../mavlink/scheduler.js";
import type { VehiclePose } from "../vehicle/vehicle-state.js";
import type { VehiclePart } from "./parts.js";

/** Frames that wait for their attitude at one time; more come only from a camera that is faster than any use. */
const MOST_WAITING = 16;
/** How often waiting frames are looked at when no message of the vehicle does it, milliseconds. */
const LOOK_MS = 20;

/** A frame with the pose of the moment of its capture. */
export interface PosedFrame {
  readonly frame: CameraFrame;
  readonly pose: VehiclePose;
}

export interface PoseWaitOptions {
  readonly vehicle: Pick<VehiclePart, "poseAt" | "newestAttitude_us">;
  readonly scheduler: Scheduler;
  /** Longest that a frame waits for later attitudes, milliseconds. */
  readonly wait_ms: number;
  /** Takes the frames, in the order of capture. */
  readonly ready: (posed: PosedFrame) => void;
  /** A frame was given up: no attitude of its moment came. */
  readonly given_up?: () => void;
}

/**
 * Holds frames back until the attitude of their moment is known: attitudes arrive after the frame that they belong to,
 * and a pose between two messages is far better than one carried on from the last.
 */
export class PoseWait {
  readonly #options: PoseWaitOptions;
  #waiting: { readonly frame: CameraFrame; readonly until_us: number }[] = [];
  #cancel: (() => void) | null = null;
  #dropped = 0;

  constructor(options: PoseWaitOptions) {
    this.#options = options;
  }

  /** Frames given up, because no attitude of their moment came. */
  get dropped(): number {
    return this.#dropped;
  }

  add(frame: CameraFrame): void {
    const until_us = this.#options.scheduler.now_us() + this.#options.wait_ms * 1000;
    this.#waiting.push({ frame, until_us });
    if (this.#waiting.length > MOST_WAITING) {
      this.#waiting.shift();
      this.#giveUp();
    }
    this.look();
  }

  /** Looks whether frames can go; call it when the vehicle has told something. */
  look(): void {
    const { vehicle, scheduler, ready } = this.#options;
    const now_us = scheduler.now_us();
    for (let first = this.#waiting[0]; first !== undefined; first = this.#waiting[0]) {
      const { t_us } = first.frame;
      const known = (vehicle.newestAttitude_us ?? Number.NEGATIVE_INFINITY) >= t_us;
      if (!known && now_us < first.until_us) break;
      this.#waiting.shift();
      const pose = vehicle.poseAt(t_us);
      if (pose === null) this.#giveUp();
      else ready({ frame: first.frame, pose });
    }
    if (this.#waiting.length === 0) this.clear();
    else if (this.#cancel === null) {
      this.#cancel = scheduler.after(LOOK_MS, () => {
        this.#cancel = null;
        this.look();
      });
    }
  }

  #giveUp(): void {
    this.#dropped++;
    this.#options.given_up?.();
  }

  /** Forgets what waits. */
  clear(): void {
    this.#cancel?.();
    this.#cancel = null;
    this.#waiting = [];
  }
}
