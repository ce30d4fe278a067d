/** Keeps the k best (score, row) pairs: higher scores first, and of equal scores the smaller row. */
export class TopK {
  private size = 0;
  private readonly scores: Float64Array;
  private readonly rows: Float64Array;

  constructor(readonly k: number) {
    this.scores = new Float64Array(k);
    this.rows = new Float64Array(k);
  }

  /** The score of the worst pair kept, or -Infinity while there are fewer than k: what scores less need not be pushed. */
  get threshold(): number {
    return this.size < this.k ? Number.NEGATIVE_INFINITY : (this.scores[0] as number);
  }

  /** Offers a pair. */
  push(score: number, row: number): void {
    if (this.size < this.k) {
      let at = this.size++;
      while (at > 0) {
        const parent = (at - 1) >> 1;
        if (!this.worse(score, row, parent)) break;
        this.move(parent, at);
        at = parent;
      }
      this.place(at, score, row);
    } else if (!this.worse(score, row, 0) && !(score === this.scores[0] && row === this.rows[0])) {
      this.replaceWorst(score, row);
    }
  }

  /** The pairs kept, best first. */
  sorted(): { rows: Uint32Array; scores: Float32Array } {
    const order = Array.from({ length: this.size }, (_, at) => at).sort(
      (a, b) =>
        (this.scores[b] as number) - (this.scores[a] as number) || (this.rows[a] as number) - (this.rows[b] as number),
    );
    return {
      rows: Uint32Array.from(order, (at) => this.rows[at] as number),
      scores: Float32Array.from(order, (at) => this.scores[at] as number),
    };
  }

  /** Is (score, row) worse than the pair at `at`? The heap has its worst pair at 0. */
  private worse(score: number, row: number, at: number): boolean {
    const other = this.scores[at] as number;
    return score < other || (score === other && row > (this.rows[at] as number));
  }

  private replaceWorst(score: number, row: number): void {
    let at = 0;
    for (;;) {
      const left = 2 * at + 1;
      if (left >= this.size) break;
      const right = left + 1;
      const child =
        right < this.size && this.worse(this.scores[right] as number, this.rows[right] as number, left) ? right : left;
      if (this.worse(score, row, child)) break;
      this.move(child, at);
      at = child;
    }
    this.place(at, score, row);
  }

  private move(from: number, to: number): void {
    this.scores[to] = this.scores[from] as number;
    this.rows[to] = this.rows[from] as number;
  }

  private place(at: number, score: number, row: number): void {
    this.scores[at] = score;
    this.rows[at] = row;
  }
}
