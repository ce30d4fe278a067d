import { Wander } from "../../flight/route.js";
import type { Rng } from "../../world/random.js";
import type { Truth } from "./body.js";

/** One measurement of the GPS, metres from home and m/s. */
export interface GpsSample {
  /** When it was true, microseconds since boot. */
  readonly t_us: number;
  readonly north_m: number;
  readonly east_m: number;
  readonly up_m: number;
  readonly vn_mps: number;
  readonly ve_mps: number;
}

const PERIOD_US = 200_000;
const LATENCY_US = 200_000;

/** A GPS receiver: 5 Hz, 0.2 s late, a slow error of about 0.7 m; it can be jammed and made to lie. */
export class Gps {
  readonly #rng: Rng;
  readonly #error: readonly [Wander, Wander, Wander];
  #waiting: GpsSample[] = [];
  #next_us = 0;
  jammed = false;
  /** What a spoofer adds, metres. */
  glitch = { north_m: 0, east_m: 0 };
  /** The last sample that came out, and when. */
  last: GpsSample | null = null;
  lastAt_us = Number.NEGATIVE_INFINITY;

  constructor(rng: Rng) {
    this.#rng = rng;
    this.#error = [new Wander(rng, 0.7, 40), new Wander(rng, 0.7, 40), new Wander(rng, 1.2, 40)];
  }

  /** Moves on to `t_us`; the sample that arrives now, if one does. */
  step(t_us: number, truth: Truth): GpsSample | null {
    // What was measured before the jam still comes out.
    if (this.jammed) this.#next_us = t_us;
    else if (t_us >= this.#next_us) {
      this.#next_us = t_us + PERIOD_US;
      const [n, e, u] = this.#error.map((error) => error.step(PERIOD_US / 1e6));
      this.#waiting.push({
        t_us,
        north_m: truth.north_m + (n ?? 0) + this.glitch.north_m + 0.15 * this.#rng.normal(),
        east_m: truth.east_m + (e ?? 0) + this.glitch.east_m + 0.15 * this.#rng.normal(),
        up_m: truth.up_m + (u ?? 0),
        vn_mps: truth.vn_mps + 0.1 * this.#rng.normal(),
        ve_mps: truth.ve_mps + 0.1 * this.#rng.normal(),
      });
    }
    const first = this.#waiting[0];
    if (first === undefined || first.t_us + LATENCY_US > t_us) return null;
    this.#waiting.shift();
    this.last = first;
    this.lastAt_us = t_us;
    return first;
  }
}
