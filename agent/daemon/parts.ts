import type { MavLinkData } from "node-mavlink";
import type { GeoPoint } from "../../tiles/geodesy/wgs84.js";
import type { CameraSource } from "../camera/source.js";
import type { MavlinkFrame } from "../mavlink/frame.js";
import type { Vehicle } from "../mavlink/identity.js";
import type { FlightPublisher } from "../mavlink/publishers/flight-publisher.js";
import type { Scheduler } from "../mavlink/scheduler.js";
import type { Severity } from "../mavlink/status-text.js";
import type { Lateness } from "../mavlink/steady-timer.js";
import type { FrameListener } from "../mavlink/vehicle-port.js";
import type { OdometryStep } from "../navigation/odometry/step.js";
import type { NavigationSolution } from "../navigation/solution.js";
import type { StatusDaemon } from "../status/server.js";
import type { VehicleModel } from "../vehicle/vehicle-state.js";
import type { Frame } from "../vision/frame.js";
import type { PipelineInfo } from "../vision/pipeline.js";
import type { FrameResult } from "../vision/result.js";
import type { Neighbourhood } from "../vision/retrieve/retriever.js";
import type { DaemonLog } from "./log.js";
import type { Notifier } from "./notify.js";
import type { DaemonSnapshot } from "./snapshot.js";

/** A worker thread, as its supervisor sees it. */
export interface WorkerClient {
  /** Resolves with the reason when the worker is no more, whoever ended it. */
  readonly died: Promise<Error>;
  /** Refuses at once what was asked, and ends the worker as soon as that is safe; resolves when it is gone. */
  kill(): Promise<void>;
}

/** Finds frames on the map: `VisionClient`. */
export interface VisionPart extends WorkerClient {
  readonly info: PipelineInfo;
  localise(frame: Frame, near?: Neighbourhood): Promise<FrameResult>;
}

/** Measures movement between frames. */
export interface OdometryPart extends WorkerClient {
  /** Resolves to null for a frame that a newer one has overtaken. */
  observe(frame: Frame): Promise<OdometryStep | null>;
}

/** The links, open. */
export interface LinksPart {
  readonly statuses: DaemonSnapshot["links"];
  /** Frames of the vehicle, in order. */
  onVehicleFrame(listener: FrameListener): () => void;
  /** To the autopilot alone; resolves to whether the message left. */
  send(message: MavLinkData): Promise<boolean>;
  /** To everybody on every link. */
  broadcast(message: MavLinkData): Promise<number>;
  statusText(severity: Severity, text: string): boolean;
  /** To add to a time on the agent's clock to get the autopilot's, microseconds; null while it is not known. */
  offsetAt(t_us: number): number | null;
  /** How late the heartbeats of the last ten minutes were. */
  readonly heartbeatLateness: Lateness;
  close(): Promise<void>;
}

/** The vehicle model, and what feeds it. */
export interface VehiclePart extends VehicleModel {
  receive(frame: MavlinkFrame, arrival_us: number): void;
  /** Capture time up to which attitudes are known and not carried on, agent clock; null before the first. */
  readonly newestAttitude_us: number | null;
}

/** From odometry and vision to a position: `Navigator`. */
export interface NavigatorPart {
  onOdometry(step: OdometryStep): void;
  onVelocity(t_us: number, velocity: { readonly north: number; readonly east: number }, sigma_mps: number | null): void;
  onVision(result: FrameResult): { readonly accepted: boolean; readonly reason: string | null };
  neighbourhood(t_us: number): Neighbourhood | undefined;
  /** The vehicle is known to be within a distance of a place. */
  knownNear(place: GeoPoint, radius_m: number, t_us: number): void;
  solutionAt(t_us: number): NavigationSolution;
}

/** What feeds the autopilot: `FlightFeed`. */
export interface FeedPart extends FlightPublisher {
  /** What must be sent before the feed stops for good. */
  beforeStop?(now_us: number): readonly MavLinkData[];
}

/** The status page, open. */
export interface StatusPart {
  readonly url: string;
  close(): Promise<void>;
}

/** Everything that a daemon is made of; tests put fakes in. */
export interface DaemonParts {
  readonly scheduler: Scheduler;
  readonly log: DaemonLog;
  readonly notifier: Notifier;
  readonly pack: DaemonSnapshot["pack"];
  readonly camera: CameraSource;
  readonly vehicle: VehiclePart;
  readonly navigator: NavigatorPart;
  readonly feeds: readonly FeedPart[];
  /** Why this vehicle must not be fed; null when it may. */
  readonly refuseVehicle?: (vehicle: Vehicle) => string | null;
  openLinks(): Promise<LinksPart>;
  openVision(): Promise<VisionPart>;
  openOdometry(): Promise<OdometryPart>;
  /** The page that shows this daemon; absent: there is none. */
  openStatus?(daemon: StatusDaemon): Promise<StatusPart>;
}
