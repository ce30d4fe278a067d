import { ardupilotmega, type MavLinkData } from "node-mavlink";
import type { MavlinkFrame } from "../../frame.js";
import type { Vehicle } from "../../identity.js";
import type { PublishMoment } from "../flight-publisher.js";
import { Checks, type Condition, type PublisherState } from "./checks.js";
import { type CommandOutcome, CommandWatch, commandLong } from "./commands.js";
import type { GpsHealth } from "./gps-health.js";
import { visionSetKnown, visionSetParameters, visionSetProblems } from "./parameter-problems.js";
import type { ParameterReader } from "./parameter-reader.js";
import { sampleAt } from "./position-sample.js";
import { isArdupilot } from "./vehicle-kind.js";

export interface SourceSetOptions {
  /** The set that flies on GPS. */
  readonly gpsSet: number;
  /** The set that flies on vision: EK3_SRCn_POSXY 6. */
  readonly visionSet: number;
  /** GPS must have been healthy this long before it is flown on again, seconds; twice as long after each relapse. */
  readonly back_after_s: number;
  /** Our component on the link: acknowledgements for others are not ours; null takes all. */
  readonly ownComponent: number | null;
}

/** The feed must have flowed this long before the switch: the set that is switched to must have something to fuse. */
const LEAD_US = 500_000;
/** GPS lost again this soon after it was gone back to is a relapse. */
const RELAPSE_US = 60_000_000;
const MAX_BACK_AFTER_US = 120_000_000;
/** After this long without absolute position the EKF gives up: a switch should be done by then. */
export const SWITCH_WINDOW_US = 7_000_000;
const RETRY_US: Readonly<Record<Exclude<CommandOutcome, "accepted">, number>> = {
  temporarily_rejected: 500_000,
  no_answer: 0,
  failed: 1_000_000,
  cancelled: 1_000_000,
  wrong_form: 10_000_000,
  denied: 10_000_000,
  unsupported: 60_000_000,
};

/**
 * Switches the source set of ArduPilot's EKF (MAV_CMD_SET_EKF_SOURCE_SET, 42007): to vision when GPS is lost and the feed
 * flows, back to GPS when it has been healthy for a while, and always before the feed stops if GPS can take over.
 *
 * It undoes only what it did itself: a set that a pilot chose with a switch stays.
 */
export class SourceSetSwitch {
  readonly #options: SourceSetOptions;
  readonly #parameters: ParameterReader;
  readonly #gps: GpsHealth;
  readonly #watch: CommandWatch;
  #conditions: readonly Condition[] = [];
  #state: PublisherState = "stopped";
  #vehicle: Vehicle | null = null;
  #feedSince_us: number | null = null;
  #onVision = false;
  #asked: "vision" | "gps" = "vision";
  #next_us = Number.NEGATIVE_INFINITY;
  #outcome: CommandOutcome | null = null;
  #back_us: number;
  #wentBack_us = Number.NEGATIVE_INFINITY;
  #switches = 0;

  /** Has the parameters of the vision set read. `gps` is judged by the caller. */
  constructor(options: SourceSetOptions, parameters: ParameterReader, gps: GpsHealth) {
    this.#options = options;
    this.#parameters = parameters;
    this.#gps = gps;
    this.#watch = new CommandWatch(ardupilotmega.MavCmd.SET_EKF_SOURCE_SET, options.ownComponent);
    this.#back_us = options.back_after_s * 1e6;
    parameters.want(visionSetParameters(options.visionSet));
  }

  /** The vehicle has accepted the set that flies on vision, and not been switched back. */
  get onVision(): boolean {
    return this.#onVision;
  }

  /** Switches that the vehicle accepted. */
  get switches(): number {
    return this.#switches;
  }

  get conditions(): readonly Condition[] {
    return this.#conditions;
  }

  /** stopped: it will not switch; starting: it would if the conditions held; active: the vehicle flies on the vision set. */
  get state(): PublisherState {
    return this.#onVision ? "active" : this.#state;
  }

