import { type Block, chord, insetBlock, orientedBox, type Point, signedArea, splitBlock } from "../plane.js";
import type { Rng } from "../random.js";
import type { LayoutBuilder } from "./builder.js";
import type { RoadClass } from "./model.js";

/** The roads that a split may lay along its cut. */
export interface StreetType {
  readonly kind: RoadClass;
  readonly half_m: number;
  readonly sidewalk_m: number;
  /** from the sidewalk's edge to where lots begin */
  readonly verge_m: number;
}

/**
 * Cuts a convex block in two across its long side and lays a road along the cut.
 * @param skew jitter of the cut's angle, radians
 */
export function cutWithRoad(
  builder: LayoutBuilder,
  block: Block,
  rng: Rng,
  skew: number,
  street: StreetType | undefined,
  position = 0.12,
): [Block, Block] {
  const box = orientedBox(block.ring);
  const shift = rng.range(-position, position) * 2 * box.halfLength;
  const origin = { x: box.centre.x + box.axis.x * shift, y: box.centre.y + box.axis.y * shift };
  const angle = rng.normal() * skew;
  const cos = Math.cos(angle);
  const sin = Math.sin(angle);
  const across = { x: -box.axis.y * cos - box.axis.x * sin, y: box.axis.x * cos - box.axis.y * sin };
  if (street === undefined) return splitBlock(block, origin, across, 0);
  const ends = chord(block.ring, origin, across);
  if (ends !== undefined) builder.road(ends, street.kind, street.half_m, street.sidewalk_m);
  return splitBlock(block, origin, across, street.half_m + street.sidewalk_m + street.verge_m);
}

/** Cuts until every piece is smaller than `area_m2` and not much longer than `maxLength_m`, with the same street everywhere. */
export function cutBlocks(
  builder: LayoutBuilder,
  block: Block,
  rng: Rng,
  area_m2: number,
  street: StreetType | undefined,
  maxLength_m = Infinity,
): Block[] {
  const done: Block[] = [];
  const todo: Block[] = [block];
  for (let next = todo.pop(); next !== undefined; next = todo.pop()) {
    if (next.ring.length < 3) continue;
    const area = Math.abs(signedArea(next.ring));
    const small = area < area_m2 * rng.range(0.8, 1.5);
    if (small && orientedBox(next.ring).halfLength * 2 < maxLength_m) {
      done.push(next);
      continue;
    }
    if (area < area_m2 * 0.2) {
      done.push(next);
      continue;
    }
    todo.push(...cutWithRoad(builder, next, rng, builder.style.skew * 0.6, street));
  }
  return done;
}

/** A lot of a block: its convex ring, the middle of its street edge, the direction inwards, its depth and width. */
export interface Lot {
  readonly ring: readonly Point[];
  readonly front: Point;
  readonly inward: Point;
  readonly depth_m: number;
  readonly width_m: number;
  readonly index: number;
}

/** Cuts a convex block into two back-to-back rows of lots (one row where the block is shallow). */
export function rowsOfLots(block: Block, rng: Rng, width_m: number, maxDepth_m: number): Lot[] {
  const ring = insetBlock(block);
  if (ring.length < 3) return [];
  const box = orientedBox(ring);
  const across = { x: -box.axis.y, y: box.axis.x };
  const lots: Lot[] = [];
  const inner: Block = { ring, gaps: ring.map(() => 0) };
  const depth = box.halfWidth * 2;
  const rows: { part: Block; inward: Point }[] = [];
  const negative = { x: -across.x, y: -across.y };
  if (depth < maxDepth_m * 0.9) {
    rows.push({ part: inner, inward: across });
  } else {
    const [left, right] = splitBlock(inner, box.centre, box.axis, 0);
    rows.push({ part: left, inward: negative }, { part: right, inward: across });
  }
  for (const { part, inward } of rows) {
    let rest = part;
    const count = Math.max(1, Math.round((2 * box.halfLength) / width_m));
    const width = (2 * box.halfLength) / count;
    for (let k = 0; k < count; k++) {
      const u = -box.halfLength + width * (k + 1) + (k < count - 1 ? rng.range(-0.06, 0.06) * width : width);
      const origin = { x: box.centre.x + box.axis.x * u, y: box.centre.y + box.axis.y * u };
      const [before, after] = splitBlock(rest, origin, across, 0);
      rest = after;
      if (before.ring.length < 3 || Math.abs(signedArea(before.ring)) < 60) continue;
      lots.push(toLot(before.ring, inward, lots.length));
      if (rest.ring.length < 3) break;
    }
  }
  return lots;
}

function toLot(ring: readonly Point[], inward: Point, index: number): Lot {
  let d0 = Infinity;
  let d1 = -Infinity;
  let u0 = Infinity;
  let u1 = -Infinity;
  for (const p of ring) {
    const d = p.x * inward.x + p.y * inward.y;
    const u = -p.x * inward.y + p.y * inward.x;
    d0 = Math.min(d0, d);
    d1 = Math.max(d1, d);
    u0 = Math.min(u0, u);
    u1 = Math.max(u1, u);
  }
  const um = (u0 + u1) / 2;
  return {
    ring,
    front: { x: inward.x * d0 - inward.y * um, y: inward.y * d0 + inward.x * um },
    inward,
    depth_m: d1 - d0,
    width_m: u1 - u0,
    index,
  };
}

/** The plan position `deep` metres into a lot and `aside` metres to the side of its middle. */
export function inLot(lot: Lot, deep: number, aside: number): Point {
  return {
    x: lot.front.x + lot.inward.x * deep - lot.inward.y * aside,
    y: lot.front.y + lot.inward.y * deep + lot.inward.x * aside,
  };
}
