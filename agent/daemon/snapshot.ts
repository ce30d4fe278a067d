import type { CameraStatus } from "../camera/source.js";
import type { PublisherStatus } from "../mavlink/publishers/flight-publisher.js";
import type { NavigationSolution } from "../navigation/solution.js";
import type { VehicleStatus } from "../vehicle/vehicle-state.js";
import type { FrameResult } from "../vision/result.js";

/** State of one part of the daemon, as its supervisor sees it. */
export interface ComponentStatus {
  readonly name: string;
  readonly state: "stopped" | "starting" | "running" | "degraded" | "failed";
  /** Why it is in this state, in a line; empty when there is nothing to say. */
  readonly detail: string;
  readonly restarts: number;
}

/** Everything the daemon knows at one time: for the status page, the watchdog and tests. Plain data. */
export interface DaemonSnapshot {
  readonly t_us: number;
  readonly uptime_s: number;
  readonly components: readonly ComponentStatus[];
  readonly links: readonly {
    readonly url: string;
    readonly up: boolean;
    readonly received: number;
    readonly sent: number;
    readonly round_trip_us: number | null;
  }[];
  readonly vehicle: VehicleStatus;
  readonly camera: CameraStatus;
  readonly navigation: NavigationSolution;
  readonly publishers: readonly PublisherStatus[];
  /** The newest frame that vision has finished, without its picture; null before the first. */
  readonly frame: Pick<FrameResult, "t_us" | "reason" | "estimate" | "level" | "measures" | "stage_ms"> | null;
  /** Frames that vision took, and that it had to leave out because it was busy. */
  readonly vision: { readonly frames: number; readonly skipped: number };
  readonly pack: { readonly name: string; readonly cells: number };
}
