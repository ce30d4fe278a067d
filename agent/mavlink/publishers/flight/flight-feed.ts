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
import { FeedParameters } from "./feed-parameters.js";
import { GpsHealth } from "./gps-health.js";
import { OperatorReport } from "./operator-report.js";
import { ParameterReader } from "./parameter-reader.js";
import { SourceSetSwitch } from "./source-set.js";
import { isPx4 } from "./vehicle-kind.js";

/** Ticks a second: sub-periods of all rates, and quick enough for a source set within seconds of a loss. */
const TICK_HZ = 50;
/** Without a message for this long the feed has stopped. */
const FEEDING_US = 1_000_000;
/** Without switching an ArduPilot flies on its first source set. */
const FIRST_SET = 1;

/** What is known of the autopilot, from its start to its end. */
interface Life {
  readonly reader: ParameterReader;
  readonly parameters: FeedParameters;
  readonly gps: GpsHealth;
  readonly watch: EkfWatch;
  readonly chooser: FeedChooser;
  readonly sets: SourceSetSwitch | null;
}

function newLife({ publisher, sourceSets, ownComponent, sensorId }: FeedSettings): Life {
  const reader = new ParameterReader();
  const gps = new GpsHealth();
  const chooser = new FeedChooser(publisher, reader, sourceSets?.vision ?? null);
  const parameters = new FeedParameters(reader, sourceSets?.vision ?? FIRST_SET, sensorId);
  let sets: SourceSetSwitch | null = null;
  if (sourceSets !== null) {
    const { gps: gpsSet, vision: visionSet, back_after_s } = sourceSets;
    sets = new SourceSetSwitch({ gpsSet, visionSet, back_after_s, ownComponent }, reader, gps);
  }
  return { reader, parameters, gps, watch: new EkfWatch(), chooser, sets };
}

/**
 * The whole feed of one autopilot: chooses the publisher, runs it, judges the vehicle's GPS, watches whether the EKF uses
 * what it is given, switches ArduPilot's source set, and tells the operator what is wrong. One for each autopilot link.
 */
export class FlightFeed implements FlightPublisher {
  readonly rate_hz = TICK_HZ;
  readonly #settings: FeedSettings;
  readonly #report: OperatorReport;
  readonly #boot = new BootTime(null);
  #life: Life;
  #choice: Choice = { feed: null, why: "nothing heard yet", hopeless: false };
  #current: { readonly feed: FeedName; readonly vehicle: Vehicle; readonly publisher: FlightPublisher } | null = null;
  #vehicle: Vehicle | null = null;
  #sentBefore = 0;
  #sent_us = Number.NEGATIVE_INFINITY;

  /** Throws a UserError for options that cannot be. */
  constructor(options: FeedOptions) {
    this.#settings = feedSettings(options);
    this.#life = newLife(this.#settings);
    this.#report = new OperatorReport(this.#settings.notFusedAfter_s);
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
    this.#life.reader.receive(frame);
    this.#life.gps.receive(frame, now_us);
    this.#life.watch.receive(frame, now_us);
    this.#life.sets?.receive(frame, now_us);
    this.#current?.publisher.receive(frame, now_us);
  }

  tick(moment: PublishMoment): readonly MavLinkData[] {
    const { now_us, status } = moment;
    this.#select(moment);
    const { reader, parameters, gps, sets, watch } = this.#life;
    const messages: MavLinkData[] = [...reader.tick(now_us, status.vehicle)];
    gps.update(now_us, status, parameters.gpsUnused(status.vehicle));
    const feeding = this.#feed(moment, messages);
    const toEkf = this.#feedToEkf();
    if (sets !== null && toEkf === "ardupilot_vision") messages.push(...sets.tick(moment, feeding));
    if (toEkf !== null) {
      const suspects = parameters.suspects(toEkf, sets?.onVision ?? null);
      watch.update({ now_us, feed: toEkf, feeding, soleSource: this.#isSoleSource, suspects });
    }
    if (status.alive) messages.push(...this.#tell(now_us, status.armed === true, toEkf));
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
    const parts = { parameters: this.#life.reader, gps: this.#life.gps };
    this.#current = { feed, vehicle, publisher: createPublisher(feed, vehicle, this.#settings, parts) };
    const toEkf = this.#feedToEkf();
    if (toEkf !== null) this.#life.parameters.want(toEkf);
  }

  #startAnew(): void {
    this.#drop();
    this.#life = newLife(this.#settings);
    this.#report.restart();
  }

  #drop(): void {
    this.#sentBefore += this.#current?.publisher.status.sent ?? 0;
    this.#current = null;
  }

  /** Runs the publisher; gives whether positions are flowing. */
  #feed(moment: PublishMoment, messages: MavLinkData[]): boolean {
    const publisher = this.#current?.publisher;
    if (publisher === undefined) return false;
    const before = publisher.status.sent;
    messages.push(...publisher.tick(moment));
    const { sent, state } = publisher.status;
    if (sent > before) this.#sent_us = moment.now_us;
    return state === "active" && moment.now_us - this.#sent_us <= FEEDING_US;
  }

  /** Nothing else than the feed gives the EKF an absolute position now. */
  get #isSoleSource(): boolean {
    const { gps, sets, parameters } = this.#life;
    if (gps.state === "lost" || sets?.onVision === true) return true;
    // Without switching the vehicle flies on the first set, which may take vision alone.
    return sets === null && this.#feedToEkf() === "ardupilot_vision" && parameters.setTakesVision;
  }

  /** What the feed is to the EKF; null for ways whose success shows elsewhere (answers to commands, a GPS). */
  #feedToEkf(): FeedToEkf | null {
    const current = this.#current;
    if (current === null || current.feed === "external_position_estimate" || current.feed === "gps_input") return null;
    if (current.feed === "global_position_sensor") return "px4_global";
    return isPx4(current.vehicle) ? "px4_vision" : "ardupilot_vision";
  }

  /** What the operator should know now. */
  #tell(now_us: number, armed: boolean, toEkf: FeedToEkf | null): readonly MavLinkData[] {
    const { gps, sets, watch, parameters } = this.#life;
    const visionSet = this.#settings.sourceSets?.vision ?? FIRST_SET;
    const told = sets !== null && toEkf === "ardupilot_vision";
    return this.#report.update({
      now_us,
      armed,
      status: this.status,
      watched: toEkf === null ? null : { feeding_us: watch.feeding_us(now_us), reason: watch.reason },
      wrongParameters: toEkf === "px4_global" || toEkf === "px4_vision" ? parameters.suspects(toEkf, null) : [],
      gps,
      sets: told ? { state: sets.state, conditions: sets.conditions, onVision: sets.onVision, visionSet } : null,
    });
  }
}
