import type { FrameImage } from "../vision/frame.js";

/** One picture of a camera. */
export interface CameraFrame {
  /** Capture time on the agent's monotonic clock, microseconds; rises strictly. */
  readonly t_us: number;
  readonly image: FrameImage;
}

/** What a camera is doing, for the status page and the supervisor. */
export interface CameraStatus {
  readonly state: "stopped" | "starting" | "running" | "failed";
  /** Why it is not running; null when it is. */
  readonly detail: string | null;
  /** Frames delivered since the start. */
  readonly frames: number;
  /** Frames that came and were not delivered (damaged, time going back). */
  readonly dropped: number;
  /** Capture time of the newest frame; null before the first. */
  readonly last_t_us: number | null;
}

/**
 * A source of frames. It never queues: a frame is handed over when it is there, and a source that breaks starts again by
 * itself with growing pauses until it is stopped.
 */
export interface CameraSource {
  readonly name: string;
  readonly status: CameraStatus;
  /** Calls `listener` with every frame until the returned function is called. */
  onFrame(listener: (frame: CameraFrame) => void): () => void;
  /** Begins; resolves when the source runs or has begun to try. Throws UserError for what can never work. */
  start(): Promise<void>;
  /** Ends the source and everything it started; resolves within a second. */
  stop(): Promise<void>;
}
