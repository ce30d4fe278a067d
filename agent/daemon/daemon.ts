import { UserError } from "../../tiles/errors.js";
import type { Frame } from "../vision/frame.js";
import type { FrameResult } from "../vision/result.js";
import type { BackoffTimes } from "./backoff.js";
import { CameraComponent } from "./camera-component.js";
import { FramePath } from "./frame-path.js";
import { LinksComponent } from "./links-component.js";
import type { DaemonParts, OdometryPart, VisionPart } from "./parts.js";
import { PositionTeller } from "./position-teller.js";
import { PublishLoop } from "./publish-loop.js";
import { ServiceTeller } from "./service-teller.js";
import type { ComponentStatus, DaemonSnapshot } from "./snapshot.js";
import { knownPlace, type StartHintConfig } from "./start-hint.js";
import { StatusComponent } from "./status-component.js";
import { type Component, Supervisor } from "./supervisor.js";
import { Watchdog, type WatchdogConfig } from "./watchdog.js";
import { WorkerComponent } from "./worker-component.js";

/** How often components are looked at and states are told, milliseconds. */
const CHECK_MS = 500;
/** How often the log gets a line of account. */
const ACCOUNT_US = 60_000_000;

export interface DaemonSettings {
  /** Longest that a frame waits for later attitudes, milliseconds. */
  readonly pose_wait_ms: number;
  /** 1-sigma of the autopilot's heading, degrees, and of its velocity, metres per second. */
  readonly heading_sigma_deg: number;
  readonly velocity_sigma_mps: number;
  /** What may be believed of the vehicle's place before there is a position. */
  readonly start_hint: StartHintConfig;
  /** Null: the service's watchdog is fed whatever happens. */
  readonly watchdog: WatchdogConfig | null;
  /** A camera that says it runs is started again after this long without a frame, seconds. */
  readonly frame_silence_s: number;
  readonly backoff?: BackoffTimes;
}

/** Called with every frame that vision has finished, and what navigation made of it. */
export type ResultListener = (
  result: FrameResult,
  frame: Frame,
  verdict: { readonly accepted: boolean; readonly reason: string | null },
) => void;

/**
 * The agent in flight: camera and links in, positions out. Links, navigation and publishers live on the calling thread;
 * whatever takes longer than a millisecond is in a worker. Its parts come from outside and are kept running here.
 */
export class SkylinkDaemon {
  readonly #parts: DaemonParts;
  readonly #settings: DaemonSettings;
  readonly #supervisor: Supervisor;
  readonly #vision: WorkerComponent<VisionPart>;
  readonly #links: LinksComponent;
  readonly #loop: PublishLoop;
  readonly #path: FramePath;
  readonly #position: PositionTeller;
  readonly #service: ServiceTeller;
  readonly #resultListeners = new Set<ResultListener>();
  readonly #states = new Map<string, ComponentStatus["state"]>();
  #watchdog: Watchdog | null = null;
  #start_us = 0;
  #frame: DaemonSnapshot["frame"] = null;
  #offFrame: (() => void) | null = null;
  #cancelCheck: (() => void) | null = null;
  #account_us = 0;
  #stopping: Promise<void> | null = null;

