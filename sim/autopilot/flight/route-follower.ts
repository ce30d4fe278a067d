import type { Horizontal } from "../ekf/filter.js";

/** A place in the autopilot's local frame, metres. */
export interface Place {
  readonly north_m: number;
  readonly east_m: number;
}

/** Goes along the legs of a route, by the estimate alone. */
export class RouteFollower {
  #index = 0;
  #lap = 0;
  /** Where the leg to the first way point began. */
  #from: Place | null = null;

  /** @param early_m how far before a way point the next leg begins */
  constructor(
    readonly count: number,
    readonly laps: number,
    readonly early_m: number,
  ) {}

  get index(): number {
    return this.#index;
  }
  get done(): boolean {
    return this.#lap >= this.laps;
  }

  /** Begins in the middle of the route, as a vehicle that has come by the way point before `index`. */
  startAt(index: number): void {
    this.#index = index;
  }

  /** The present leg; moves on to the next one where the present is flown. */
  leg(points: readonly Place[], at: Horizontal): { from: Place; to: Place } {
    for (let guard = 0; guard <= points.length; guard++) {
      const to = points[this.#index] ?? at;
      const before =
        this.#index === 0 && this.#lap === 0 ? undefined : points[(this.#index + this.count - 1) % this.count];
      this.#from ??= { north_m: at.north_m, east_m: at.east_m };
      const from = before ?? this.#from;
      const along = { north_m: to.north_m - from.north_m, east_m: to.east_m - from.east_m };
      const length_m = Math.hypot(along.north_m, along.east_m);
      const flown_m =
        length_m < 0.1
          ? 0
          : ((at.north_m - from.north_m) * along.north_m + (at.east_m - from.east_m) * along.east_m) / length_m;
      const left_m = Math.hypot(to.north_m - at.north_m, to.east_m - at.east_m);
      if (this.done || (left_m > this.early_m && flown_m < length_m - this.early_m / 2)) return { from, to };
      this.#index++;
      if (this.#index >= this.count) {
        this.#lap++;
        this.#index = this.done ? this.count - 1 : 0;
      }
    }
    return { from: at, to: at };
  }
}
