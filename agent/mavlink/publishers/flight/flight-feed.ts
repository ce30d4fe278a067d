import type { MavLinkData } from "node-mavlink";
import { BootTime } from "../../../vehicle/boot-time.js";
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
import { GPS_TYPES, SECOND_GPS_TYPES } from "./gps-input.js";
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
import { isArdupilot, isPx4 } from "./vehicle-kind.js";

/** Ticks a second: sub-periods of all rates, and quick enough for a source set within seconds of a loss. */
const TICK_HZ = 50;
/** Without a message for this long the feed has stopped. */
const FEEDING_US = 1_000_000;
/** The operator is told why nothing is fed after this long. */
const EXPLAIN_US = 30_000_000;
/** Time after a loss at which the operator is told that nothing can be switched to. */
const LATE_US = SWITCH_WINDOW_US - 2_000_000;
const EV_CONTROL = "EKF2_EV_CTRL";

/** What is known of the autopilot, from its start to its end. */
interface Life {
  readonly parameters: ParameterReader;
  readonly gps: GpsHealth;
  readonly watch: EkfWatch;
  readonly chooser: FeedChooser;
  readonly sets: SourceSetSwitch | null;
}

function newLife({ publisher, sourceSets, ownComponent }: FeedSettings): Life {
  const parameters = new ParameterReader();
  const gps = new GpsHealth();
  const chooser = new FeedChooser(publisher, parameters, sourceSets?.vision ?? null);
  let sets: SourceSetSwitch | null = null;
  if (sourceSets !== null) {
    const { gps: gpsSet, vision: visionSet, back_after_s } = sourceSets;
    sets = new SourceSetSwitch({ gpsSet, visionSet, back_after_s, ownComponent }, parameters, gps);
  }
  return { parameters, gps, watch: new EkfWatch(), chooser, sets };
}

/**
 * The whole feed of one autopilot: chooses the publisher, runs it, judges the vehicle's GPS, watches whether the EKF uses
 * what it is given, switches ArduPilot's source set, and tells the operator what is wrong. One for each autopilot link.
 */
