import { insetRing, lerp, type Point, pointAt, rectangle } from "../plane.js";
import type { Rng } from "../random.js";
import type { Building, RoofFinish, RoofPlane, Vertex } from "./model.js";

type NewBuilding = Omit<Building, "id" | "box">;

interface RoofOptions {
  readonly eave_m: number;
  readonly roof: number;
  readonly wall: number;
  readonly finish: RoofFinish;
  readonly lasting?: boolean;
}

/** What of the options a building keeps as it is. */
function lookOf({ finish, roof, wall, lasting = false }: RoofOptions) {
  return { finish, roof, wall, lasting };
}

const at = (p: Point, z: number): Vertex => ({ x: p.x, y: p.y, z });

/** A rectangular house with two roof slopes (hip = 0) or four (hip > 0: the ridge is shorter by hip at both ends). */
export function pitchedHouse(
  centre: Point,
  axis: Point,
  halfLength: number,
  halfWidth: number,
  rise: number,
  hip: number,
  options: RoofOptions,
  rng: Rng,
): NewBuilding {
  const over = 0.4;
  const [a, b, c, d] = corners(rectangle(centre, axis, halfLength + over, halfWidth + over));
  const eave = options.eave_m;
  const ridge = eave + rise;
  const r0 = at(
    { x: centre.x - axis.x * (halfLength + over - hip), y: centre.y - axis.y * (halfLength + over - hip) },
    ridge,
  );
  const r1 = at(
    { x: centre.x + axis.x * (halfLength + over - hip), y: centre.y + axis.y * (halfLength + over - hip) },
    ridge,
  );
  const planes: RoofPlane[] = [
    { ring: [at(a, eave), at(b, eave), r1, r0], surface: "roof" },
    { ring: [at(c, eave), at(d, eave), r0, r1], surface: "roof" },
  ];
  if (hip > 0) {
    planes.push({ ring: [at(b, eave), at(c, eave), r1], surface: "roof" });
    planes.push({ ring: [at(d, eave), at(a, eave), r0], surface: "roof" });
  }
  const onRoof = (
    along: number,
    across: number,
    length: number,
    width: number,
    lift: number,
    surface: RoofPlane["surface"],
  ): void => {
    const p = { x: centre.x + axis.x * along - axis.y * across, y: centre.y + axis.y * along + axis.x * across };
    const ring = rectangle(p, axis, length / 2, width / 2).map((q) => {
      const v = Math.abs((q.x - centre.x) * -axis.y + (q.y - centre.y) * axis.x);
      return at(q, ridge - (rise * v) / (halfWidth + over) + lift);
    });
    planes.push({ ring, surface });
  };
  if (rng.chance(0.55))
    onRoof(rng.range(-0.6, 0.6) * halfLength, rng.range(-0.25, 0.25) * halfWidth, 0.8, 0.8, 0.9, "equipment");
  const side = rng.chance(0.5) ? 1 : -1;
  if (rng.chance(0.16))
    onRoof(
      rng.range(-0.25, 0.25) * halfLength,
      side * halfWidth * 0.52,
      halfLength * rng.range(0.7, 1.3),
      halfWidth * 0.6,
      0.12,
      "panel",
    );
  else
    for (let i = rng.int(4); i > 0; i--)
      onRoof(rng.range(-0.7, 0.7) * halfLength, side * halfWidth * rng.range(0.35, 0.7), 1, 0.8, 0.08, "skylight");
  return {
    footprint: rectangle(centre, axis, halfLength, halfWidth),
    eave_m: eave,
    height_m: ridge,
    planes,
    ...lookOf(options),
    axis,
  };
}

/** A flat roof over any ring, with a parapet and what stands on such roofs. */
export function flatRoof(
  ring: readonly Point[],
  axis: Point,
  options: RoofOptions,
  rng: Rng,
  equipment: number,
): NewBuilding {
  const z = options.eave_m;
  const planes: RoofPlane[] = [];
  const inner = insetRing(ring, 0.45);
  if (inner.length >= 3) {
    planes.push({ ring: ring.map((p) => at(p, z + 0.5)), surface: "parapet" });
    planes.push({ ring: inner.map((p) => at(p, z)), surface: "roof" });
  } else {
    planes.push({ ring: ring.map((p) => at(p, z)), surface: "roof" });
  }
  const room = insetRing(ring, 2.2);
  if (room.length >= 3) {
    const first = pointAt(room, 0);
    for (let i = 0; i < equipment; i++) {
      const p = lerp(
        lerp(first, pointAt(room, 1), rng.next()),
        lerp(pointAt(room, -1), pointAt(room, 2), rng.next()),
        rng.next(),
      );
      const kind = rng.next();
      const length = kind < 0.7 ? rng.range(0.5, 1.6) : rng.range(1.5, 3);
      const box = rectangle(p, axis, length, length * rng.range(0.4, 1));
      planes.push({
        ring: box.map((q) => at(q, z + (kind < 0.3 ? 0.25 : rng.range(0.7, 2.4)))),
        surface: kind < 0.3 ? "skylight" : "equipment",
      });
    }
  }
  return {
    footprint: ring,
    eave_m: z,
    height_m: z + 0.5,
    planes,
    ...lookOf(options),
    axis,
  };
}

