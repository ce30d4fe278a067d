/** One question and its answer. */
export interface ClockSample {
  /** When the question left and when the answer came, own clock, microseconds. */
  readonly sent_us: number;
  readonly received_us: number;
  /** The other clock when it answered, microseconds. */
  readonly other_us: number;
}

/** What is known of the other clock at one time. */
export interface ClockEstimate {
  /** To add to the own clock to get the other one, microseconds. */
  readonly offset_us: number;
  /** The true offset is most likely within this of `offset_us`: half the best round trip, the scatter, and the age. */
  readonly uncertainty_us: number;
  /** How much faster the other clock runs, parts per million. */
  readonly drift_ppm: number;
  /** The best round trip of late. */
  readonly round_trip_us: number;
}

/** What became of a sample. */
export type SampleVerdict = "used" | "slow" | "suspect" | "step";

interface Kept {
  readonly t_us: number;
  readonly offset_us: number;
  readonly round_trip_us: number;
}

/** A line through the kept samples. */
interface Fit {
  readonly t_us: number;
  readonly offset_us: number;
  readonly drift: number;
  /** Standard errors of the two. */
  readonly offsetSigma_us: number;
  readonly driftSigma: number;
  readonly halfRoundTrip_us: number;
  readonly scatter_us: number;
}

const WINDOW_US = 15_000_000;
/** A sample whose round trip is longer than twice the best of the window and this is not used. */
const SLOW_US = 1000;
/** What an honest pair of clocks may be off from the line beside the uncertainty. */
const MARGIN_US = 500;
/** How fast clocks may drift apart from a suspect sample to the one that confirms it: simulated ones run 2 % slow. */
const SUSPECT_DRIFT = 0.03;
/** A jump up to this is wander: the clock goes on, only less evenly than was thought. A longer one is a step. */
const MAX_WANDER_US = 20_000;
/** Wander is forgotten with this time constant. */
const WANDER_FORGET_US = 20_000_000;
/**
 * What is thought of the drift before there are samples. Crystals are within 100 ppm; a line through a second of scattered
 * samples without this would be anything.
 */
const PRIOR_DRIFT = 2000e-6;
/** Wander adds up as a random walk; it is stated for this long. */
const WANDER_US = 1_000_000;
/** Time stamps are taken some time before a message leaves and after it came. */
const JITTER_US = 100;
/** After this long without a sample nothing is known. */
const FORGET_US = 30_000_000;

/**
 * The offset between two clocks from questions and answers, as in TIMESYNC.
 *
 * However the delay is split between the ways there and back, the true offset at the middle of a round trip is within half
 * of it. So short round trips count most, and one that is much longer than the best of the last 15 s is left out. A line
 * through the samples of the last 15 s follows clocks that run at different speeds. A sample that the line cannot explain
 * is suspect; a second one in a row that agrees with it means that the other clock has stepped (restart, simulation that
 * stood still), and the filter begins anew from the two.
 */
export class ClockFilter {
  #kept: Kept[] = [];
  /** Round trips of the window, those not used among them. */
  #roundTrips: Kept[] = [];
  #suspect: Kept | null = null;
  #fit: Fit | null = null;
  #steps = 0;
  /** How much the offset changes beyond the drift, microseconds in a microsecond. */
  #wander = 0;

  /** Times that the other clock was found to have stepped. */
  get steps(): number {
    return this.#steps;
  }

  /** A sample that does not fit came last: more samples should be taken soon. */
  get doubtful(): boolean {
    return this.#suspect !== null;
  }

  /** Samples that the estimate rests on. */
  get samples(): number {
    return this.#kept.length;
  }

