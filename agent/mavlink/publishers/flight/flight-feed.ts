import type { MavLinkData } from "node-mavlink";
import type { MavlinkFrame } from "../../frame.js";
import type { Vehicle } from "../../identity.js";
import type { FlightPublisher, PublisherStatus, PublishMoment } from "../flight-publisher.js";
import type { Condition } from "./checks.js";
import { type Choice, FeedChooser, type FeedName } from "./choose.js";
import { createPublisher } from "./create-publisher.js";
import { EkfWatch, type FeedToEkf } from "./ekf-watch.js";
import { type FeedOptions, type FeedSettings, feedSettings } from "./feed-options.js";
import { AGP_CONTROL } from "./global-position-sensor.js";
import { GpsHealth } from "./gps-health.js";
import { OperatorNotes } from "./operator-notes.js";
import {
  AGP_ID,
  px4ControlProblems,
  px4SlotProblems,
  VISION_NOISE,
  visionNoiseProblems,
  visionSetParameters,
  visionSetProblems,
} from "./parameter-problems.js";
import { ParameterReader } from "./parameter-reader.js";
import { SourceSetSwitch, SWITCH_WINDOW_US } from "./source-set.js";
import { isPx4 } from "./vehicle-kind.js";

/** Ticks a second: sub-periods of all rates, and quick enough for a source set within seconds of a loss. */
const TICK_HZ = 50;
/** Without a message for this long the feed has stopped. */
const FEEDING_US = 1_000_000;
/** The operator is told why nothing is fed after this long. */
const EXPLAIN_US = 30_000_000;
/** Time after a loss at which the operator is told that nothing can be switched to. */
const LATE_US = SWITCH_WINDOW_US - 2_000_000;
const EV_CONTROL = "EKF2_EV_CTRL";

/**
 * The whole feed of one autopilot: chooses the publisher, runs it, judges the vehicle's GPS, watches whether the EKF uses
 * what it is given, switches ArduPilot's source set, and tells the operator what is wrong. One for each autopilot link.
 */
export class FlightFeed implements FlightPublisher {
  readonly rate_hz = TICK_HZ;
  readonly #settings: FeedSettings;
  readonly #parameters = new ParameterReader();
  readonly #gps = new GpsHealth();
  readonly #watch = new EkfWatch();
  readonly #notes = new OperatorNotes();
  readonly #chooser: FeedChooser;
  readonly #sets: SourceSetSwitch | null;
  #choice: Choice = { feed: null, why: "nothing heard yet", hopeless: false };
  #current: { readonly feed: FeedName; readonly vehicle: Vehicle; readonly publisher: FlightPublisher } | null = null;
  #vehicle: Vehicle | null = null;
  #sentBefore = 0;
  #sent_us = Number.NEGATIVE_INFINITY;
  #idleSince_us: number | null = null;
  #wasFused: boolean | null = null;
  #wasOnVision = false;

  /** Throws a UserError for options that cannot be. */
  constructor(options: FeedOptions) {
    this.#settings = feedSettings(options);
    const { publisher, sourceSets, ownComponent } = this.#settings;
    this.#chooser = new FeedChooser(publisher, this.#parameters, sourceSets?.vision ?? null);
    this.#sets =
      sourceSets === null
        ? null
        : new SourceSetSwitch(
            {
              gpsSet: sourceSets.gps,
              visionSet: sourceSets.vision,
              back_after_s: sourceSets.back_after_s,
              ownComponent,
            },
            this.#parameters,
            this.#gps,
          );
  }

  /** The message that is published, or `auto` before it is known. */
  get name(): string {
    return this.#current?.feed ?? this.#settings.publisher;
  }

  /** Whether the vehicle's own GPS can be flown on, as judged from its messages. */
  get gps(): Pick<GpsHealth, "state" | "since_us" | "detail"> {
    return this.#gps;
  }

  /** The source set switch, or null where it is off. */
  get sourceSet(): Pick<SourceSetSwitch, "state" | "conditions" | "onVision" | "switches"> | null {
    return this.#sets;
  }

