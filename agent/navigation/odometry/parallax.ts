import type { Warp } from "./align.js";
import type { OdometryConfig } from "./config.js";
import type { GroundPatch } from "./patch.js";

/** How far the ground itself lags behind the mean of all that is seen, metres along the displacement, and its 1-sigma. */
export interface GroundLag {
  readonly lag_m: number;
  readonly sigma_m: number;
}

const ROUNDS = 3;
/** A block's shift is held within this, pixels: beyond it brightness differences say nothing. */
const REACH_PX = 5;
/** Slope energy of the ridge that keeps blocks without slopes where they are. */
const RIDGE = 0.3;
const LEAST_FILLED = 0.75;
const LEAST_CORRELATION = 0.8;
const MOST_SIGMA_PX = 0.4;
const LEAST_BLOCKS = 12;

/**
 * What stands h above the ground is carried through the picture AGL / (AGL - h) as fast as the ground, everywhere in the
 * rectified patch the same way. The alignment of whole patches therefore follows the mean of roofs, crowns and ground,
 * and takes a town at 120 m for one that is several percent nearer. This measures, for small blocks of the patch, how
 * far each is ahead along the displacement, and takes the slow end of the blocks (a quantile) for the ground, less what
 * noise alone would spread.
 *
 * @param east of the unit vector along the displacement; `south` likewise
 * @returns lag_m <= 0, or null when too few blocks can be measured
 */
export function groundLag(
  key: GroundPatch,
  now: GroundPatch,
  warp: Warp,
  direction: { readonly east: number; readonly south: number },
  config: OdometryConfig["parallax"],
): GroundLag | null {
  const blocks = new Blocks(now.side_px, config.block_px);
  for (let round = 0; round < ROUNDS; round++) {
    blocks.measure(key, now, warp, direction);
    blocks.move();
  }
  blocks.measure(key, now, warp, direction);
  const good = blocks.measured();
  if (good.length < LEAST_BLOCKS) return null;
  const shifts = good.map((block) => block.shift_px).sort((a, b) => a - b);
  const sigmas = good.map((block) => block.sigma_px).sort((a, b) => a - b);
  const slow = Math.min(0, quantile(shifts, config.ground_part));
  const noise = config.noise_quantile * quantile(sigmas, 0.5);
  const lag_px = -Math.sqrt(Math.max(0, slow * slow - noise * noise));
  return { lag_m: lag_px * now.gsd_m, sigma_m: config.lag_sigma_px * now.gsd_m };
}

function quantile(sorted: readonly number[], part: number): number {
  return sorted[Math.round(part * (sorted.length - 1))] ?? 0;
}

/** Sums kept of each block. */
const FIELDS = 8;

/** Square blocks of a patch, each with its own shift along one direction on top of a common warp. */
class Blocks {
  private readonly across: number;
  private readonly shift: Float64Array;
  /** slope², slope · residual, count, residual², and for the correlation seen, seen², seen · mine, mine²; mine apart. */
  private readonly sums: Float64Array;
  private readonly mine: Float64Array;

  constructor(
    side: number,
    private readonly size: number,
  ) {
    this.across = Math.ceil(side / size);
    this.shift = new Float64Array(this.across * this.across);
    this.sums = new Float64Array(this.shift.length * FIELDS);
    this.mine = new Float64Array(this.shift.length);
  }

  /** Sums over all blocks at their present shifts. */
  measure(key: GroundPatch, now: GroundPatch, warp: Warp, direction: { east: number; south: number }): void {
    const { sums, mine, size, across } = this;
    sums.fill(0);
    mine.fill(0);
    const side = now.side_px;
    const half = side / 2;
    const a = 1 + warp.grow;
    for (let row = 0; row < side; row++) {
      const y = row + 0.5 - half;
      const baseX = warp.east_px - warp.turn * y + half - 0.5;
      const baseY = warp.south_px + a * y + half - 0.5;
      const firstBlock = Math.floor(row / size) * across;
      for (let col = 0, i = row * side; col < side; col++, i++) {
        if (now.valid[i] === 0) continue;
        const x = col + 0.5 - half;
        const block = firstBlock + Math.floor(col / size);
        const extra = this.shift[block] as number;
        const px = a * x + baseX + extra * direction.east;
        const py = warp.turn * x + baseY + extra * direction.south;
        if (!(px >= 0 && py >= 0 && px < side - 1 && py < side - 1)) continue;
        const x0 = px | 0;
        const y0 = py | 0;
        const at = y0 * side + x0;
        if (key.cell[at] === 0) continue;
        const fx = px - x0;
        const fy = py - y0;
        const top = (key.value[at] as number) * (1 - fx) + (key.value[at + 1] as number) * fx;
        const bottom = (key.value[at + side] as number) * (1 - fx) + (key.value[at + side + 1] as number) * fx;
        const seen = top + (bottom - top) * fy;
        const value = now.value[i] as number;
        const slope = (now.gradEast[i] as number) * direction.east + (now.gradSouth[i] as number) * direction.south;
        const r = seen - value;
        const to = block * FIELDS;
        sums[to] = (sums[to] as number) + slope * slope;
        sums[to + 1] = (sums[to + 1] as number) + slope * r;
        sums[to + 2] = (sums[to + 2] as number) + 1;
        sums[to + 3] = (sums[to + 3] as number) + r * r;
        sums[to + 4] = (sums[to + 4] as number) + seen;
        sums[to + 5] = (sums[to + 5] as number) + seen * seen;
        sums[to + 6] = (sums[to + 6] as number) + seen * value;
        sums[to + 7] = (sums[to + 7] as number) + value * value;
        mine[block] = (mine[block] as number) + value;
      }
    }
  }

  /** One Gauss-Newton step of every block. */
  move(): void {
    for (let k = 0; k < this.shift.length; k++) {
      const slopes = (this.sums[k * FIELDS] as number) + RIDGE;
      const moved = (this.shift[k] as number) - (this.sums[k * FIELDS + 1] as number) / slopes;
      this.shift[k] = Math.max(-REACH_PX, Math.min(REACH_PX, moved));
    }
  }

  /** Shift of every block that is filled, has slopes along the direction, and looks the same in both patches. */
  measured(): { shift_px: number; sigma_px: number }[] {
    const good: { shift_px: number; sigma_px: number }[] = [];
    for (let k = 0; k < this.shift.length; k++) {
      const [slopes, , n, squares, seen, seen2, both, mine2] = this.sums.subarray(k * FIELDS, (k + 1) * FIELDS);
      if (slopes === undefined || n === undefined || squares === undefined) continue;
      if (n < LEAST_FILLED * this.size ** 2 || slopes <= RIDGE) continue;
      const mine = this.mine[k] as number;
      const sigma_px = Math.sqrt(squares / n / slopes);
      const varSeen = (seen2 as number) / n - ((seen as number) / n) ** 2;
      const varMine = (mine2 as number) / n - (mine / n) ** 2;
      const covariance = (both as number) / n - ((seen as number) * mine) / (n * n);
      const correlation = varSeen > 0 && varMine > 0 ? covariance / Math.sqrt(varSeen * varMine) : 0;
      if (sigma_px > MOST_SIGMA_PX || correlation < LEAST_CORRELATION) continue;
      good.push({ shift_px: this.shift[k] as number, sigma_px });
    }
    return good;
  }
}