  add({ sent_us, received_us, other_us }: ClockSample): SampleVerdict {
    const round_trip_us = Math.max(0, received_us - sent_us);
    const t_us = (sent_us + received_us) / 2;
    const sample: Kept = { t_us, offset_us: other_us - t_us, round_trip_us };
    const recent = ({ t_us: at_us }: Kept) => t_us - at_us <= WINDOW_US;
    this.#roundTrips = [...this.#roundTrips.filter(recent), sample];
    const best_us = Math.min(...this.#roundTrips.map((other) => other.round_trip_us));
    if (this.#kept.some(recent) && round_trip_us > 2 * best_us + SLOW_US) return "slow";

    const before = this.#fit;
    if (before !== null) this.#wander *= Math.exp(-Math.max(0, t_us - before.t_us) / WANDER_FORGET_US);
    const verdict = this.#judge(sample);
    if (verdict === "suspect") {
      this.#suspect = sample;
      return verdict;
    }
    const confirmed = this.#suspect === null ? [] : [this.#suspect];
    if (verdict === "step") {
      this.#steps++;
      this.#kept = confirmed;
    } else if (verdict === "wander" && before !== null) {
      const jump_us = Math.abs(sample.offset_us - before.offset_us - before.drift * (t_us - before.t_us));
      this.#wander = Math.max(this.#wander, jump_us / (t_us - before.t_us));
      this.#kept.push(...confirmed);
    }
    this.#suspect = null;
    this.#kept = [...this.#kept.filter(recent), sample];
    this.#fit = fitOf(this.#kept, this.#wander);
    return verdict === "wander" ? "used" : verdict;
  }

  /** The estimate at a time on the own clock; null before the first sample and 30 s after the last. */
  estimateAt(t_us: number): ClockEstimate | null {
    const fit = this.#fit;
    if (fit === null) return null;
    const age_us = t_us - fit.t_us;
    if (Math.abs(age_us) > FORGET_US) return null;
    const offset_us = fit.offset_us + fit.drift * age_us;
    const line_us = Math.hypot(fit.offsetSigma_us, fit.driftSigma * age_us, fit.scatter_us, walk(this.#wander, age_us));
    const doubt_us = this.#suspect === null ? 0 : Math.abs(this.#suspect.offset_us - offset_us);
    return {
      offset_us,
      uncertainty_us: Math.max(fit.halfRoundTrip_us + 2 * line_us, doubt_us),
      drift_ppm: fit.drift * 1e6,
      round_trip_us: 2 * fit.halfRoundTrip_us,
    };
  }

  #judge(sample: Kept): "used" | "suspect" | "wander" | "step" {
    const suspect = this.#suspect;
    // The doubt about a suspect must not let the next one in.
    this.#suspect = null;
    const expected = this.estimateAt(sample.t_us);
    this.#suspect = suspect;
    if (expected === null) return "used";
    const jump_us = Math.abs(sample.offset_us - expected.offset_us);
    const half_us = sample.round_trip_us / 2;
    if (jump_us <= expected.uncertainty_us + MARGIN_US + half_us) return "used";
    if (suspect === null) return "suspect";
    const elapsed_us = sample.t_us - suspect.t_us;
    const apart_us = suspect.round_trip_us / 2 + half_us + MARGIN_US + SUSPECT_DRIFT * elapsed_us;
    if (Math.abs(sample.offset_us - suspect.offset_us) > apart_us) return "suspect";
    return jump_us <= MAX_WANDER_US ? "wander" : "step";
  }
}

/** How far a clock has wandered in a time, 1 sigma. */
function walk(wander: number, time_us: number): number {
  return wander * Math.sqrt(WANDER_US * Math.abs(time_us));
}

/**
 * Least squares of offset against time, samples weighted by their round trips and, where the clock wanders, by their age,
 * with a prior on the slope.
 */
function fitOf(kept: readonly Kept[], wander: number): Fit | null {
  const newest = kept[kept.length - 1];
  if (newest === undefined) return null;
  let sw = 0;
  let st = 0;
  let stt = 1 / Math.max(PRIOR_DRIFT, wander) ** 2;
  let so = 0;
  let sto = 0;
  let halfRoundTrip_us = Number.POSITIVE_INFINITY;
  const weighted = kept.map((sample) => {
    const sigma_us = Math.hypot(JITTER_US + sample.round_trip_us / 4, walk(wander, sample.t_us - newest.t_us));
    return { t_us: sample.t_us - newest.t_us, o_us: sample.offset_us - newest.offset_us, w: 1 / sigma_us ** 2 };
  });
  for (const { t_us, o_us, w } of weighted) {
    sw += w;
    st += w * t_us;
    stt += w * t_us * t_us;
    so += w * o_us;
    sto += w * t_us * o_us;
  }
  for (const { round_trip_us } of kept) halfRoundTrip_us = Math.min(halfRoundTrip_us, round_trip_us / 2);
  const determinant = sw * stt - st * st;
  const drift = (sw * sto - st * so) / determinant;
  const offset_us = (stt * so - st * sto) / determinant;
  let squares = 0;
  for (const { t_us, o_us, w } of weighted) squares += w * (o_us - offset_us - drift * t_us) ** 2;
  return {
    t_us: newest.t_us,
    offset_us: newest.offset_us + offset_us,
    drift,
    offsetSigma_us: Math.sqrt(stt / determinant),
    driftSigma: Math.sqrt(sw / determinant),
    halfRoundTrip_us,
    scatter_us: Math.sqrt(squares / sw),
  };
}
