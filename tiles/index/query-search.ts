import { exactDot } from "./dot.js";
import type { FloatRows } from "./float-rows.js";
import type { IndexLayout } from "./format.js";
import type { Slab } from "./kernel.js";
import { type QuantisedQuery, quantiseQuery } from "./quantise.js";
import type { RowSet } from "./row-set.js";
import { TopK } from "./top-k.js";

/** Rows waiting for their exact score: more than this are scored at once, so that memory stays bounded. */
const MAX_WAITING = 2 ** 13;

/**
 * One query's way through the index.
 *
 * Why the result is exact. Let a row be x = s*r + e with r int8 and |e| <= E, and the query q = t*p + f with p int16
 * and |f| <= F; let N bound |s*r| over all rows. Then
 *
 *     x.q = s*t*(r.p) + s*r.f + e.q,   so by Cauchy-Schwarz   |x.q - s*t*(r.p)| <= N*F + E*|q|.
 *
 * `r.p` is an exact integer. Each row gets a lower and an upper bound from it, widened by `slack`, which is greater
 * than all float rounding on the way (the kernel's float32, and the one rounding of the score to float32). When k rows
 * have a lower bound of at least L, a row whose upper bound is below L scores less than each of these k and cannot be
 * in the result, ties included. The kernel leaves such rows out with the L known so far; the rest is scored exactly.
 */
export class QuerySearch {
  readonly quantised: QuantisedQuery;
  /** |q| in units of the query's step: what the kernel multiplies a row's error with. */
  readonly reach: number;
  /** Bound on all float rounding, in units of the score. */
  private readonly slack: number;
  /** What is the same for all rows between the approximate score and its bounds. */
  private readonly margin: number;
  private readonly lows: TopK;
  private readonly best: TopK;
  private readonly room: number;
  private readonly waitingRows: Uint32Array;
  private readonly waitingHighs: Float64Array;
  private waiting = 0;
  /** Rows scored from float32 so far. */
  rescored = 0;

  constructor(
    private readonly query: Float32Array,
    k: number,
    layout: IndexLayout,
    private readonly floats: FloatRows,
    private readonly eligible: RowSet,
  ) {
    this.quantised = quantiseQuery(query, layout.scan_stride);
    const { step, error, norm } = this.quantised;
    this.reach = step > 0 ? norm / step : 0;
    // 2^-20 of the largest score is 16 times a float32 rounding; the other terms stand for numbers near float32's
    // smallest (1.4e-45), where roundings are no longer relative.
    this.slack = 2 ** -20 * layout.norm_bound * (norm + error) + 1e-40 * (norm + step) + 1e-44;
    this.margin = layout.norm_bound * error + this.slack;
    this.lows = new TopK(k);
    this.best = new TopK(k);
    this.room = Math.min(MAX_WAITING, eligible.count);
    this.waitingRows = new Uint32Array(this.room);
    this.waitingHighs = new Float64Array(this.room);
  }

  /** Rows whose upper bound by the kernel is below this cannot be in the result. In units of the query's step. */
  get threshold(): number {
    const { step } = this.quantised;
    return step > 0 ? (this.limit - this.margin - this.slack) / step : Number.NEGATIVE_INFINITY;
  }

  /** Takes what the kernel found in a slab: pairs (row, r.p). A row must not be given twice. */
  take(slab: Slab, pairs: Int32Array): void {
    const { step, norm } = this.quantised;
    const { scales, errors, first } = slab;
    for (let at = 0; at < pairs.length; at += 2) {
      const row = (pairs[at] as number) >>> 0;
      if (!this.eligible.has(row)) continue;
      const approximate = step * (scales[row - first] as number) * (pairs[at + 1] as number);
      const reach = (errors[row - first] as number) * norm + this.margin;
      if (approximate + reach < this.limit) continue;
      this.lows.push(approximate - reach, row);
      if (this.waiting === this.room) this.makeRoom();
      this.waitingRows[this.waiting] = row;
      this.waitingHighs[this.waiting++] = approximate + reach;
    }
  }

  /** The best rows with their exact scores. */
  result(): { rows: Uint32Array; scores: Float32Array } {
    this.dropHopeless();
    // Best bound first: the threshold then rises as fast as it can, and the first row below it ends the work.
    const order = Array.from({ length: this.waiting }, (_, at) => at).sort(
      (a, b) => (this.waitingHighs[b] as number) - (this.waitingHighs[a] as number),
    );
    for (const at of order) {
      if ((this.waitingHighs[at] as number) < this.best.threshold) break;
      this.score(this.waitingRows[at] as number);
    }
    return this.best.sorted();
  }

  /** A score that k rows reach for certain. */
  private get limit(): number {
    return Math.max(this.lows.threshold, this.best.threshold);
  }

  private makeRoom(): void {
    this.dropHopeless();
    if (this.waiting <= this.room / 2) return;
    for (let at = 0; at < this.waiting; at++) this.score(this.waitingRows[at] as number);
    this.waiting = 0;
  }

  private dropHopeless(): void {
    const { limit } = this;
    let kept = 0;
    for (let at = 0; at < this.waiting; at++) {
      const high = this.waitingHighs[at] as number;
      if (high < limit) continue;
      this.waitingHighs[kept] = high;
      this.waitingRows[kept++] = this.waitingRows[at] as number;
    }
    this.waiting = kept;
  }

  private score(row: number): void {
    this.rescored++;
    this.best.push(exactDot(this.floats.get(row), this.query), row);
  }
}