  receive(frame: MavlinkFrame, now_us: number): void {
    if (this.#vehicle === null || frame.sysid !== this.#vehicle.sysid) return;
    const outcome = this.#watch.take(frame, now_us);
    if (outcome !== null) this.#handle(outcome, now_us);
  }

  /** What to send now; `feeding`: positions are flowing to the vehicle. */
  tick(moment: PublishMoment, feeding: boolean): readonly MavLinkData[] {
    const { now_us, status } = moment;
    this.#vehicle = status.vehicle;
    if (!feeding) this.#feedSince_us = null;
    else this.#feedSince_us ??= now_us;
    const expired = this.#watch.expire(now_us);
    if (expired !== null) this.#handle(expired, now_us);

    const ready = this.#check(now_us, status.vehicle);
    if (this.#watch.waiting || status.vehicle === null || !status.alive) return [];
    const wanted = this.#onVision ? (this.#backToGps(moment, feeding) ? "gps" : null) : ready ? "vision" : null;
    return wanted === null ? [] : this.#ask(wanted, status.vehicle, now_us);
  }

  /** The command that must go out before the feed stops for good, if GPS can take over; call it before the last message. */
  beforeStop(now_us: number): readonly MavLinkData[] {
    if (!this.#onVision || this.#vehicle === null || this.#gps.state !== "healthy") return [];
    this.#next_us = Number.NEGATIVE_INFINITY;
    return this.#ask("gps", this.#vehicle, now_us);
  }

  /** Notes the conditions for flying on vision; gives whether all hold. */
  #check(now_us: number, vehicle: Vehicle | null): boolean {
    const { visionSet } = this.#options;
    const checks = new Checks();
    if (vehicle === null) checks.want("vehicle", false, "no HEARTBEAT of an autopilot yet");
    else checks.must("autopilot", isArdupilot(vehicle), "source sets are ArduPilot's");
    const problems = visionSetProblems(this.#parameters, visionSet);
    checks.must("parameters", problems.length === 0, problems.join("; ") || `set ${visionSet} takes vision`);
    const known = visionSetKnown(this.#parameters, visionSet);
    checks.want("parameters_read", known, known ? "read" : `parameters of set ${visionSet} are not read yet`);
    const flowing_us = this.#feedSince_us === null ? 0 : now_us - this.#feedSince_us;
    checks.want(
      "feed",
      this.#feedSince_us !== null && flowing_us >= LEAD_US,
      `flowing for ${(flowing_us / 1e6).toFixed(1)} s`,
    );
    checks.want("gps_lost", this.#gps.state === "lost", this.#gps.detail);
    if (this.#outcome !== null) {
      checks.want("answer", this.#outcome === "accepted", `set ${this.#setOf(this.#asked)}: ${this.#outcome}`);
    }
    this.#conditions = checks.list;
    this.#state = checks.state;
    return checks.list.every((condition) => condition.holds || condition.name === "answer");
  }

  /** Whether to leave vision now. Without a feed a GPS that is healthy at all is better; with one there is no hurry. */
  #backToGps(moment: PublishMoment, feeding: boolean): boolean {
    if (this.#gps.state !== "healthy") return false;
    if (!feeding) return true;
    if (moment.now_us - this.#gps.since_us < this.#back_us) return false;
    const sampled = sampleAt(moment, moment.now_us);
    return "missing" in sampled || this.#gps.agrees(sampled.sample) !== false;
  }

  #ask(which: "vision" | "gps", vehicle: Vehicle, now_us: number): readonly MavLinkData[] {
    if (which === this.#asked && now_us < this.#next_us) return [];
    this.#asked = which;
    this.#watch.sent(now_us);
    return [commandLong(vehicle.sysid, ardupilotmega.MavCmd.SET_EKF_SOURCE_SET, this.#setOf(which))];
  }

  #setOf(which: "vision" | "gps"): number {
    return which === "vision" ? this.#options.visionSet : this.#options.gpsSet;
  }

  #handle(outcome: CommandOutcome, now_us: number): void {
    this.#outcome = outcome;
    if (outcome !== "accepted") {
      this.#next_us = now_us + RETRY_US[outcome];
      return;
    }
    this.#next_us = Number.NEGATIVE_INFINITY;
    this.#switches++;
    this.#onVision = this.#asked === "vision";
    const first_us = this.#options.back_after_s * 1e6;
    if (!this.#onVision) this.#wentBack_us = now_us;
    else if (now_us - this.#wentBack_us < RELAPSE_US) this.#back_us = Math.min(this.#back_us * 2, MAX_BACK_AFTER_US);
    else this.#back_us = first_us;
  }
}
