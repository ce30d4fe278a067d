import type { common } from "node-mavlink";
import type { PublisherStatus } from "../flight-publisher.js";
import type { GpsHealth } from "./gps-health.js";
import { OperatorNotes } from "./operator-notes.js";
import { type SourceSetSwitch, SWITCH_WINDOW_US } from "./source-set.js";

/** What the operator is told about. */
export interface ReportMoment {
  readonly now_us: number;
  readonly armed: boolean;
  readonly status: PublisherStatus;
  /** The feed's way to the EKF is watched, and how long it has flowed; null where the answers to commands tell. */
  readonly watched: { readonly feeding_us: number; readonly reason: string } | null;
  /** Parameters that will keep the EKF from using the feed, whatever GPS does. */
  readonly wrongParameters: readonly string[];
  readonly gps: Pick<GpsHealth, "state" | "since_us">;
  /** The source set switch, where there is one to tell about, and the set that flies on vision. */
  readonly sets: (Pick<SourceSetSwitch, "state" | "conditions" | "onVision"> & { readonly visionSet: number }) | null;
}

/** A publisher that is stopped is told about after this long, */
const STOPPED_US = 1_000_000;
/** one that only waits after this long, and only while it is needed. */
const WAITING_US = 30_000_000;
/** Time after a loss at which the operator is told that nothing can be switched to. */
const LATE_US = SWITCH_WINDOW_US - 2_000_000;

/** Tells the operator, in STATUSTEXTs, what becomes of the feed: what is wrong, why, and what to set. */
export class OperatorReport {
  readonly #notes = new OperatorNotes();
  readonly #notFusedAfter_us: number;
  #wasFused: boolean | null = null;
  #wasOnVision = false;
  #idleSince_us: number | null = null;

  constructor(notFusedAfter_s: number) {
    this.#notFusedAfter_us = notFusedAfter_s * 1e6;
  }

  /** The autopilot began anew: what it did before is no news any more. */
  restart(): void {
    this.#wasFused = null;
    this.#wasOnVision = false;
    this.#idleSince_us = null;
  }

  /** The messages to send now. */
  update(moment: ReportMoment): readonly common.StatusText[] {
    this.#fusion(moment);
    this.#waiting(moment);
    this.#beforeTakeOff(moment);
    this.#sourceSet(moment);
    return this.#notes.drain();
  }

  #fusion({ now_us, status, watched }: ReportMoment): void {
    const { fused, name } = status;
    if (fused === true && this.#wasFused !== true) this.#notes.say("fused", "info", `EKF uses ${name}`, now_us);
    if (fused === false && watched !== null) {
      const lost = this.#wasFused === true;
      if (lost || watched.feeding_us >= this.#notFusedAfter_us) {
        this.#notes.say("not fused", "warning", `EKF does not use ${name}: ${watched.reason}`, now_us);
      }
    }
    if (fused !== null) this.#wasFused = fused;
  }

  #waiting({ now_us, status, gps }: ReportMoment): void {
    this.#idleSince_us = status.state === "active" ? null : (this.#idleSince_us ?? now_us);
    const failing = status.conditions.find((condition) => !condition.holds);
    if (this.#idleSince_us === null || failing === undefined) return;
    const idle_us = now_us - this.#idleSince_us;
    const stopped = status.state === "stopped" && idle_us >= STOPPED_US;
    if (!stopped && (idle_us < WAITING_US || gps.state === "healthy")) return;
    this.#notes.say(failing.name, "warning", `no ${status.name}: ${failing.name}: ${failing.detail}`, now_us);
  }

  /** What can never work is better known before the take-off than after the loss of GPS. */
  #beforeTakeOff({ now_us, armed, status, wrongParameters }: ReportMoment): void {
    const [wrong] = wrongParameters;
    if (armed || wrong === undefined) return;
    this.#notes.say("parameters", "warning", `EKF will not use ${status.name}: ${wrong}`, now_us);
  }

  #sourceSet({ now_us, sets, gps, armed, watched }: ReportMoment): void {
    if (sets === null) return;
    if (sets.onVision !== this.#wasOnVision) {
      this.#wasOnVision = sets.onVision;
      const text = sets.onVision ? `GPS lost, flying on vision (set ${sets.visionSet})` : "GPS is back, flying on GPS";
      this.#notes.say(sets.onVision ? "on vision" : "on gps", "warning", text, now_us);
    }
    if (sets.onVision) return;
    const late = gps.state === "lost" && now_us - gps.since_us >= LATE_US;
    const hopeless = sets.state === "stopped" && (late || !armed);
    if (!hopeless && !(late && (watched?.feeding_us ?? 0) > 0)) return;
    const failing = sets.conditions.find((condition) => !condition.holds && condition.name !== "gps_lost");
    const why = failing === undefined ? "no answer" : `${failing.name}: ${failing.detail}`;
    this.#notes.say("source set", "warning", `source set not switched: ${why}`, now_us);
  }
}
