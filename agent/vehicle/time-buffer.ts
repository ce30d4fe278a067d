/** Something that holds for one moment, microseconds. */
export interface Timed {
  readonly t_us: number;
}

/** The samples around a time: `after` is null when the time lies behind the newest sample. */
export interface Bracket<T> {
  readonly before: T;
  readonly after: T | null;
  /** Share of the way from `before` to `after`, 0..1; 0 without `after`. */
  readonly fraction: number;
  /** Microseconds from `before` to the time asked for. */
  readonly since_us: number;
  /** Microseconds to the nearer of the two samples. */
  readonly nearest_us: number;
}

/** How far samples may stand apart, and how far behind the newest one a time may lie, for an answer. */
export interface BufferReach {
  readonly gap_us: number;
  readonly hold_us: number;
}

/**
 * The samples of the last seconds, in order of time. Bounded in time and in number, whatever a link delivers: a sample
 * that is not newer than the newest is refused.
 */
export class TimeBuffer<T extends Timed> {
  readonly #span_us: number;
  readonly #capacity: number;
  #samples: T[] = [];
  #first = 0;

  /** `span_us`: how long samples are kept behind the newest. */
  constructor(span_us: number, capacity = 1024) {
    this.#span_us = span_us;
    this.#capacity = capacity;
  }

  get length(): number {
    return this.#samples.length - this.#first;
  }

  get newest(): T | null {
    return this.#samples[this.#samples.length - 1] ?? null;
  }

  /** Keeps the sample unless it is not newer than the newest one; returns whether it was kept. */
  push(sample: T): boolean {
    const newest = this.newest;
    if (!Number.isFinite(sample.t_us) || (newest !== null && sample.t_us <= newest.t_us)) return false;
    this.#samples.push(sample);
    const oldest_us = sample.t_us - this.#span_us;
    while (this.length > this.#capacity || (this.#samples[this.#first]?.t_us ?? oldest_us) < oldest_us) this.#first++;
    // Cutting the front off now and then costs less than moving everything with each sample.
    if (this.#first > this.#capacity) {
      this.#samples = this.#samples.slice(this.#first);
      this.#first = 0;
    }
    return true;
  }

  clear(): void {
    this.#samples = [];
    this.#first = 0;
  }

  /**
   * The samples around a time, or null: before the oldest, behind the newest by more than `hold_us`, or in a gap longer
   * than `gap_us`.
   */
  around(t_us: number, reach: BufferReach): Bracket<T> | null {
    const before = this.#lastUpTo(t_us);
    const sample = this.#samples[before];
    if (before < this.#first || sample === undefined) return null;
    const since_us = t_us - sample.t_us;
    const after = this.#samples[before + 1];
    if (after === undefined) {
      if (since_us > reach.hold_us) return null;
      return { before: sample, after: null, fraction: 0, since_us, nearest_us: since_us };
    }
    const gap_us = after.t_us - sample.t_us;
    if (since_us > 0 && gap_us > reach.gap_us) return null;
    const nearest_us = Math.min(since_us, gap_us - since_us);
    return { before: sample, after, fraction: since_us / gap_us, since_us, nearest_us };
  }

  /** Index of the newest sample that is not later than `t_us`; less than `#first` if there is none. */
  #lastUpTo(t_us: number): number {
    let low = this.#first;
    let high = this.#samples.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#samples[middle]?.t_us ?? Number.POSITIVE_INFINITY) <= t_us) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }
}
