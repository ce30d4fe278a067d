/** What became of the items that were offered. */
export interface NewestFirstCounts {
  /** Worked on to the end, failures included. */
  readonly done: number;
  /** Left out, because a newer one came while another was in work. */
  readonly skipped: number;
}

/**
 * One piece of work at a time, and at most one waiting: a newer item takes the place of the one that waits. So what is
 * worked on is never older than one turn, however slow the work is.
 */
export class NewestFirst<T> {
  readonly #work: (item: T) => Promise<void>;
  #waiting: { readonly item: T } | null = null;
  #busy = false;
  #done = 0;
  #skipped = 0;

  /** `work` must not reject: what goes wrong in it is its own affair. */
  constructor(work: (item: T) => Promise<void>) {
    this.#work = work;
  }

  get counts(): NewestFirstCounts {
    return { done: this.#done, skipped: this.#skipped };
  }

  get busy(): boolean {
    return this.#busy;
  }

  /** Works on the item now, or as the next one. */
  offer(item: T): void {
    if (this.#waiting !== null) this.#skipped++;
    this.#waiting = { item };
    if (!this.#busy) void this.#run();
  }

  /** Forgets what waits. */
  clear(): void {
    if (this.#waiting !== null) this.#skipped++;
    this.#waiting = null;
  }

  async #run(): Promise<void> {
    this.#busy = true;
    try {
      while (this.#waiting !== null) {
        const { item } = this.#waiting;
        this.#waiting = null;
        await this.#work(item);
        this.#done++;
      }
    } finally {
      this.#busy = false;
    }
  }
}