  constructor(parts: DaemonParts, settings: DaemonSettings) {
    this.#parts = parts;
    this.#settings = settings;
    const { scheduler, vehicle, navigator, log, feeds, refuseVehicle } = parts;
    this.#vision = new WorkerComponent("vision", () => parts.openVision(), scheduler);
    const odometry = new WorkerComponent<OdometryPart>("odometry", () => parts.openOdometry(), scheduler);
    this.#links = new LinksComponent(
      () => parts.openLinks(),
      (frame, t_us) => {
        vehicle.receive(frame, t_us);
        this.#watchdog?.link(t_us);
        this.#loop.receive(frame, t_us);
        this.#path.look();
      },
    );
    this.#position = new PositionTeller(log, this.#links);
    this.#service = new ServiceTeller(parts.notifier, log);
    const onFault = (line: string): void => log.error({ fault: line }, "publisher fault");
    this.#loop = new PublishLoop({
      feeds,
      refuseVehicle,
      navigator,
      vehicle,
      links: this.#links,
      scheduler,
      onFault,
    });
    this.#path = new FramePath({
      ...settings,
      scheduler,
      vehicle,
      navigator,
      vision: this.#vision,
      odometry,
      onResult: (result, frame, verdict) => this.#result(result, frame, verdict),
    });
    const camera = new CameraComponent(parts.camera, settings.frame_silence_s);
    const components: Component[] = [this.#links, this.#vision, odometry, camera, this.#path, this.#loop];
    const openStatus = parts.openStatus?.bind(parts);
    if (openStatus !== undefined) components.push(new StatusComponent(() => openStatus(this)));
    this.#supervisor = new Supervisor(components, {
      scheduler,
      onChange: (status) => this.#changed(status),
      ...(settings.backoff === undefined ? {} : { backoff: settings.backoff }),
    });
  }

  /**
   * Starts everything. Resolves when every part is up, or has failed and is tried again.
   *
   * @throws UserError when pack or models cannot be used at all: trying again would change nothing
   */
  async start(): Promise<void> {
    const { scheduler, camera } = this.#parts;
    this.#start_us = scheduler.now_us();
    this.#account_us = this.#start_us;
    if (this.#settings.watchdog !== null) this.#watchdog = new Watchdog(this.#settings.watchdog, this.#start_us);
    this.#offFrame = camera.onFrame((frame) => {
      this.#watchdog?.frame(scheduler.now_us());
      this.#path.add(frame);
    });
    this.#check();
    await this.#supervisor.start();
    const { firstFailure } = this.#vision;
    if (firstFailure instanceof UserError) {
      await this.stop();
      throw firstFailure;
    }
    if (this.#stopping !== null) return;
    this.#service.ready(this.#summary());
    this.#parts.log.info({ pack: this.#parts.pack.name, cells: this.#parts.pack.cells }, "ready");
  }

  /** Ends everything, within two seconds; a second call waits for the first. */
  stop(): Promise<void> {
    this.#stopping ??= this.#end();
    return this.#stopping;
  }

  /** Calls `listener` with every frame that vision has finished, until the function returned is called. */
  onResult(listener: ResultListener): () => void {
    this.#resultListeners.add(listener);
    return () => {
      this.#resultListeners.delete(listener);
    };
  }

  /** Everything that is known now. */
  snapshot(): DaemonSnapshot {
    const { scheduler, vehicle, camera, navigator, pack } = this.#parts;
    const t_us = scheduler.now_us();
    const { frames, skipped } = this.#path.counts;
    return {
      t_us,
      uptime_s: (t_us - this.#start_us) / 1e6,
      components: this.#supervisor.statuses,
      links: this.#links.statuses,
      vehicle: vehicle.status,
      camera: camera.status,
      navigation: navigator.solutionAt(t_us),
      publishers: this.#loop.statuses,
      frame: this.#frame,
      vision: { frames, skipped },
      pack,
    };
  }

  async #end(): Promise<void> {
    this.#parts.log.info("stopping");
    this.#service.stopping();
    this.#cancelCheck?.();
    this.#offFrame?.();
    const account = this.#account(this.#parts.scheduler.now_us());
    // While the links are open: what must be said before the feed stops.
    await this.#loop.stop();
    await this.#supervisor.stop();
    this.#parts.log.info(account, "stopped");
  }

  #result(...[result, frame, verdict]: Parameters<ResultListener>): void {
    const { t_us, reason, estimate, level, measures, stage_ms } = result;
    this.#frame = { t_us, reason, estimate, level, measures, stage_ms };
    this.#parts.log.debug(
      { t_us, accepted: verdict.accepted, reason: verdict.reason, total_ms: Math.round(stage_ms.total) },
      "frame",
    );
    for (const listener of this.#resultListeners) listener(result, frame, verdict);
  }

  /** Looks after everything that no event tells: health, the operator, the service manager. */
  #check(): void {
    const { scheduler, navigator, vehicle } = this.#parts;
    this.#cancelCheck = scheduler.after(CHECK_MS, () => this.#check());
    const now_us = scheduler.now_us();
    this.#supervisor.check();
    const solution = navigator.solutionAt(now_us);
    this.#position.tell(solution, now_us);
    const place = solution.state === "active" ? null : knownPlace(this.#settings.start_hint, vehicle.status);
    if (place !== null) navigator.knownNear(place, place.radius_m, now_us);
    if (!this.#supervisor.started) return;
    this.#service.tell(this.#summary(), this.#watchdog, now_us);
    if (now_us - this.#account_us >= ACCOUNT_US) {
      this.#account_us = now_us;
      this.#parts.log.info(this.#account(now_us), "account");
    }
  }

  /** What has become of frames and heartbeats so far, for the log. */
  #account(now_us: number): Record<string, unknown> {
    const { position, reason } = this.#parts.navigator.solutionAt(now_us);
    const late = this.#links.heartbeatLateness;
    return {
      ...this.#path.counts,
      position: position === null ? reason : `${position.eph_m.toFixed(1)} m`,
      ...(late === null
        ? {}
        : { heartbeat_late_p99_ms: late.p99_us / 1000, heartbeat_late_max_ms: late.max_us / 1000 }),
      rss_mb: Math.round(process.memoryUsage.rss() / 2 ** 20),
    };
  }

  #changed(status: ComponentStatus): void {
    const { name, state, detail, restarts } = status;
    const before = this.#states.get(name);
    this.#states.set(name, state);
    const { log } = this.#parts;
    const line = { component: name, state, ...(detail === "" ? {} : { detail }), restarts };
    if (state === "failed") {
      log.error(line, "component failed");
      this.#links.statusText("error", `SkyLink: ${name} failed: ${detail}`);
    } else if (state !== before) {
      if (state === "degraded") log.warn(line, "component degraded");
      else log.info(line, `component ${state}`);
    }
  }

  /** One line for `systemctl status`. */
  #summary(): string {
    const { position, reason } = this.#parts.navigator.solutionAt(this.#parts.scheduler.now_us());
    const where = position === null ? `no position (${reason ?? "?"})` : "position";
    const wrong = this.#supervisor.statuses
      .filter(({ state }) => state !== "running")
      .map(({ name, state }) => `${name} ${state}`);
    return [where, ...wrong].join(", ");
  }
}
