import { common } from "node-mavlink";
import type { MavlinkFrame } from "../../frame.js";
import { AUTOPILOT_COMPONENT, type Vehicle } from "../../identity.js";
import type { PublishMoment } from "../flight-publisher.js";
import type { Checks } from "./checks.js";
import { type CommandOutcome, CommandWatch } from "./commands.js";
import { FixStreak } from "./fix-streak.js";
import type { GpsHealth } from "./gps-health.js";
import { GuardedPublisher, type Turn } from "./guarded-publisher.js";
import { type PositionSample, wantPosition } from "./position-sample.js";
import { TurnWatch } from "./turn-watch.js";
import { isArdupilot, isPlane, isPx4, vehicleText, wantVehicle } from "./vehicle-kind.js";

export interface ExternalPositionOptions {
  /**
   * Seconds from one accepted position to the next, 0.5 to 60. On the real autopilot 10 s and 0.5 s did equally well with
   * fixes of 5 m; better fixes are worth more of them, and a wrong one is put right sooner.
   */
  readonly interval_s: number;
  /** Fixes that must have agreed before the first position is given, and after every jump. */
  readonly fixes: number;
  /** The most that the protection level may be, metres: the autopilot checks nothing. */
  readonly max_protection_level_m: number;
  /** The newest fix may be this old, seconds. */
  readonly max_fix_age_s: number;
  /** Our component on the link: acknowledgements for others are not ours; null takes all. */
  readonly ownComponent: number | null;
}

/** How often it looks whether there is something to send; what limits the rate is `interval_s`. */
const LOOK_HZ = 10;
/** MAV_FRAME_GLOBAL and MAV_FRAME_GLOBAL_INT: the only ones that are taken, ArduPilot both, PX4 only the second. */
const FRAME_GLOBAL = 0;
const FRAME_GLOBAL_INT = 5;
/** Seconds until the next attempt, by what became of the last one. */
const RETRY_S: Readonly<Record<Exclude<CommandOutcome, "accepted">, number>> = {
  // ArduPilot refuses while it thinks its GPS healthy, until about a second after the loss.
  failed: 1,
  temporarily_rejected: 2,
  no_answer: 1,
  wrong_form: 1,
  cancelled: 5,
  denied: 30,
  unsupported: 60,
};
/** A command that is UNSUPPORTED this often in a row is given up. */
const GIVE_UP = 3;

/**
 * MAV_CMD_EXTERNAL_POSITION_ESTIMATE (43003) for planes whose GPS is gone.
 *
 * The autopilot has no gate at all: a position 100 m off was taken at once. So it is given only after GPS is lost, only
 * after fixes have agreed, only while the protection level is small, and each time only with a fix that is new and not of
 * a sharp turn: there the EKF's own reckoning of some seconds is the better one.
 */
export class ExternalPositionFlight extends GuardedPublisher {
  readonly name = "external_position_estimate";
  readonly #options: ExternalPositionOptions;
  readonly #gps: GpsHealth;
  readonly #streak = new FixStreak();
  readonly #turn = new TurnWatch();
  readonly #watch: CommandWatch;
  #frame: number | null = null;
  #otherFrameTried = false;
  #epoch_us: number | null = null;
  #next_us = Number.NEGATIVE_INFINITY;
  #sentFix = -1;
  #last: { readonly outcome: CommandOutcome; readonly at_us: number } | null = null;
  #unsupported = 0;
  #now_us = 0;

  /** `gps` is judged by the caller: the same one for everything on the link. */
  constructor(options: ExternalPositionOptions, gps: GpsHealth) {
    super(LOOK_HZ);
    this.#options = options;
    this.#gps = gps;
    this.#watch = new CommandWatch(common.MavCmd.EXTERNAL_POSITION_ESTIMATE, options.ownComponent);
  }

  /** What became of the last position, or null before the first answer. */
  get lastOutcome(): CommandOutcome | null {
    return this.#last?.outcome ?? null;
  }

  override receive(frame: MavlinkFrame, now_us: number): void {
    this.#turn.receive(frame, now_us);
    const outcome = this.#watch.take(frame, now_us);
    if (outcome !== null) this.#handle(outcome, now_us);
  }

