import { common, type MavLinkData } from "node-mavlink";
import { ClockFilter } from "./clock-filter.js";
import { decodeAs } from "./codec.js";
import type { MavlinkFrame } from "./frame.js";
import { AUTOPILOT_COMPONENT } from "./identity.js";
import type { LinkService, VehiclePort } from "./vehicle-port.js";

export interface TimesyncOptions {
  /**
   * Answers the vehicle's own requests. PX4 then takes the time stamps of what we send for capture times on its clock,
   * so they must be that, and EKF2_EV_DELAY must be 0: with both, aiding stopped after 52 s and the vehicle landed blind,
   * three times of three. Default false.
   */
  readonly answer?: boolean;
}

/** What is known of the autopilot's clock. */
export interface TimesyncStatus {
  /** To add to the agent's clock to get the autopilot's, microseconds; null while it is not known. */
  readonly offset_us: number | null;
  readonly uncertainty_us: number | null;
  readonly drift_ppm: number | null;
  /** The best round trip of late; null while nothing was answered. */
  readonly round_trip_us: number | null;
  readonly requests: number;
  readonly answers: number;
  /** Answers not used: the round trip was long, or the time is not explained by those before. */
  readonly rejected: number;
  /** Times that the autopilot's clock stepped (a restart, or a simulation that stood still). */
  readonly steps: number;
  /** Requests of the vehicle that were answered. */
  readonly answered: number;
}

const BURST = 10;
const BURST_US = 100_000;
const STEADY_US = 1_000_000;
/** The hub ticks every 50 ms. */
const EARLY_US = 10_000;
/** Answers that have not come by then do not come. */
const OUTSTANDING = 16;
/** Samples before the offset is told. */
const ENOUGH_SAMPLES = 3;

/**
 * TIMESYNC: asks the autopilot for its clock (ten times at 10 Hz, then every second; quickly again when its answers make
 * no sense any more), and answers its requests only if told to.
 *
 * A LinkService: attach it to the hub.
 */
export class Timesync implements LinkService {
  readonly answers: boolean;
  readonly #identity: VehiclePort["identity"];
  readonly #filter = new ClockFilter();
  /** Times of our requests that have no answer yet; ts1 of the answer is one of them, in nanoseconds. */
  readonly #outstanding = new Set<number>();
  #burst = BURST;
  #next_us = Number.NEGATIVE_INFINITY;
  #counts = { requests: 0, answers: 0, rejected: 0, answered: 0 };

  constructor(identity: VehiclePort["identity"], options: TimesyncOptions = {}) {
    this.#identity = identity;
    this.answers = options.answer ?? false;
  }

  tick(now_us: number): readonly MavLinkData[] {
    const { vehicle } = this.#identity;
    if (vehicle === null || now_us < this.#next_us - EARLY_US) return [];
    if (this.#burst > 0) this.#burst--;
    this.#next_us = now_us + (this.#burst > 0 ? BURST_US : STEADY_US);
    this.#outstanding.add(now_us);
    for (const sent_us of this.#outstanding) {
      if (this.#outstanding.size > OUTSTANDING) this.#outstanding.delete(sent_us);
    }
    this.#counts.requests++;
    return [timesyncMessage(0n, nanoseconds(now_us), vehicle.sysid, vehicle.compid)];
  }

  observe(frame: MavlinkFrame, t_us: number): readonly MavLinkData[] {
    if (frame.msgid !== common.TimeSync.MSG_ID) return [];
    const { tc1, ts1 } = decodeAs(frame, common.TimeSync);
    if (tc1 === 0n) {
      if (!this.answers) return [];
      this.#counts.answered++;
      return [timesyncMessage(nanoseconds(t_us), ts1, frame.sysid, frame.compid)];
    }
    const sent_us = Number(ts1 / 1000n);
    // Answers to other people's requests reach everybody.
    if (frame.compid !== AUTOPILOT_COMPONENT || ts1 % 1000n !== 0n || !this.#outstanding.delete(sent_us)) return [];
    this.#counts.answers++;
    const verdict = this.#filter.add({ sent_us, received_us: t_us, other_us: Number(tc1) / 1000 });
    if (verdict === "slow" || verdict === "suspect") this.#counts.rejected++;
    if (verdict === "suspect" || verdict === "step") {
      this.#burst = Math.max(this.#burst, verdict === "step" ? BURST : 3);
      this.#next_us = Math.min(this.#next_us, t_us + BURST_US);
    }
    return [];
  }

  /** To add to a time on the agent's clock to get the autopilot's, microseconds; null while it is not known. */
  offsetAt(t_us: number): number | null {
    return this.#filter.samples < ENOUGH_SAMPLES ? null : (this.#filter.estimateAt(t_us)?.offset_us ?? null);
  }

  /** `now_us`: agent clock. */
  statusAt(now_us: number): TimesyncStatus {
    const estimate = this.#filter.estimateAt(now_us);
    const known = this.#filter.samples >= ENOUGH_SAMPLES;
    return {
      offset_us: known ? (estimate?.offset_us ?? null) : null,
      uncertainty_us: known ? (estimate?.uncertainty_us ?? null) : null,
      drift_ppm: known ? (estimate?.drift_ppm ?? null) : null,
      round_trip_us: estimate?.round_trip_us ?? null,
      ...this.#counts,
      steps: this.#filter.steps,
    };
  }
}

function nanoseconds(t_us: number): bigint {
  return BigInt(Math.round(t_us)) * 1000n;
}

function timesyncMessage(tc1: bigint, ts1: bigint, targetSystem: number, targetComponent: number): common.TimeSync {
  return Object.assign(new common.TimeSync(), { tc1, ts1, targetSystem, targetComponent });
}
