import type { NavigationSolution } from "../../agent/navigation/solution.js";
import type { Twin } from "../../sim/autopilot/twin.js";
import { Rng } from "../../sim/world/random.js";
import { meridionalRadius_m, parallelRadius_m } from "../../tiles/geodesy/wgs84.js";

const FIX_EVERY_US = 500_000;
const LATENCY_US = 300_000;
const DEGREES = 180 / Math.PI;

interface Fix {
  readonly t_us: number;
  readonly north_m: number;
  readonly east_m: number;
  readonly vn_mps: number;
  readonly ve_mps: number;
}

/**
 * Stands in for navigation where vision cannot begin: on the ground, before the first take-off without GPS. True positions
 * with 3 m of noise an axis twice a second, 300 ms late, carried on with a velocity that is 0.4 m/s off.
 */
export class GivenPositions {
  readonly #twin: Twin;
  readonly #ahead_us: number;
  readonly #rng: Rng;
  readonly #degrees: { readonly per_m_north: number; readonly per_m_east: number };
  #waiting: Fix[] = [];
  #newest: Fix | null = null;
  #count = 0;

  constructor(twin: Twin, ahead_us: number, seed: number) {
    this.#twin = twin;
    this.#ahead_us = ahead_us;
    this.#rng = new Rng(seed + 900);
    const { lat_deg } = twin.vehicle.options.home;
    this.#degrees = {
      per_m_north: DEGREES / meridionalRadius_m(lat_deg),
      per_m_east: DEGREES / parallelRadius_m(lat_deg),
    };
  }

  /** To be called after each step of the twin. */
  step(): void {
    const now_us = this.#twin.t_us + this.#ahead_us;
    if (this.#twin.t_us % FIX_EVERY_US === 0) {
      const { north_m, east_m, vn_mps, ve_mps } = this.#twin.vehicle.truth;
      const noise = (sigma: number) => sigma * this.#rng.normal();
      this.#waiting.push({
        t_us: now_us,
        north_m: north_m + noise(3),
        east_m: east_m + noise(3),
        vn_mps: vn_mps + noise(0.4),
        ve_mps: ve_mps + noise(0.4),
      });
    }
    while (this.#waiting[0] !== undefined && this.#waiting[0].t_us + LATENCY_US <= now_us) {
      this.#newest = this.#waiting.shift() ?? null;
      this.#count++;
    }
  }

  solutionAt = (t_us: number): NavigationSolution => {
    const fix = this.#newest;
    if (fix === null) return { t_us, state: "starting", position: null, reason: "agreement", gates: [] };
    const age_s = (t_us - fix.t_us) / 1e6;
    const { lat_deg, lon_deg } = this.#twin.vehicle.options.home;
    return {
      t_us,
      state: "active",
      reason: null,
      gates: [],
      position: {
        // Flat around home: 5 cm at a kilometre, and this is asked a hundred times a second.
        lat_deg: lat_deg + (fix.north_m + fix.vn_mps * age_s) * this.#degrees.per_m_north,
        lon_deg: lon_deg + (fix.east_m + fix.ve_mps * age_s) * this.#degrees.per_m_east,
        cov_ne_m2: { nn: 9, ne: 0, ee: 9 },
        eph_m: Math.sqrt(18),
        protection_level_m: 16,
        velocity_ne_mps: { north: fix.vn_mps, east: fix.ve_mps },
        velocity_sigma_mps: 0.6,
        belief: 1,
        heading_offset_deg: 0,
        heading_offset_sigma_deg: 2,
        reset_counter: 0,
        fix_t_us: fix.t_us,
        fix_count: this.#count,
      },
    };
  };
}