  /** True while positions are being accepted, false when the last was not, null when none was answered lately. */
  protected override get fused(): boolean | null {
    if (this.#last === null) return null;
    const lately_us = 3e6 * Math.max(this.#options.interval_s, 1);
    if (this.#now_us - this.#last.at_us > lately_us) return null;
    return this.#last.outcome === "accepted";
  }

  protected turn(moment: PublishMoment, checks: Checks): Turn {
    const { now_us, status } = moment;
    this.#now_us = now_us;
    this.#epoch_us ??= now_us;
    const expired = this.#watch.expire(now_us);
    if (expired !== null) this.#handle(expired, now_us);

    const vehicle = wantVehicle(status, checks);
    if (vehicle !== null) {
      const usable = isPx4(vehicle) || (isArdupilot(vehicle) && isPlane(vehicle));
      const px4 = "PX4 accepts it, and loses its position all the same: use global_position_sensor";
      const text = isPx4(vehicle) ? px4 : vehicleText(vehicle);
      checks.must("autopilot", usable, usable ? text : `${vehicleText(vehicle)} lands on this command`);
    }
    const supported = this.#unsupported < GIVE_UP;
    checks.must("command", supported, this.#last === null ? "not tried yet" : `last answer: ${this.#last.outcome}`);
    // On the ground a GPS that is still searching looks like one that is lost.
    checks.want("armed", status.armed === true, status.armed === true ? "armed" : "used in flight only");
    checks.want("gps_lost", this.#gps.state === "lost", this.#gps.detail);

    const { fixes, max_protection_level_m, max_fix_age_s } = this.#options;
    const agreeing = this.#streak.update(moment.solutionAt(now_us).position);
    const sample = wantPosition(moment, now_us, checks);
    checks.want("agreeing_fixes", agreeing >= fixes, `${agreeing} of ${fixes}`);
    if (sample !== null) {
      const level_m = sample.protection_level_m;
      const tight = level_m <= max_protection_level_m;
      checks.want("protection_level", tight, `${level_m.toFixed(0)} m, at most ${max_protection_level_m}`);
      const age_s = (now_us - sample.fix_t_us) / 1e6;
      checks.want("fresh_fix", age_s <= max_fix_age_s, `${age_s.toFixed(1)} s old, at most ${max_fix_age_s}`);
    }
    return {
      requests: [],
      feed: () => {
        const wait = this.#watch.waiting || now_us < this.#next_us;
        if (sample === null || vehicle === null || wait || sample.fix_count === this.#sentFix) return [];
        if (this.#turn.spoils(sample.fix_t_us, now_us)) return [];
        return [this.#command(sample, vehicle)];
      },
    };
  }

  #command(sample: PositionSample, vehicle: Vehicle): common.CommandInt {
    this.#frame ??= isPx4(vehicle) ? FRAME_GLOBAL_INT : FRAME_GLOBAL;
    this.#sentFix = sample.fix_count;
    this.#watch.sent(sample.t_us);
    const message = new common.CommandInt();
    message.targetSystem = vehicle.sysid;
    message.targetComponent = AUTOPILOT_COMPONENT;
    message.frame = this.#frame;
    message.command = common.MavCmd.EXTERNAL_POSITION_ESTIMATE;
    message.current = 0;
    message.autocontinue = 0;
    // Seconds from our first look on: a 32-bit float of the computer's uptime would lose milliseconds within a day.
    message._param1 = (sample.t_us - (this.#epoch_us ?? sample.t_us)) / 1e6;
    message._param2 = 0;
    message._param3 = sample.eph_m;
    message._param4 = 0;
    message._param5 = Math.round(sample.lat_deg * 1e7);
    message._param6 = Math.round(sample.lon_deg * 1e7);
    message._param7 = Number.NaN;
    return message;
  }

  #handle(outcome: CommandOutcome, now_us: number): void {
    this.#last = { outcome, at_us: now_us };
    this.#unsupported = outcome === "unsupported" ? this.#unsupported + 1 : 0;
    if (outcome === "accepted") {
      this.#next_us = now_us + this.#options.interval_s * 1e6;
      return;
    }
    let retry_s = RETRY_S[outcome];
    if ((outcome === "denied" || outcome === "wrong_form") && !this.#otherFrameTried && this.#frame !== null) {
      this.#frame = this.#frame === FRAME_GLOBAL ? FRAME_GLOBAL_INT : FRAME_GLOBAL;
      this.#otherFrameTried = true;
      retry_s = RETRY_S.wrong_form;
    }
    // What was refused may be offered again: a plane without GPS needs the position more than it needs a newer one.
    this.#sentFix = -1;
    this.#next_us = now_us + retry_s * 1e6;
  }
}
