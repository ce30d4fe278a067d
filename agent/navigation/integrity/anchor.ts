import { turned, type Vector } from "../motion.js";

/**
 * The place that the vehicle was last known to be at, and how far it can be from there: it moves with odometry, and grows
 * with every way that odometry may have misjudged or not seen. After a loss a position is looked for inside only, so that
 * a district that looks alike far away can never be taken for this one.
 */
export class Anchor {
  constructor(
    private place: Vector,
    private radius: number,
    private t_us: number,
    private readonly heading_offset_rad: number,
    private readonly growth: number,
    private readonly max_speed_mps: number,
  ) {}

  /** The vehicle moved on, as odometry saw it. */
  move(moved: Vector, to_t_us: number): void {
    const { north_m, east_m } = turned(moved, this.heading_offset_rad);
    this.place = { north_m: this.place.north_m + north_m, east_m: this.place.east_m + east_m };
    this.radius += this.growth * Math.hypot(north_m, east_m);
    this.t_us = to_t_us;
  }

  /** Time passed and nobody saw the movement. */
  wait(to_t_us: number): void {
    if (to_t_us <= this.t_us) return;
    this.radius += (this.max_speed_mps * (to_t_us - this.t_us)) / 1e6;
    this.t_us = to_t_us;
  }

  get centre(): Vector {
    return this.place;
  }

  /** Distance from the centre that can have been reached by a time. */
  reach_m(t_us: number): number {
    return this.radius + (this.max_speed_mps * Math.max(0, t_us - this.t_us)) / 1e6;
  }

  /** Can the vehicle be at this place at this time? `slack_m`: how far off the place itself may be. */
  reaches(place: Vector, t_us: number, slack_m: number): boolean {
    const distance = Math.hypot(place.north_m - this.place.north_m, place.east_m - this.place.east_m);
    return distance <= this.reach_m(t_us) + slack_m;
  }
}
