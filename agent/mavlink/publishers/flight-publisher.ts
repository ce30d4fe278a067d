import type { MavLinkData } from "node-mavlink";
import type { NavigationSolution } from "../../navigation/solution.js";
import type { VehicleStatus } from "../../vehicle/vehicle-state.js";
import type { MavlinkFrame } from "../frame.js";

/** What a publisher is doing, as the operator sees it. */
export interface PublisherStatus {
  readonly name: string;
  /** stopped: must not or cannot feed; starting: conditions are being waited for; active: messages flow. */
  readonly state: "stopped" | "starting" | "active";
  /** The conditions for feeding, each with whether it holds. */
  readonly conditions: readonly { readonly name: string; readonly holds: boolean; readonly detail: string }[];
  readonly sent: number;
  /** Whether the autopilot's EKF really uses the feed, as its messages tell; null while that is not known. */
  readonly fused: boolean | null;
}

/** What a publisher may look at when it is its turn. */
export interface PublishMoment {
  /** Now, agent clock, microseconds. */
  readonly now_us: number;
  readonly status: VehicleStatus;
  /** The solution at any time from the newest fix's capture to now; position null when nothing may be published. */
  solutionAt(t_us: number): NavigationSolution;
  /** Agent clock to the autopilot's clock (TIMESYNC), microseconds to add; null while it is not known. */
  readonly autopilot_offset_us: number | null;
}

/** One way of feeding an autopilot in flight; a file each. */
export interface FlightPublisher {
  readonly name: string;
  readonly status: PublisherStatus;
  /** How often `tick` wants to be called, Hz. */
  readonly rate_hz: number;
  /** The messages to send now, in order; empty when there is nothing to say. */
  tick(moment: PublishMoment): readonly MavLinkData[];
  /** A frame came from the vehicle (acknowledgements, EKF reports, origin). */
  receive(frame: MavlinkFrame, now_us: number): void;
}