export class FlightFeed implements FlightPublisher {
  readonly rate_hz = TICK_HZ;
  readonly #settings: FeedSettings;
  readonly #notes = new OperatorNotes();
  readonly #boot = new BootTime(null);
  #life: Life;
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
    this.#life = newLife(this.#settings);
  }

  /** The message that is published, or `auto` before it is known. */
  get name(): string {
    return this.#current?.feed ?? this.#settings.publisher;
  }

  /** Whether the vehicle's own GPS can be flown on, as judged from its messages. */
  get gps(): Pick<GpsHealth, "state" | "since_us" | "detail"> {
    return this.#life.gps;
  }

  /** The source set switch, or null where it is off. */
  get sourceSet(): Pick<SourceSetSwitch, "state" | "conditions" | "onVision" | "switches"> | null {
    return this.#life.sets;
  }

  /** Why `status.fused` is what it is. */
  get fusedReason(): string {
    return this.#feedToEkf() === null ? "the autopilot's answers tell" : this.#life.watch.reason;
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
      fused: this.#feedToEkf() === null ? inner.fused : this.#life.watch.fused,
    };
  }

  receive(frame: MavlinkFrame, now_us: number): void {
    const vehicle = this.#vehicle;
    if (vehicle === null || frame.sysid !== vehicle.sysid || frame.compid !== vehicle.compid) return;
    // What the autopilot said before it began anew holds no more: its parameters, origin, source set.
    if (this.#boot.observe(frame, now_us)) this.#startAnew();
    this.#life.parameters.receive(frame);
    this.#life.gps.receive(frame, now_us);
    this.#life.watch.receive(frame, now_us);
    this.#life.sets?.receive(frame, now_us);
    this.#current?.publisher.receive(frame, now_us);
  }

  tick(moment: PublishMoment): readonly MavLinkData[] {
    const { now_us, status } = moment;
    this.#select(moment);
    const messages: MavLinkData[] = [...this.#life.parameters.tick(now_us, status.vehicle)];
    this.#life.gps.update(now_us, status, this.#hasNoReceiver(status.vehicle));
    const current = this.#current;
    if (current !== null) {
      const before = current.publisher.status.sent;
      messages.push(...current.publisher.tick(moment));
      if (current.publisher.status.sent > before) this.#sent_us = now_us;
    }
    const active = current?.publisher.status.state === "active";
    const feeding = active && now_us - this.#sent_us <= FEEDING_US;
    const toEkf = this.#feedToEkf();
    if (this.#life.sets !== null && toEkf === "ardupilot_vision")
      messages.push(...this.#life.sets.tick(moment, feeding));
    if (toEkf !== null) {
      const soleSource = this.#life.gps.state === "lost" || this.#life.sets?.onVision === true;
      this.#life.watch.update({ now_us, feed: toEkf, feeding, soleSource, suspects: this.#suspects(toEkf) });
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
    return this.#life.sets?.beforeStop(now_us) ?? [];
  }

  /** Takes the publisher of the choice. One that is feeding is not taken away, and none is while the vehicle is armed. */
  #select({ status }: PublishMoment): void {
    const { vehicle } = status;
    if (vehicle === null) return;
    this.#vehicle = vehicle;
    const known = this.#current?.vehicle;
    if (known !== undefined && (known.sysid !== vehicle.sysid || known.autopilot !== vehicle.autopilot)) {
      this.#boot.reset();
      this.#startAnew();
    }
    const current = this.#current;
    if (current !== null && (current.publisher.status.state === "active" || status.armed !== false)) return;
    this.#choice = this.#life.chooser.choose(status);
    const { feed } = this.#choice;
    if (feed === null || feed === current?.feed) return;
    this.#drop();
    const parts = { parameters: this.#life.parameters, gps: this.#life.gps };
    this.#current = { feed, vehicle, publisher: createPublisher(feed, vehicle, this.#settings, parts) };
    this.#wantParameters();
  }

  #startAnew(): void {
    this.#drop();
    this.#life = newLife(this.#settings);
    this.#wasFused = null;
    this.#wasOnVision = false;
  }

  #drop(): void {
    this.#sentBefore += this.#current?.publisher.status.sent ?? 0;
    this.#current = null;
  }

  /** ArduPilot without a receiver has GPS1_TYPE 0 (GPS_TYPE before 4.6), and no second one. */
  #hasNoReceiver(vehicle: Vehicle | null): boolean {
    if (vehicle === null || !isArdupilot(vehicle)) return false;
    const { parameters } = this.#life;
    parameters.want([...GPS_TYPES, ...SECOND_GPS_TYPES]);
    const first = GPS_TYPES.some((name) => parameters.value(name) === 0);
    return first && SECOND_GPS_TYPES.every((name) => (parameters.value(name) ?? 0) === 0);
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
    if (toEkf === "ardupilot_vision")
      this.#life.parameters.want([...visionSetParameters(this.#visionSet), VISION_NOISE]);
    if (toEkf === "px4_global") this.#life.parameters.want([AGP_ID]);
    if (toEkf === "px4_vision") this.#life.parameters.want([EV_CONTROL]);
  }

  #suspects(toEkf: FeedToEkf): readonly string[] {
    if (toEkf === "px4_global") {
      const slot = px4SlotProblems(this.#life.parameters, this.#settings.sensorId);
      return [...px4ControlProblems(this.#life.parameters, AGP_CONTROL), ...slot];
    }
    if (toEkf === "px4_vision") return px4ControlProblems(this.#life.parameters, EV_CONTROL);
    const problems = visionSetProblems(this.#life.parameters, this.#visionSet);
    if (problems.length > 0) return problems;
    if (this.#life.sets !== null && !this.#life.sets.onVision) return [`source set ${this.#visionSet} is not selected`];
    return visionNoiseProblems(this.#life.parameters);
  }

  /** Says in STATUSTEXTs what the operator should know now. */
  #tell({ now_us, status }: PublishMoment, active: boolean, feeding: boolean, toEkf: FeedToEkf | null): void {
    if (!status.alive) return;
    const { fused } = this.status;
    if (fused === true && this.#wasFused !== true) this.#notes.say("fused", "info", `EKF uses ${this.name}`, now_us);
    const lost = fused === false && this.#wasFused === true;
    const never = fused === false && this.#life.watch.feeding_us(now_us) >= this.#settings.notFusedAfter_s * 1e6;
    if (toEkf !== null && feeding && (lost || never)) {
      this.#notes.say("not fused", "warning", `EKF does not use ${this.name}: ${this.#life.watch.reason}`, now_us);
    }
    if (fused !== null) this.#wasFused = fused;

    const failing = this.status.conditions.find((condition) => !condition.holds) ?? null;
    this.#idleSince_us = active ? null : (this.#idleSince_us ?? now_us);
    const stopped = this.status.state === "stopped" && this.#current !== null;
    const idle_us = this.#idleSince_us === null ? 0 : now_us - this.#idleSince_us;
    const waited = idle_us >= EXPLAIN_US && this.#life.gps.state !== "healthy";
    if (failing !== null && (waited || (stopped && idle_us >= FEEDING_US))) {
      this.#notes.say(failing.name, "warning", `no ${this.name}: ${failing.name}: ${failing.detail}`, now_us);
    }
    if (toEkf === "ardupilot_vision") this.#tellSourceSet(now_us, feeding);
  }

  #tellSourceSet(now_us: number, feeding: boolean): void {
    const sets = this.#life.sets;
    if (sets === null) return;
    if (sets.onVision !== this.#wasOnVision) {
      this.#wasOnVision = sets.onVision;
      const text = sets.onVision ? `GPS lost, flying on vision (set ${this.#visionSet})` : "GPS is back, flying on GPS";
      this.#notes.say(sets.onVision ? "on vision" : "on gps", "warning", text, now_us);
    }
    const lost = this.#life.gps.state === "lost" && now_us - this.#life.gps.since_us >= LATE_US;
    if (!lost || sets.onVision) return;
    const refused = sets.conditions.find((condition) => !condition.holds && condition.name !== "gps_lost");
    const why = refused === undefined ? "no answer" : `${refused.name}: ${refused.detail}`;
    if (feeding || sets.state === "stopped")
      this.#notes.say("source set", "warning", `source set not switched: ${why}`, now_us);
  }
}
