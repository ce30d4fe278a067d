import { ardupilotmega, common } from "node-mavlink";
import { decodeAs } from "../../codec.js";
import type { MavlinkFrame } from "../../frame.js";
import { EstimatorSensorFusionStatus, FUSION_SOURCES } from "../../messages/estimator-sensor-fusion-status.js";

/** What the feed is to the EKF: each shows in other bits of its reports. */
export type FeedToEkf = "px4_global" | "px4_vision" | "ardupilot_vision";

export interface EkfMoment {
  readonly now_us: number;
  readonly feed: FeedToEkf;
  /** Messages are flowing. */
  readonly feeding: boolean;
  /** Nothing else than the feed gives the EKF an absolute position: GPS is lost, or the source set leaves it out. */
  readonly soleSource: boolean;
  /** What is known to be wrong elsewhere (parameters, rate), the most likely cause first. */
  readonly suspects: readonly string[];
}

const BIT = {
  absolute: 16,
  constantPosition: 128,
  horizontalAiding: 256,
  globalAiding: 512,
  uninitialised: 1024,
} as const;
/** Reports older than this say nothing of now. */
const REPORT_US = 3_000_000;
/** A flag that has been good for less than this proves nothing: PX4 showed one for 1.2 s on a feed that it never used. */
const SETTLE_US = 3_000_000;
/** Bad flags count after this, rejected positions after that: two outliers in a row are no loss. */
const BAD_US = 1_000_000;
const REJECTED_US = 3_000_000;
/** How long an EKF keeps its absolute position without any aid (measured 7.0 s and 5.2 s), with a margin. */
const HOLD_US = { ardupilot_vision: 8_000_000, px4_global: 6_500_000, px4_vision: 6_500_000 } as const;

interface Report {
  readonly flags: number;
  /** Innovation over its gate; above 1 is rejected; null where the EKF does not say. */
  readonly ratio: number | null;
  readonly at_us: number;
}

/** Since when something is so, or null while it is not. */
type Since = number | null;

/**
 * Watches whether the EKF really uses the feed. True needs proof: the EKF names the source itself (514 of new PX4), or it
 * got its position while only we fed it, or it has kept one longer than it could without us.
 */
export class EkfWatch {
  #report: Report | null = null;
  #fusion: { readonly message: EstimatorSensorFusionStatus; readonly at_us: number } | null = null;
  #soleSince: Since = null;
  #goodSince: Since = null;
  #badSince: Since = null;
  #rejectedSince: Since = null;
  #feedingSince: Since = null;
  #fused: boolean | null = null;
  #reason = "nothing is fed";

  /** true: proved; false: it does not; null: cannot be told. */
  get fused(): boolean | null {
    return this.#fused;
  }

  /** Why `fused` is what it is, in a line for the operator. */
  get reason(): string {
    return this.#reason;
  }

  /** How long the feed has flowed without a break, microseconds. */
  feeding_us(now_us: number): number {
    return this.#feedingSince === null ? 0 : now_us - this.#feedingSince;
  }

  /** Takes EKF_STATUS_REPORT, ESTIMATOR_STATUS and ESTIMATOR_SENSOR_FUSION_STATUS of the vehicle. */
  receive(frame: MavlinkFrame, now_us: number): void {
    if (frame.msgid === ardupilotmega.EkfStatusReport.MSG_ID) {
      const { flags, posHorizVariance } = decodeAs(frame, ardupilotmega.EkfStatusReport);
      this.#report = { flags, ratio: finite(posHorizVariance), at_us: now_us };
    } else if (frame.msgid === common.EstimatorStatus.MSG_ID) {
      const { flags, posHorizRatio } = decodeAs(frame, common.EstimatorStatus);
      this.#report = { flags, ratio: finite(posHorizRatio), at_us: now_us };
    } else if (frame.msgid === EstimatorSensorFusionStatus.MSG_ID) {
      this.#fusion = { message: decodeAs(frame, EstimatorSensorFusionStatus), at_us: now_us };
    }
  }

