/** Plane geometry of the layout: metres, x east, y north, rings counter-clockwise and open (last point not repeated). */

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Box {
  x0: number;
  y0: number;
  x1: number;
  y1: number;
}

/** A convex ring whose edge i (point i to i+1) keeps the distance gaps[i] to what may be built inside. */
export interface Block {
  readonly ring: readonly Point[];
  readonly gaps: readonly number[];
}

/** The i-th point, indices taken around the ring. */
export function pointAt(ring: readonly Point[], i: number): Point {
  const point = ring[((i % ring.length) + ring.length) % ring.length];
  if (point === undefined) throw new RangeError("empty ring");
  return point;
}

export function signedArea(ring: readonly Point[]): number {
  let twice = 0;
  for (let i = 0; i < ring.length; i++) {
    const a = pointAt(ring, i);
    const b = pointAt(ring, i + 1);
    twice += a.x * b.y - b.x * a.y;
  }
  return twice / 2;
}

export function centroid(ring: readonly Point[]): Point {
  let x = 0;
  let y = 0;
  for (const point of ring) {
    x += point.x;
    y += point.y;
  }
  return { x: x / ring.length, y: y / ring.length };
}

export function boxOf(ring: readonly Point[]): Box {
  const box = { x0: Infinity, y0: Infinity, x1: -Infinity, y1: -Infinity };
  for (const { x, y } of ring) {
    if (x < box.x0) box.x0 = x;
    if (x > box.x1) box.x1 = x;
    if (y < box.y0) box.y0 = y;
    if (y > box.y1) box.y1 = y;
  }
  return box;
}

export function lerp(a: Point, b: Point, t: number): Point {
  return { x: a.x + (b.x - a.x) * t, y: a.y + (b.y - a.y) * t };
}

export function distance(a: Point, b: Point): number {
  return Math.hypot(a.x - b.x, a.y - b.y);
}

export function contains(ring: readonly Point[], x: number, y: number): boolean {
  let inside = false;
  for (let i = 0, j = ring.length - 1; i < ring.length; j = i++) {
    const a = pointAt(ring, i);
    const b = pointAt(ring, j);
    if (a.y > y !== b.y > y && x < ((b.x - a.x) * (y - a.y)) / (b.y - a.y) + a.x) inside = !inside;
  }
  return inside;
}

/** The smallest rectangle around a convex ring: centre, unit vector of its long axis, half length and half width. */
export interface OrientedBox {
  readonly centre: Point;
  readonly axis: Point;
  readonly halfLength: number;
  readonly halfWidth: number;
}

export function orientedBox(ring: readonly Point[]): OrientedBox {
  let best: OrientedBox | undefined;
  let bestArea = Infinity;
  for (let i = 0; i < ring.length; i++) {
    const a = pointAt(ring, i);
    const b = pointAt(ring, i + 1);
    const length = distance(a, b);
    if (length < 1e-6) continue;
    const ux = (b.x - a.x) / length;
    const uy = (b.y - a.y) / length;
    let u0 = Infinity;
    let u1 = -Infinity;
    let v0 = Infinity;
    let v1 = -Infinity;
    for (const p of ring) {
      const u = p.x * ux + p.y * uy;
      const v = -p.x * uy + p.y * ux;
      u0 = Math.min(u0, u);
      u1 = Math.max(u1, u);
      v0 = Math.min(v0, v);
      v1 = Math.max(v1, v);
    }
    const area = (u1 - u0) * (v1 - v0);
    if (area >= bestArea) continue;
    bestArea = area;
    const uc = (u0 + u1) / 2;
    const vc = (v0 + v1) / 2;
    const along = u1 - u0 >= v1 - v0;
    best = {
      centre: { x: uc * ux - vc * uy, y: uc * uy + vc * ux },
      axis: along ? { x: ux, y: uy } : { x: -uy, y: ux },
      halfLength: (along ? u1 - u0 : v1 - v0) / 2,
      halfWidth: (along ? v1 - v0 : u1 - u0) / 2,
    };
  }
  return best ?? { centre: centroid(ring), axis: { x: 1, y: 0 }, halfLength: 0, halfWidth: 0 };
}

