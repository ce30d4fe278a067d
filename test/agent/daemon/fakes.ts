import type { MavLinkData } from "node-mavlink";
import type { CameraFrame, CameraSource, CameraStatus } from "../../../agent/camera/source.js";
import { openLog } from "../../../agent/daemon/log.js";
import type { Notifier } from "../../../agent/daemon/notify.js";
import type {
  DaemonParts,
  FeedPart,
  LinksPart,
  NavigatorPart,
  OdometryPart,
  VehiclePart,
  VisionPart,
} from "../../../agent/daemon/parts.js";
import type { MavlinkFrame } from "../../../agent/mavlink/frame.js";
import type { PublishMoment } from "../../../agent/mavlink/publishers/flight-publisher.js";
import type { FrameListener } from "../../../agent/mavlink/vehicle-port.js";
import type { NavigationSolution } from "../../../agent/navigation/solution.js";
import type { VehiclePose, VehicleStatus } from "../../../agent/vehicle/vehicle-state.js";
import type { Frame } from "../../../agent/vision/frame.js";
import type { FrameResult } from "../../../agent/vision/result.js";
import { ManualScheduler } from "./manual-scheduler.js";

const IMAGE = { kind: "raw", width_px: 16, height_px: 16, channels: 1, data: new Uint8Array(256) } as const;

export class FakeCamera implements CameraSource {
  readonly name = "fake";
  status: CameraStatus = { state: "stopped", detail: null, frames: 0, dropped: 0, last_t_us: null };
  starts = 0;
  stops = 0;
  #listener: (frame: CameraFrame) => void = () => undefined;

  onFrame(listener: (frame: CameraFrame) => void): () => void {
    this.#listener = listener;
    return () => {
      this.#listener = () => undefined;
    };
  }

  start(): Promise<void> {
    this.starts++;
    this.status = { ...this.status, state: "running" };
    return Promise.resolve();
  }

  stop(): Promise<void> {
    this.stops++;
    this.status = { ...this.status, state: "stopped" };
    return Promise.resolve();
  }

  shoot(t_us: number): void {
    this.status = { ...this.status, frames: this.status.frames + 1, last_t_us: t_us };
    this.#listener({ t_us, image: IMAGE });
  }
}

/** A worker whose answers come when the test says so. */
export class FakeWorker {
  readonly asked: Frame[] = [];
  killed = false;
  #answers: { readonly resolve: (value: never) => void; readonly reject: (error: Error) => void }[] = [];
  #tellDeath: (reason: Error) => void = () => undefined;
  readonly died = new Promise<Error>((resolve) => {
    this.#tellDeath = resolve;
  });

  ask<T>(frame: Frame): Promise<T> {
    this.asked.push(frame);
    return new Promise<T>((resolve, reject) => {
      this.#answers.push({ resolve: resolve as (value: never) => void, reject });
    });
  }

  answer(value: unknown): void {
    this.#answers.shift()?.resolve(value as never);
  }

  refuse(error: Error): void {
    this.#answers.shift()?.reject(error);
  }

  die(reason: string): void {
    const error = new Error(reason);
    this.#tellDeath(error);
    for (const { reject } of this.#answers) reject(error);
    this.#answers = [];
  }

  kill(): Promise<void> {
    this.killed = true;
    this.die("ended");
    return Promise.resolve();
  }
}

export class FakeVehicle implements VehiclePart {
  newestAttitude_us: number | null = null;
  pose: Omit<VehiclePose, "t_us"> | null = {
    attitude: { roll_deg: 0, pitch_deg: 0, yaw_deg: 90 },
    agl: { agl_m: 100, sigma_m: 5, source: "relative" },
    velocity_ne_mps: { north: 1, east: 2 },
    velocity_own: true,
    tilt_sigma_deg: 0,
  };
  status: VehicleStatus = {
    vehicle: { sysid: 1, compid: 1, autopilot: 3, type: 2 },
    alive: true,
    armed: false,
    mode: "GUIDED",
    ekf_flags: null,
    ekf_position_valid: null,
    gps_fix_type: null,
    position: null,
    origin: null,
  };

  receive(_frame: MavlinkFrame, arrival_us: number): void {
    this.newestAttitude_us = arrival_us;
  }

  poseAt(t_us: number): VehiclePose | null {
    return this.pose === null ? null : { t_us, ...this.pose };
  }
}

export class FakeNavigator implements NavigatorPart {
  /** What came in, in order. */
  readonly inputs: string[] = [];
  position: NavigationSolution["position"] = null;

  onOdometry(step: { readonly to_t_us: number }): void {
    this.inputs.push(`odometry ${step.to_t_us}`);
  }

  onVelocity(t_us: number): void {
    this.inputs.push(`velocity ${t_us}`);
  }

