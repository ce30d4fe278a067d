/** A point in pixels: x to the right, y down. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/** Area of a simple polygon (shoelace formula), whichever way round it goes. */
export function polygonArea(polygon: readonly Point[]): number {
  let twice = 0;
  polygon.forEach((a, i) => {
    const b = polygon[(i + 1) % polygon.length] as Point;
    twice += a.x * b.y - b.x * a.y;
  });
  return Math.abs(twice) / 2;
}

/** The part of a convex polygon inside the square [left, left + side] x [top, top + side] (Sutherland-Hodgman). */
export function clipToSquare(polygon: readonly Point[], left: number, top: number, side: number): Point[] {
  let out = [...polygon];
  // Distance inside of each edge's line; a point belongs to the square when all four are 0 or more.
  const insides: ((p: Point) => number)[] = [
    (p) => p.x - left,
    (p) => left + side - p.x,
    (p) => p.y - top,
    (p) => top + side - p.y,
  ];
  for (const inside of insides) {
    const from = out;
    out = [];
    from.forEach((a, i) => {
      const b = from[(i + 1) % from.length] as Point;
      const da = inside(a);
      const db = inside(b);
      if (da >= 0) out.push(a);
      if (da >= 0 !== db >= 0) {
        const t = da / (da - db);
        out.push({ x: a.x + t * (b.x - a.x), y: a.y + t * (b.y - a.y) });
      }
    });
  }
  return out;
}

/** Intersection over union of a convex polygon and a square. */
export function overlapWithSquare(polygon: readonly Point[], left: number, top: number, side: number): number {
  const common = polygonArea(clipToSquare(polygon, left, top, side));
  return common / (polygonArea(polygon) + side * side - common);
}