/** The part of a convex block on the left of the line through `origin` along `direction`; the cut edge gets `gap`. */
export function clipLeft(block: Block, origin: Point, direction: Point, gap: number): Block {
  const ring: Point[] = [];
  const gaps: number[] = [];
  const side = (p: Point): number => direction.x * (p.y - origin.y) - direction.y * (p.x - origin.x);
  for (let i = 0; i < block.ring.length; i++) {
    const a = pointAt(block.ring, i);
    const b = pointAt(block.ring, i + 1);
    const edgeGap = block.gaps[i] ?? 0;
    const sa = side(a);
    const sb = side(b);
    if (sa >= 0) {
      ring.push(a);
      gaps.push(edgeGap);
      if (sb < 0) {
        ring.push(lerp(a, b, sa / (sa - sb)));
        gaps.push(gap);
      }
    } else if (sb >= 0) {
      ring.push(lerp(a, b, sa / (sa - sb)));
      gaps.push(edgeGap);
    }
  }
  return { ring, gaps };
}

/** Cuts a convex block in two along a line; both cut edges get `gap`. */
export function splitBlock(block: Block, origin: Point, direction: Point, gap: number): [Block, Block] {
  return [clipLeft(block, origin, direction, gap), clipLeft(block, origin, { x: -direction.x, y: -direction.y }, gap)];
}

/** The ring that keeps the distance `gaps[i] + extra` from every edge; empty when nothing is left. */
export function insetBlock(block: Block, extra = 0): readonly Point[] {
  let result: Block = { ring: block.ring, gaps: block.gaps };
  for (let i = 0; i < block.ring.length; i++) {
    const a = pointAt(block.ring, i);
    const b = pointAt(block.ring, i + 1);
    const length = distance(a, b);
    const d = (block.gaps[i] ?? 0) + extra;
    if (length < 1e-6 || d === 0) continue;
    const direction = { x: (b.x - a.x) / length, y: (b.y - a.y) / length };
    result = clipLeft(result, { x: a.x - direction.y * d, y: a.y + direction.x * d }, direction, 0);
    if (result.ring.length < 3) return [];
  }
  return tidy(result.ring);
}

/** Inset of a convex ring by one distance. */
export function insetRing(ring: readonly Point[], d: number): readonly Point[] {
  return insetBlock({ ring, gaps: ring.map(() => d) });
}

/** Drops points nearer than 0.2 m to the one before. */
export function tidy(ring: readonly Point[]): readonly Point[] {
  const kept = ring.filter((p, i) => distance(p, pointAt(ring, i + 1)) > 0.2);
  return kept.length >= 3 ? kept : [];
}

/** A block without gaps. */
export function plainBlock(ring: readonly Point[]): Block {
  return { ring, gaps: ring.map(() => 0) };
}

/** The rectangle around (x, y) with the given unit axis. */
export function rectangle(centre: Point, axis: Point, halfLength: number, halfWidth: number): Point[] {
  const lx = axis.x * halfLength;
  const ly = axis.y * halfLength;
  const wx = -axis.y * halfWidth;
  const wy = axis.x * halfWidth;
  return [
    { x: centre.x - lx - wx, y: centre.y - ly - wy },
    { x: centre.x + lx - wx, y: centre.y + ly - wy },
    { x: centre.x + lx + wx, y: centre.y + ly + wy },
    { x: centre.x - lx + wx, y: centre.y - ly + wy },
  ];
}

/** Points along a polyline, at most `step` apart. */
export function densify(points: readonly Point[], step: number, closed = false): Point[] {
  const out: Point[] = [];
  const edges = closed ? points.length : points.length - 1;
  for (let i = 0; i < edges; i++) {
    const a = pointAt(points, i);
    const b = pointAt(points, i + 1);
    const parts = Math.max(1, Math.ceil(distance(a, b) / step));
    for (let k = 0; k < parts; k++) out.push(lerp(a, b, k / parts));
  }
  const last = points.at(-1);
  if (!closed && last !== undefined) out.push(last);
  return out;
}

/** Where a line crosses a convex ring: the chord's two ends, or nothing. */
export function chord(ring: readonly Point[], origin: Point, direction: Point): [Point, Point] | undefined {
  const hits: { t: number; p: Point }[] = [];
  for (let i = 0; i < ring.length; i++) {
    const a = pointAt(ring, i);
    const b = pointAt(ring, i + 1);
    const sa = direction.x * (a.y - origin.y) - direction.y * (a.x - origin.x);
    const sb = direction.x * (b.y - origin.y) - direction.y * (b.x - origin.x);
    if (sa >= 0 === sb >= 0) continue;
    const p = lerp(a, b, sa / (sa - sb));
    hits.push({ t: (p.x - origin.x) * direction.x + (p.y - origin.y) * direction.y, p });
  }
  hits.sort((u, v) => u.t - v.t);
  const first = hits[0];
  const last = hits.at(-1);
  return first !== undefined && last !== undefined && first !== last ? [first.p, last.p] : undefined;
}
