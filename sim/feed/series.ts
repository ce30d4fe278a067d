/** Values over time, of which the newest few seconds are kept; read between its samples by interpolation. */
export class Series<T> {
  readonly #keep_us: number;
  readonly #between: (a: T, b: T, fraction: number) => T;
  #samples: { readonly t_us: number; readonly value: T }[] = [];

  /** @param between the value at a share of the way from a to b; the share may be a little above 1 */
  constructor(between: (a: T, b: T, fraction: number) => T, keep_us = 2_000_000) {
    this.#between = between;
    this.#keep_us = keep_us;
  }

  /** Time of the newest sample; -Infinity when there is none. */
  get newest_us(): number {
    return this.#samples.at(-1)?.t_us ?? Number.NEGATIVE_INFINITY;
  }

  /** Takes a sample; one that is not newer than the last replaces it. */
  add(t_us: number, value: T): void {
    const samples = this.#samples;
    while ((samples.at(-1)?.t_us ?? Number.NEGATIVE_INFINITY) >= t_us) samples.pop();
    samples.push({ t_us, value });
    while ((samples[0]?.t_us ?? t_us) < t_us - this.#keep_us) samples.shift();
  }

  /** The value at a time; null before the first sample and more than `ahead_us` behind the last. */
  at(t_us: number, ahead_us = 0): T | null {
    const samples = this.#samples;
    const after = samples.findIndex((sample) => sample.t_us >= t_us);
    if (after === 0) return samples[0]?.t_us === t_us ? samples[0].value : null;
    const b = after < 0 ? samples.at(-1) : samples[after];
    const a = after < 0 ? samples.at(-2) : samples[after - 1];
    if (b === undefined || t_us > b.t_us + ahead_us) return null;
    if (a === undefined) return b.value;
    return this.#between(a.value, b.value, (t_us - a.t_us) / (b.t_us - a.t_us));
  }
}
