import type { CameraFrame } from "../camera/source.js";
import type { Scheduler } from "../mavlink/scheduler.js";
import type { Frame } from "../vision/frame.js";
import type { FrameResult } from "../vision/result.js";
import { NewestFirst } from "./newest-first.js";
import type { NavigatorPart, OdometryPart, VehiclePart, VisionPart } from "./parts.js";
import { type PosedFrame, PoseWait } from "./pose-wait.js";
import type { Component, Health } from "./supervisor.js";
import type { WorkerComponent } from "./worker-component.js";

/** So many frames in a row without a pose are worth telling. */
const MOST_MISSING = 5;

export interface FramePathOptions {
  readonly scheduler: Scheduler;
  readonly vehicle: Pick<VehiclePart, "poseAt" | "newestAttitude_us">;
  readonly navigator: Omit<NavigatorPart, "solutionAt">;
  readonly vision: WorkerComponent<VisionPart>;
  readonly odometry: WorkerComponent<OdometryPart>;
  /** Longest that a frame waits for later attitudes, milliseconds. */
  readonly pose_wait_ms: number;
  /** 1-sigma of the autopilot's heading, degrees. */
  readonly heading_sigma_deg: number;
  /** 1-sigma of the autopilot's velocity, metres per second. */
  readonly velocity_sigma_mps: number;
  /** A frame that vision has finished, and what navigation made of it. */
  readonly onResult: (result: FrameResult, frame: Frame, verdict: { accepted: boolean; reason: string | null }) => void;
}

/** What became of the camera's frames. */
export interface FramePathCounts {
  /** Finished by vision, and left out because it was busy or not there. */
  readonly frames: number;
  readonly skipped: number;
  /** No attitude of their moment came. */
  readonly no_attitude: number;
  /** Nothing told the height above ground. */
  readonly no_height: number;
}

/**
 * The way of a frame: it waits for its attitude, goes to odometry and to vision, and what they find goes to navigation.
 * Both keep at most one frame waiting, and the newest wins.
 */
export class FramePath implements Component {
  readonly name = "frames";
  readonly #options: FramePathOptions;
  readonly #poses: PoseWait;
  readonly #odometry: NewestFirst<{ readonly posed: PosedFrame; readonly frame: Frame | null }>;
  readonly #vision: NewestFirst<Frame>;
  #frames = 0;
  #unanswered = 0;
  #noHeight = 0;
  /** Frames one after the other that had no pose, and what was missing. */
  #missing = 0;
  #what = "";

  constructor(options: FramePathOptions) {
    this.#options = options;
    const { vehicle, scheduler, pose_wait_ms: wait_ms } = options;
    this.#poses = new PoseWait({
      vehicle,
      scheduler,
      wait_ms,
      ready: (posed) => this.#posed(posed),
      given_up: () => this.#miss("the attitude of their moment"),
    });
    this.#odometry = new NewestFirst(({ posed, frame }) => this.#observe(posed, frame));
    this.#vision = new NewestFirst((frame) => this.#localise(frame));
  }

  get counts(): FramePathCounts {
    return {
      frames: this.#frames,
      skipped: this.#vision.counts.skipped + this.#unanswered,
      no_attitude: this.#poses.dropped,
      no_height: this.#noHeight,
    };
  }

  /** A frame came from the camera. */
  add(frame: CameraFrame): void {
    this.#poses.add(frame);
  }

  /** The vehicle has told something: frames that waited may go. */
  look(): void {
    this.#poses.look();
  }

  start(): Promise<void> {
    return Promise.resolve();
  }

  /** Forgets what waits. */
  stop(): Promise<void> {
    this.#poses.clear();
    this.#odometry.clear();
    this.#vision.clear();
    return Promise.resolve();
  }

  health(): Health {
    if (this.#missing < MOST_MISSING) return { state: "running", detail: "" };
    return { state: "degraded", detail: `frames come without ${this.#what}` };
  }

  #miss(what: string): void {
    this.#missing++;
    this.#what = what;
  }

  #posed(posed: PosedFrame): void {
    const { agl } = posed.pose;
    const frame: Frame | null =
      agl === null
        ? null
        : {
            t_us: posed.frame.t_us,
            image: posed.frame.image,
            attitude: posed.pose.attitude,
            tilt_sigma_deg: posed.pose.tilt_sigma_deg,
            agl_m: agl.agl_m,
            yaw_sigma_deg: this.#options.heading_sigma_deg,
            agl_sigma_m: agl.sigma_m,
          };
    this.#odometry.offer({ posed, frame });
    if (frame === null) {
      this.#noHeight++;
      this.#miss("a height above ground: the autopilot tells no rangefinder, terrain or height over home");
    } else {
      this.#missing = 0;
      this.#vision.offer(frame);
    }
  }

  /** Velocity and odometry of one frame go to navigation together, so that the times of its inputs rise. */
  async #observe({ pose }: PosedFrame, frame: Frame | null): Promise<void> {
    const { navigator, odometry, velocity_sigma_mps } = this.#options;
    const step = frame === null ? null : await odometry.ask((client) => client.observe(frame));
    const sigma_mps = pose.velocity_own ? velocity_sigma_mps : null;
    if (pose.velocity_ne_mps !== null) navigator.onVelocity(pose.t_us, pose.velocity_ne_mps, sigma_mps);
    if (step !== null) navigator.onOdometry(step);
  }

  async #localise(frame: Frame): Promise<void> {
    const { navigator, vision, onResult } = this.#options;
    const near = navigator.neighbourhood(frame.t_us);
    const result = await vision.ask((client) => client.localise(frame, near));
    if (result === null) {
      this.#unanswered++;
      return;
    }
    this.#frames++;
    onResult(result, frame, navigator.onVision(result));
  }
}
