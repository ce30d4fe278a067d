import type { FeedOptions } from "../../agent/mavlink/publishers/flight/feed-options.js";
import { FlightFeed } from "../../agent/mavlink/publishers/flight/flight-feed.js";
import type { NavigationSolution } from "../../agent/navigation/solution.js";
import { MavlinkVehicleModel } from "../../agent/vehicle/vehicle-model.js";
import { Rng } from "../../sim/world/random.js";
import { meridionalRadius_m, parallelRadius_m } from "../../tiles/geodesy/wgs84.js";
import type { Companion } from "./companion.js";

/** The agent's clock runs this much ahead of the autopilot's. */
const AHEAD_US = 500_000_000;
const TICK_US = 20_000;
const FIX_EVERY_US = 500_000;
const LATENCY_US = 300_000;
/** What the agent asks an autopilot for, with rates in Hz. */
const WANTED = [
  [24, 5],
  [30, 20],
  [32, 10],
  [33, 10],
  [49, 1],
  [132, 10],
  [193, 5],
  [230, 5],
  [242, 1],
  [245, 2],
] as const;

interface Fix {
  readonly t_us: number;
  readonly north_m: number;
  readonly east_m: number;
  readonly vn_mps: number;
  readonly ve_mps: number;
}

/**
 * The agent's own vehicle model and feed, in the time of a twin; only navigation is stood in for: true positions with 3 m of
 * noise an axis twice a second, 300 ms late, carried on with a velocity that is 0.4 m/s off.
 */
export class FeedingAgent {
  readonly feed: FlightFeed;
  readonly vehicle: MavlinkVehicleModel;
  readonly #companion: Companion;
  readonly #rng: Rng;
  readonly #ahead_us: number | null;
  #waiting: Fix[] = [];
  #newest: Fix | null = null;
  #count = 0;
  readonly #degrees: { readonly per_m_north: number; readonly per_m_east: number };
  /** Navigation has a position. */
  navigating = true;

  /** `timesync`: the agent knows the autopilot's clock. */
  constructor(companion: Companion, options: Partial<FeedOptions> = {}, { seed = 1, timesync = true } = {}) {
    this.#companion = companion;
    this.#rng = new Rng(seed + 900);
    const { lat_deg } = companion.twin.vehicle.options.home;
    const degrees = 180 / Math.PI;
    this.#degrees = {
      per_m_north: degrees / meridionalRadius_m(lat_deg),
      per_m_east: degrees / parallelRadius_m(lat_deg),
    };
    this.#ahead_us = timesync ? AHEAD_US : null;
    this.feed = new FlightFeed({ answersTimesync: false, ...options });
    this.vehicle = new MavlinkVehicleModel({ clock: () => this.#now_us });
    companion.onFrame = (frame, t_us) => {
      this.vehicle.receive(frame, t_us + AHEAD_US);
      this.feed.receive(frame, t_us + AHEAD_US);
    };
    for (const [msgid, hz] of WANTED) companion.command(511, msgid, 1e6 / hz);
  }

  get #now_us(): number {
    return this.#companion.twin.t_us + AHEAD_US;
  }

  /** To be called after each step of the twin. */
  step = (): void => {
    const { t_us, vehicle } = this.#companion.twin;
    if (t_us % FIX_EVERY_US === 0) {
      const { north_m, east_m, vn_mps, ve_mps } = vehicle.truth;
      const [n, e, vn, ve] = [3, 3, 0.4, 0.4].map((sigma) => sigma * this.#rng.normal());
      this.#waiting.push({
        t_us: this.#now_us,
        north_m: north_m + (n ?? 0),
        east_m: east_m + (e ?? 0),
        vn_mps: vn_mps + (vn ?? 0),
        ve_mps: ve_mps + (ve ?? 0),
      });
    }
    while (this.#waiting[0] !== undefined && this.#waiting[0].t_us + LATENCY_US <= this.#now_us) {
      this.#newest = this.#waiting.shift() ?? null;
      this.#count++;
    }
    if (t_us % TICK_US !== 0) return;
    const messages = this.feed.tick({
      now_us: this.#now_us,
      status: this.vehicle.status,
      solutionAt: (at_us) => this.#solutionAt(at_us),
      autopilot_offset_us: this.#ahead_us === null ? null : -this.#ahead_us,
    });
    for (const message of messages) this.#companion.send(message);
  };

  #solutionAt(t_us: number): NavigationSolution {
    const fix = this.#newest;
    if (fix === null || this.#count < 3 || !this.navigating) {
      return { t_us, state: "starting", position: null, reason: "too-few-fixes", gates: [] };
    }
    const age_s = (t_us - fix.t_us) / 1e6;
    const { lat_deg, lon_deg } = this.#companion.twin.vehicle.options.home;
    // Flat around home: 5 cm at a kilometre, and this is asked a hundred times a second.
    const place = {
      lat_deg: lat_deg + (fix.north_m + fix.vn_mps * age_s) * this.#degrees.per_m_north,
      lon_deg: lon_deg + (fix.east_m + fix.ve_mps * age_s) * this.#degrees.per_m_east,
    };
    return {
      t_us,
      state: "active",
      reason: null,
      gates: [],
      position: {
        ...place,
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
  }
}
