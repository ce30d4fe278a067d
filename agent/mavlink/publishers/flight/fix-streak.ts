import type { NavigationPosition } from "../../../navigation/solution.js";

/** Counts the fixes that have entered since the position began, or last jumped: how long it has been agreed on. */
export class FixStreak {
  #count = 0;
  #lastFix: number | null = null;
  #lastReset: number | null = null;

  /** Takes the position of now; null (no position) starts anew. Gives the number of fixes that agree. */
  update(position: NavigationPosition | null): number {
    if (position === null || (this.#lastReset !== null && position.reset_counter !== this.#lastReset)) {
      this.#count = 0;
      this.#lastFix = null;
    }
    this.#lastReset = position?.reset_counter ?? null;
    if (position === null) return 0;
    const before = this.#lastFix;
    if (before === null) this.#count = 1;
    // A counter that goes back is another navigation: what it agreed on before says nothing.
    else if (position.fix_count < before) this.#count = 1;
    else this.#count += position.fix_count - before;
    this.#lastFix = position.fix_count;
    return this.#count;
  }
}
