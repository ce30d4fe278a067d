import type { ResetCause } from "../ekf/estimator.js";
import type { EventEntry, LogEntry, StateEntry } from "./entries.js";

/** A part of a flight, seconds since boot. */
export interface Span {
  readonly from_s?: number;
  readonly to_s?: number;
}

/** Distance between estimate and truth, metres. */
export interface ErrorFigures {
  readonly count: number;
  /** States in the air at which the autopilot had no position at all. */
  readonly missing: number;
  readonly rms_m: number;
  readonly p95_m: number;
  readonly max_m: number;
}

type EventOf<K extends EventEntry["event"]> = Extract<EventEntry, { event: K }>;

/** Jumps that somebody asked for, or that a start brings with it. */
const PLANNED: readonly ResetCause[] = ["start", "source_switch", "reset_counter", "external_position"];

function within(t_s: number, { from_s = Number.NEGATIVE_INFINITY, to_s = Number.POSITIVE_INFINITY }: Span): boolean {
  return t_s >= from_s && t_s <= to_s;
}

/** What a twin did, against the truth: the questions that one asks of a flight. */
export class FlightLog {
  readonly entries: LogEntry[] = [];
  readonly #listeners = new Set<(entry: LogEntry) => void>();

  add(entry: LogEntry): void {
    this.entries.push(entry);
    for (const listener of this.#listeners) listener(entry);
  }

  /** Calls `listener` for every entry from now on; returns how to stop it. */
  onEntry(listener: (entry: LogEntry) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** One line of JSON for each entry. */
  lines(): string {
    return this.entries.map((entry) => `${JSON.stringify(entry)}\n`).join("");
  }

  states(span: Span = {}): StateEntry[] {
    return this.entries.filter((entry): entry is StateEntry => entry.kind === "state" && within(entry.t_s, span));
  }

  events<K extends EventEntry["event"]>(event: K, span: Span = {}): EventOf<K>[] {
    return this.entries.filter(
      (entry): entry is EventOf<K> => entry.kind === "event" && entry.event === event && within(entry.t_s, span),
    );
  }

  /** Error of the estimate while in the air. */
  horizontalError(span: Span = {}): ErrorFigures {
    const flying = this.states(span).filter((state) => state.in_air);
    const errors = flying
      .map((state) => state.error_m)
      .filter((error) => error !== null)
      .sort((a, b) => a - b);
    const count = errors.length;
    const square = errors.reduce((sum, error) => sum + error * error, 0);
    return {
      count,
      missing: flying.length - count,
      rms_m: count === 0 ? Number.NaN : Math.sqrt(square / count),
      p95_m: errors[Math.min(count - 1, Math.floor(count * 0.95))] ?? Number.NaN,
      max_m: errors[count - 1] ?? Number.NaN,
    };
  }

  /** All jumps of the estimate. */
  resets(span: Span = {}): EventOf<"reset">[] {
    return this.events("reset", span);
  }

  /** Jumps that nobody asked for: what was refused for long was believed, or aiding had stopped in flight. */
  unplannedResets(span: Span = {}): EventOf<"reset">[] {
    return this.resets(span).filter(({ cause }) => !PLANNED.includes(cause));
  }

  failsafes(span: Span = {}): EventOf<"failsafe">[] {
    return this.events("failsafe", span);
  }

  /** Whether the vehicle was in this mode all the time. */
  modeKept(mode: string, span: Span = {}): boolean {
    const states = this.states(span);
    return states.length > 0 && states.every((state) => state.mode === mode);
  }

  /**
   * How often aiding went to and fro: source sets chosen after the first choice, and positions lost in flight. A good
   * change from GPS to vision has none.
   */
  flapBacks(span: Span = {}): number {
    const sets = this.events("source_set", span);
    const changes = sets.filter(({ set }, k) => k > 0 && sets[k - 1]?.set !== set).length;
    const states = this.states(span);
    const lost = states.filter((state, k) => state.in_air && !state.position_ok && states[k - 1]?.position_ok === true);
    return changes + lost.length;
  }
}