  onVision(result: FrameResult): { accepted: boolean; reason: string | null } {
    this.inputs.push(`vision ${result.t_us}`);
    return { accepted: true, reason: null };
  }

  knownNear(place: { readonly lat_deg: number }, radius_m: number): void {
    this.inputs.push(`near ${place.lat_deg} ${radius_m}`);
  }

  neighbourhood(): undefined {
    return undefined;
  }

  solutionAt(t_us: number): NavigationSolution {
    const { position } = this;
    return { t_us, state: position === null ? "starting" : "active", position, reason: "none", gates: [] };
  }
}

export class FakeLinks implements LinksPart {
  readonly statuses = [{ url: "fake:", up: true, received: 1, sent: 2, round_trip_us: null }];
  readonly sent: (MavLinkData | string)[] = [];
  closed = false;
  #listener: FrameListener = () => undefined;

  onVehicleFrame(listener: FrameListener): () => void {
    this.#listener = listener;
    return () => undefined;
  }

  /** A frame of the vehicle arrives. */
  hear(t_us: number): void {
    this.#listener({} as MavlinkFrame, t_us);
  }

  send(message: MavLinkData): Promise<boolean> {
    this.sent.push(message);
    return Promise.resolve(true);
  }

  broadcast(message: MavLinkData): Promise<number> {
    this.sent.push(message);
    return Promise.resolve(1);
  }

  statusText(severity: string, text: string): boolean {
    this.sent.push(`${severity}: ${text}`);
    return true;
  }

  readonly heartbeatLateness = { ticks: 1, missed: 0, p50_us: 100, p99_us: 2000, max_us: 3000 };

  offsetAt(): number | null {
    return null;
  }

  close(): Promise<void> {
    this.closed = true;
    return Promise.resolve();
  }
}

export class FakeFeed implements FeedPart {
  readonly name = "feed";
  readonly rate_hz = 5;
  readonly status = { name: "feed", state: "active", conditions: [], sent: 0, fused: null } as const;
  readonly ticks: PublishMoment[] = [];
  readonly goodbye = { goodbye: true } as unknown as MavLinkData;
  fault: Error | null = null;

  tick(moment: PublishMoment): readonly MavLinkData[] {
    if (this.fault !== null) throw this.fault;
    this.ticks.push(moment);
    return [];
  }

  receive(): void {}

  beforeStop(): readonly MavLinkData[] {
    return [this.goodbye];
  }
}

export class FakeNotifier implements Notifier {
  watchdog_ms: number | null = 1000;
  readonly said: string[] = [];

  ready(status: string): void {
    this.said.push(`ready: ${status}`);
  }

  status(status: string, feed: boolean): void {
    this.said.push(`${feed ? "fed: " : ""}${status}`);
  }

  stopping(): void {
    this.said.push("stopping");
  }
}

/** A daemon's parts, all of them fakes. */
export function fakeParts() {
  const scheduler = new ManualScheduler();
  const camera = new FakeCamera();
  const vehicle = new FakeVehicle();
  const navigator = new FakeNavigator();
  const feed = new FakeFeed();
  const notifier = new FakeNotifier();
  const links: FakeLinks[] = [];
  const visions: FakeWorker[] = [];
  const odometries: FakeWorker[] = [];
  const logged: string[] = [];
  const opening: { vision: Error | null } = { vision: null };
  const parts: DaemonParts = {
    scheduler,
    log: openLog({ level: "info", format: "json", out: { write: (line) => logged.push(line) } }),
    notifier,
    pack: { name: "area", cells: 7 },
    camera,
    vehicle,
    navigator,
    feeds: [feed],
    openLinks() {
      const opened = new FakeLinks();
      links.push(opened);
      return Promise.resolve(opened);
    },
    openVision() {
      if (opening.vision !== null) return Promise.reject(opening.vision);
      const worker = new FakeWorker();
      visions.push(worker);
      const part: Omit<VisionPart, "info"> = {
        died: worker.died,
        kill: () => worker.kill(),
        localise: (frame) => worker.ask<FrameResult>(frame),
      };
      return Promise.resolve(part as VisionPart);
    },
    openOdometry() {
      const worker = new FakeWorker();
      odometries.push(worker);
      const part: OdometryPart = {
        died: worker.died,
        kill: () => worker.kill(),
        observe: (frame) => worker.ask(frame),
      };
      return Promise.resolve(part);
    },
  };
  return { parts, scheduler, camera, vehicle, navigator, feed, notifier, links, visions, odometries, logged, opening };
}

/** What vision says of a frame. */
export function seen(t_us: number): FrameResult {
  const nothing = { fix: null, reason: "off-map", estimate: null, level: null, measures: null };
  return { t_us, ...nothing, stage_ms: { total: 12 } } as unknown as FrameResult;
}