/** An industrial hall: low-pitched or saw-tooth bays with rows of roof lights. */
export function hall(
  centre: Point,
  axis: Point,
  halfLength: number,
  halfWidth: number,
  options: RoofOptions,
  rng: Rng,
): NewBuilding {
  const z = options.eave_m;
  const planes: RoofPlane[] = [];
  const across = { x: -axis.y, y: axis.x };
  const bays = Math.max(1, Math.round((2 * halfWidth) / rng.range(12, 26)));
  const sawTooth = rng.chance(0.2);
  const rise = sawTooth ? 2.2 : rng.range(0.3, 1.4);
  const point = (u: number, v: number, h: number): Vertex =>
    at({ x: centre.x + axis.x * u + across.x * v, y: centre.y + axis.y * u + across.y * v }, h);
  for (let bay = 0; bay < bays; bay++) {
    const v0 = -halfWidth + (2 * halfWidth * bay) / bays;
    const v1 = -halfWidth + (2 * halfWidth * (bay + 1)) / bays;
    const vm = sawTooth ? v0 + (v1 - v0) * 0.85 : (v0 + v1) / 2;
    const l = halfLength;
    planes.push({
      ring: [point(-l, v0, z), point(l, v0, z), point(l, vm, z + rise), point(-l, vm, z + rise)],
      surface: "roof",
    });
    planes.push({
      ring: [point(-l, vm, z + rise), point(l, vm, z + rise), point(l, v1, z), point(-l, v1, z)],
      surface: sawTooth ? "skylight" : "roof",
    });
  }
  const lights = rng.next();
  if (!sawTooth && lights < 0.6) {
    const step = rng.range(7, 16);
    const length = lights < 0.3 ? rng.range(1, 2) : rng.range(2.5, 6);
    for (let u = -halfLength + step / 2; u < halfLength - 2; u += step) {
      for (let bay = 0; bay < bays; bay++) {
        for (const offset of [0.25, 0.75]) {
          const v = -halfWidth + (2 * halfWidth * (bay + offset)) / bays;
          const h = z + rise / 2 + 0.2;
          planes.push({
            ring: [
              point(u - 0.6, v - length / 2, h),
              point(u + 0.6, v - length / 2, h),
              point(u + 0.6, v + length / 2, h),
              point(u - 0.6, v + length / 2, h),
            ],
            surface: "skylight",
          });
        }
      }
    }
  }
  for (let i = rng.int(7); i > 0; i--) {
    const u = rng.range(-0.9, 0.9) * halfLength;
    const v = rng.range(-0.9, 0.9) * halfWidth;
    const s = rng.range(0.6, 1.8);
    const h = z + rise + rng.range(0.3, 1.6);
    planes.push({
      ring: [point(u - s, v - s, h), point(u + s, v - s, h), point(u + s, v + s, h), point(u - s, v + s, h)],
      surface: "equipment",
    });
  }
  return {
    footprint: rectangle(centre, axis, halfLength, halfWidth),
    eave_m: z,
    height_m: z + rise,
    planes,
    ...lookOf(options),
    axis,
  };
}

/** One piece of a perimeter block: a strip between outer and inner edge with a ridge in the middle. */
export function terracePiece(
  outer: readonly [Point, Point],
  inner: readonly [Point, Point],
  rise: number,
  options: RoofOptions,
  rng: Rng,
): NewBuilding {
  const z = options.eave_m;
  const m0 = lerp(outer[0], inner[0], 0.5);
  const m1 = lerp(outer[1], inner[1], 0.5);
  const length = Math.hypot(outer[1].x - outer[0].x, outer[1].y - outer[0].y) || 1;
  const axis = { x: (outer[1].x - outer[0].x) / length, y: (outer[1].y - outer[0].y) / length };
  const planes: RoofPlane[] = [
    { ring: [at(outer[0], z), at(outer[1], z), at(m1, z + rise), at(m0, z + rise)], surface: "roof" },
    { ring: [at(m0, z + rise), at(m1, z + rise), at(inner[1], z), at(inner[0], z)], surface: "roof" },
  ];
  for (let i = 1 + rng.int(5); i > 0; i--) {
    const p = lerp(
      lerp(outer[0], outer[1], rng.range(0.1, 0.9)),
      lerp(inner[0], inner[1], rng.range(0.1, 0.9)),
      rng.range(0.15, 0.85),
    );
    const equipment = rng.chance(0.5);
    const box = rectangle(p, axis, rng.range(0.4, 1.1), rng.range(0.4, 0.9));
    planes.push({
      ring: box.map((q) => at(q, z + rise * (equipment ? 1.15 : 0.75))),
      surface: equipment ? "equipment" : "skylight",
    });
  }
  return {
    footprint: [outer[0], outer[1], inner[1], inner[0]],
    eave_m: z,
    height_m: z + rise,
    planes,
    ...lookOf(options),
    axis,
  };
}

/** A round tank or silo. */
export function tank(centre: Point, radius: number, options: RoofOptions): NewBuilding {
  const ring: Point[] = [];
  for (let i = 0; i < 16; i++) {
    const a = (i / 16) * 2 * Math.PI;
    ring.push({ x: centre.x + radius * Math.cos(a), y: centre.y + radius * Math.sin(a) });
  }
  const top = at(centre, options.eave_m + radius * 0.15);
  return {
    footprint: ring,
    eave_m: options.eave_m,
    height_m: top.z,
    planes: ring.map((p, i) => ({
      ring: [at(p, options.eave_m), at(pointAt(ring, i + 1), options.eave_m), top],
      surface: "roof" as const,
    })),
    ...lookOf(options),
    axis: { x: 1, y: 0 },
  };
}

function corners(ring: readonly Point[]): [Point, Point, Point, Point] {
  return [pointAt(ring, 0), pointAt(ring, 1), pointAt(ring, 2), pointAt(ring, 3)];
}