  /** Judges; call it at 5 Hz or more. */
  update(moment: EkfMoment): void {
    const { now_us, feeding, feed } = moment;
    this.#feedingSince = since(this.#feedingSince, feeding, now_us);
    this.#soleSince = since(this.#soleSince, feeding && moment.soleSource, now_us);
    const report = this.#report !== null && now_us - this.#report.at_us <= REPORT_US ? this.#report : null;
    const good = report !== null && goodFlags(report.flags, feed);
    const rejected = (report?.ratio ?? 0) > 1;
    this.#goodSince = since(this.#goodSince, good, now_us);
    this.#badSince = since(this.#badSince, report !== null && !good, now_us);
    this.#rejectedSince = since(this.#rejectedSince, rejected, now_us);
    if (!feeding) {
      this.#say(null, "nothing is fed");
      return;
    }
    const named = this.#named(moment);
    if (named !== null) this.#say(named.fused, named.reason);
    else if (report === null) this.#say(null, "the vehicle sends no EKF status");
    else if (this.#soleSince === null) this.#say(null, "GPS is used as well: what the feed does cannot be told");
    else this.#judge(moment, report, this.#soleSince);
  }

  /** What message 514 says of our source, or null where it does not come. */
  #named({ now_us, feed, suspects }: EkfMoment): { fused: boolean; reason: string } | null {
    if (this.#fusion === null || now_us - this.#fusion.at_us > REPORT_US || feed === "ardupilot_vision") return null;
    const { intended, active, testRatio } = this.#fusion.message;
    const source = feed === "px4_global" ? FUSION_SOURCES.aux_global_position : FUSION_SOURCES.external_vision;
    if ((active[source] ?? 0) !== 0) return { fused: true, reason: "the EKF names it among its sources" };
    if ((intended[source] ?? 0) === 0) {
      return { fused: false, reason: suspects[0] ?? `${parameterOf(feed)} does not let it be fused` };
    }
    const ratio = finite(testRatio[source] ?? Number.NaN);
    if (ratio !== null && ratio > 1) return { fused: false, reason: rejectedText(ratio) };
    return { fused: false, reason: suspects[0] ?? "the EKF wants it but does not fuse it: too slow or too old" };
  }

  #judge({ now_us, feed, suspects }: EkfMoment, report: Report, soleSince: number): void {
    if (lasts(this.#badSince, BAD_US, now_us)) {
      this.#say(false, suspects[0] ?? flagsText(report, feed));
    } else if (lasts(this.#rejectedSince, REJECTED_US, now_us)) {
      this.#say(false, suspects[0] ?? rejectedText(report.ratio ?? Number.NaN));
    } else if (this.#goodSince !== null && this.#rejectedSince === null) {
      const rose = this.#goodSince > soleSince && now_us - this.#goodSince >= SETTLE_US;
      const held = now_us - Math.max(soleSince, this.#goodSince) >= HOLD_US[feed];
      if (rose || held) this.#say(true, "the EKF has a position that only this feed can give");
      else if (this.#fused !== true) this.#say(null, "too early to tell");
    }
  }

  #say(fused: boolean | null, reason: string): void {
    this.#fused = fused;
    this.#reason = reason;
  }
}

function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

function since(before: Since, holds: boolean, now_us: number): Since {
  return holds ? (before ?? now_us) : null;
}

function lasts(from: Since, duration_us: number, now_us: number): boolean {
  return from !== null && now_us - from >= duration_us;
}

/** Whether the flags are those of an EKF that is aided by this kind of feed. */
function goodFlags(flags: number, feed: FeedToEkf): boolean {
  if ((flags & BIT.absolute) === 0) return false;
  // PX4 keeps "constant position" set on the ground, however well it is aided; ArduPilot means it.
  if (feed === "px4_global") return (flags & BIT.globalAiding) !== 0;
  if (feed === "px4_vision") return (flags & BIT.horizontalAiding) !== 0;
  return (flags & (BIT.constantPosition | BIT.uninitialised)) === 0;
}

function flagsText({ flags }: Report, feed: FeedToEkf): string {
  if (feed === "ardupilot_vision" && (flags & BIT.uninitialised) !== 0) return "the EKF is not initialised yet";
  if ((flags & BIT.constantPosition) !== 0) return "the EKF holds a constant position: it is not aided";
  if ((flags & BIT.absolute) === 0) return "the EKF has no absolute position";
  return "the EKF does not fuse it";
}

function rejectedText(ratio: number): string {
  return `rejected by the EKF: test ratio ${ratio.toFixed(1)}, above 1`;
}

function parameterOf(feed: FeedToEkf): string {
  return feed === "px4_global" ? "EKF2_AGP0_CTRL" : "EKF2_EV_CTRL";
}
