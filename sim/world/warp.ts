import { Noise } from "./noise.js";
import type { Point } from "./plane.js";

/**
 * A smooth one-to-one bending of the plane. Districts, blocks and roads are planned with straight lines and bent by it,
 * so that a place gets curved streets without any curve arithmetic in the planner. Amplitudes stay far below the
 * wavelength over 2 pi, which keeps the map free of folds.
 */
export class Warp {
  private readonly noise: Noise;

  /** @param strength 0 = straight grid, 1 = strongly curved streets */
  constructor(
    seed: number,
    private readonly strength: number,
  ) {
    this.noise = new Noise(seed);
  }

  at(p: Point): Point {
    if (this.strength === 0) return p;
    const n = this.noise;
    const long = 70 * this.strength;
    const short = 13 * this.strength;
    return {
      x: p.x + long * n.at(p.x / 640, p.y / 640 + 7.3) + short * n.at(p.x / 170 + 31.1, p.y / 170),
      y: p.y + long * n.at(p.x / 640 + 53.9, p.y / 640) + short * n.at(p.x / 170, p.y / 170 + 77.7),
    };
  }

  /** Unit direction into which a unit direction at p is turned. */
  direction(p: Point, axis: Point): Point {
    const a = this.at(p);
    const b = this.at({ x: p.x + axis.x, y: p.y + axis.y });
    const length = Math.hypot(b.x - a.x, b.y - a.y);
    return length < 1e-9 ? axis : { x: (b.x - a.x) / length, y: (b.y - a.y) / length };
  }

  /** The farthest that a point can move, metres. */
  get reach_m(): number {
    return 83 * this.strength * Math.SQRT2;
  }
}