  /** Why `status.fused` is what it is. */
  get fusedReason(): string {
    return this.#feedToEkf() === null ? "the autopilot's answers tell" : this.#watch.reason;
  }

  get status(): PublisherStatus {
    const choice: Condition = { name: "publisher", holds: this.#choice.feed !== null, detail: this.#choice.why };
    const inner = this.#current?.publisher.status;
    if (inner === undefined) {
      const state = this.#choice.feed === null && this.#choice.hopeless ? "stopped" : "starting";
      return { name: this.name, state, conditions: [choice], sent: this.#sentBefore, fused: null };
    }
    return {
      name: this.name,
      state: inner.state,
      conditions: [choice, ...inner.conditions],
      sent: this.#sentBefore + inner.sent,
      fused: this.#feedToEkf() === null ? inner.fused : this.#watch.fused,
    };
  }

  receive(frame: MavlinkFrame, now_us: number): void {
    const vehicle = this.#vehicle;
    if (vehicle === null || frame.sysid !== vehicle.sysid || frame.compid !== vehicle.compid) return;
    this.#parameters.receive(frame);
    this.#gps.receive(frame, now_us);
    this.#watch.receive(frame, now_us);
    this.#sets?.receive(frame, now_us);
    this.#current?.publisher.receive(frame, now_us);
  }

  tick(moment: PublishMoment): readonly MavLinkData[] {
    const { now_us, status } = moment;
    this.#select(moment);
    const messages: MavLinkData[] = [...this.#parameters.tick(now_us, status.vehicle)];
    this.#gps.update(now_us, status);
    const current = this.#current;
    if (current !== null) {
      const before = current.publisher.status.sent;
      messages.push(...current.publisher.tick(moment));
      if (current.publisher.status.sent > before) this.#sent_us = now_us;
    }
    const active = current?.publisher.status.state === "active";
    const feeding = active && now_us - this.#sent_us <= FEEDING_US;
    const toEkf = this.#feedToEkf();
    if (this.#sets !== null && toEkf === "ardupilot_vision") messages.push(...this.#sets.tick(moment, feeding));
    if (toEkf !== null) {
      const soleSource = this.#gps.state === "lost" || this.#sets?.onVision === true;
      this.#watch.update({ now_us, feed: toEkf, feeding, soleSource, suspects: this.#suspects(toEkf) });
    }
    this.#tell(moment, active, feeding, toEkf);
    messages.push(...this.#notes.drain());
    return messages;
  }

  /**
   * What must be sent before the feed stops for good (the daemon ends, the publisher is taken away): the source set goes
   * back to GPS if GPS can take over. Send it before the last position.
   */
  beforeStop(now_us: number): readonly MavLinkData[] {
    return this.#sets?.beforeStop(now_us) ?? [];
  }

  /** Takes the publisher of the choice. One that is feeding is not taken away, and none is while the vehicle is armed. */
  #select({ status }: PublishMoment): void {
    const { vehicle } = status;
    if (vehicle === null) return;
    this.#vehicle = vehicle;
    const known = this.#current?.vehicle;
    if (known !== undefined && (known.sysid !== vehicle.sysid || known.autopilot !== vehicle.autopilot)) this.#drop();
    const current = this.#current;
    if (current !== null && (current.publisher.status.state === "active" || status.armed !== false)) return;
    this.#choice = this.#chooser.choose(status);
    const { feed } = this.#choice;
    if (feed === null || feed === current?.feed) return;
    this.#drop();
    const parts = { parameters: this.#parameters, gps: this.#gps };
    this.#current = { feed, vehicle, publisher: createPublisher(feed, vehicle, this.#settings, parts) };
    this.#wantParameters();
  }

  #drop(): void {
    this.#sentBefore += this.#current?.publisher.status.sent ?? 0;
    this.#current = null;
  }

  /** What the feed is to the EKF; null for ways whose success shows elsewhere (answers to commands, a GPS). */
  #feedToEkf(): FeedToEkf | null {
    const current = this.#current;
    if (current === null || current.feed === "external_position_estimate" || current.feed === "gps_input") return null;
    if (current.feed === "global_position_sensor") return "px4_global";
    return isPx4(current.vehicle) ? "px4_vision" : "ardupilot_vision";
  }

  /** The ArduPilot source set that is to fuse the feed: without switching the vehicle flies on the first. */
  get #visionSet(): number {
    return this.#settings.sourceSets?.vision ?? 1;
  }

  #wantParameters(): void {
    const toEkf = this.#feedToEkf();
    if (toEkf === "ardupilot_vision") this.#parameters.want([...visionSetParameters(this.#visionSet), VISION_NOISE]);
    if (toEkf === "px4_global") this.#parameters.want([AGP_ID]);
    if (toEkf === "px4_vision") this.#parameters.want([EV_CONTROL]);
  }

  #suspects(toEkf: FeedToEkf): readonly string[] {
    if (toEkf === "px4_global") {
      const slot = px4SlotProblems(this.#parameters, this.#settings.sensorId);
      return [...px4ControlProblems(this.#parameters, AGP_CONTROL), ...slot];
    }
    if (toEkf === "px4_vision") return px4ControlProblems(this.#parameters, EV_CONTROL);
    const problems = visionSetProblems(this.#parameters, this.#visionSet);
    if (problems.length > 0) return problems;
    if (this.#sets !== null && !this.#sets.onVision) return [`source set ${this.#visionSet} is not selected`];
    return visionNoiseProblems(this.#parameters);
  }

  /** Says in STATUSTEXTs what the operator should know now. */
  #tell({ now_us, status }: PublishMoment, active: boolean, feeding: boolean, toEkf: FeedToEkf | null): void {
    if (!status.alive) return;
    const { fused } = this.status;
    if (fused === true && this.#wasFused !== true) this.#notes.say("fused", "info", `EKF uses ${this.name}`, now_us);
    const lost = fused === false && this.#wasFused === true;
    const never = fused === false && this.#watch.feeding_us(now_us) >= this.#settings.notFusedAfter_s * 1e6;
    if (toEkf !== null && feeding && (lost || never)) {
      this.#notes.say("not fused", "warning", `EKF does not use ${this.name}: ${this.#watch.reason}`, now_us);
    }
    if (fused !== null) this.#wasFused = fused;

    const failing = this.status.conditions.find((condition) => !condition.holds) ?? null;
    this.#idleSince_us = active ? null : (this.#idleSince_us ?? now_us);
    const stopped = this.status.state === "stopped" && this.#current !== null;
    const idle_us = this.#idleSince_us === null ? 0 : now_us - this.#idleSince_us;
    const waited = idle_us >= EXPLAIN_US && this.#gps.state !== "healthy";
    if (failing !== null && (waited || (stopped && idle_us >= FEEDING_US))) {
      this.#notes.say(failing.name, "warning", `no ${this.name}: ${failing.name}: ${failing.detail}`, now_us);
    }
    this.#tellSourceSet(now_us, feeding);
  }

  #tellSourceSet(now_us: number, feeding: boolean): void {
    const sets = this.#sets;
    if (sets === null || this.#current === null) return;
    if (sets.onVision !== this.#wasOnVision) {
      this.#wasOnVision = sets.onVision;
      const text = sets.onVision ? `GPS lost, flying on vision (set ${this.#visionSet})` : "GPS is back, flying on GPS";
      this.#notes.say(sets.onVision ? "on vision" : "on gps", "warning", text, now_us);
    }
    const lost = this.#gps.state === "lost" && now_us - this.#gps.since_us >= LATE_US;
    if (!lost || sets.onVision) return;
    const refused = sets.conditions.find((condition) => !condition.holds && condition.name !== "gps_lost");
    const why = refused === undefined ? "no answer" : `${refused.name}: ${refused.detail}`;
    if (feeding || sets.state === "stopped")
      this.#notes.say("source set", "warning", `source set not switched: ${why}`, now_us);
  }
}
