import {
  type Block,
  contains,
  densify,
  distance,
  insetBlock,
  insetRing,
  lerp,
  orientedBox,
  type Point,
  pointAt,
  rectangle,
  signedArea,
} from "../plane.js";
import type { Rng } from "../random.js";
import type { LayoutBuilder } from "./builder.js";
import { parkingLot } from "./industry.js";
import { cutBlocks } from "./network.js";
import { flatRoof, pitchedHouse, terracePiece } from "./roofs.js";

const FLAT_ROOFS = [0x8d8880, 0x6f6c69, 0xa7a39c, 0x5f5d5c, 0xbdbab3, 0x7f7468, 0x94908c];

/** Dense blocks: perimeter buildings around courtyards, slabs and towers, squares. */
export function city(builder: LayoutBuilder, district: Block, rng: Rng): void {
  const style = builder.style;
  const street = { kind: "local" as const, half_m: rng.range(3.2, 5.2), sidewalk_m: rng.range(1.8, 3.4), verge_m: 0 };
  const blocks = cutBlocks(builder, district, rng, rng.range(3800, 9500), street, 170);
  const habit = rng.weighted({ perimeter: style.climate === "arid" ? 0.2 : 0.5, slabs: 0.3, infill: 0.35 });
  for (const block of blocks) {
    const ring = insetBlock(block, 0.4);
    if (ring.length < 3) continue;
    const area = Math.abs(signedArea(ring));
    const axis = orientedBox(ring).axis;
    const kind = rng.chance(0.72)
      ? habit
      : rng.weighted({ perimeter: 0.3, slabs: 0.25, infill: 0.25, square: 0.12, lot: 0.1 });
    if (area < 500) {
      builder.patch(ring, rng.pick(["paving", "lawn", "asphalt"] as const), axis, rng.seed());
      scatterTrees(builder, ring, rng, 0.004);
    } else if (kind === "perimeter") perimeter(builder, ring, axis, rng);
    else if (kind === "slabs") slabs(builder, ring, axis, rng);
    else if (kind === "infill") infill(builder, ring, axis, rng);
    else if (kind === "square") square(builder, ring, axis, rng);
    else parkingLot(builder, ring, axis, rng);
    streetTrees(builder, ring, rng);
  }
}

function streetTrees(builder: LayoutBuilder, ring: readonly Point[], rng: Rng): void {
  if (!rng.chance(0.5 * builder.style.treeDensity)) return;
  const line = insetRing(ring, -1.5);
  const radius = rng.range(1.6, 3.4);
  const spacing = rng.range(7, 12);
  for (let i = 0; i < ring.length; i++) {
    if (rng.chance(0.4)) continue;
    const a = pointAt(line.length >= 3 ? line : ring, i);
    const b = pointAt(line.length >= 3 ? line : ring, i + 1);
    const length = distance(a, b);
    for (let d = 5; d < length - 5; d += spacing) {
      if (rng.chance(0.15)) continue;
      const p = builder.warp.at(lerp(a, b, d / length));
      builder.worldTree(p, radius * rng.range(0.7, 1.2), radius * 2.2, "broadleaf", rng.seed(), 7);
    }
  }
}

function scatterTrees(builder: LayoutBuilder, ring: readonly Point[], rng: Rng, perM2: number): void {
  const box = orientedBox(ring);
  const count = Math.abs(signedArea(ring)) * perM2 * builder.style.treeDensity;
  for (let i = 0; i < count; i++) {
    const u = rng.range(-1, 1) * box.halfLength;
    const v = rng.range(-1, 1) * box.halfWidth;
    const p = { x: box.centre.x + box.axis.x * u - box.axis.y * v, y: box.centre.y + box.axis.y * u + box.axis.x * v };
    if (contains(ring, p.x, p.y)) builder.ordinaryTree(p, rng);
  }
}

function perimeter(builder: LayoutBuilder, ring: readonly Point[], axis: Point, rng: Rng): void {
  const style = builder.style;
  const depth = rng.range(10, 14);
  const inner = insetRing(ring, depth);
  const shallow = inner.length < 3 || inner.length !== ring.length;
  builder.patch(ring, "courtyard", axis, rng.seed());
  if (shallow) {
    infill(builder, ring, axis, rng);
    return;
  }
  const outerWorld = ring.map((p) => builder.warp.at(p));
  const innerWorld = inner.map((p) => builder.warp.at(p));
  const base = rng.range(0.6, 1.1) * style.floors * 3.2;
  const flat = rng.chance(style.climate === "temperate" ? 0.25 : 0.6);
  for (let i = 0; i < ring.length; i++) {
    const length = distance(pointAt(ring, i), pointAt(ring, i + 1));
    const pieces = Math.max(1, Math.round(length / rng.range(12, 26)));
    for (let k = 0; k < pieces; k++) {
      if (pieces > 2 && rng.chance(0.05)) continue;
      const on = (line: readonly Point[], t: number): Point => lerp(pointAt(line, i), pointAt(line, i + 1), t);
      const t0 = k / pieces;
      const t1 = (k + 1) / pieces;
      const eave_m = Math.max(5, base + rng.range(-2.5, 2.5));
      const roof = flat ? rng.pick(FLAT_ROOFS) : rng.chance(0.7) ? (style.roofs[0] ?? 0x8a4b3a) : rng.pick(style.roofs);
      const options = { eave_m, roof, wall: style.wall, finish: flat ? ("bitumen" as const) : ("tile" as const) };
      const outer: [Point, Point] = [on(outerWorld, t0), on(outerWorld, t1)];
      const back: [Point, Point] = [on(innerWorld, t0), on(innerWorld, t1)];
      if (flat) builder.building(flatRoof([outer[0], outer[1], back[1], back[0]], axis, options, rng, 1 + rng.int(5)));
      else builder.building(terracePiece(outer, back, rng.range(2, 4.5), options, rng));
    }
  }
  if (Math.abs(signedArea(inner)) > 500) {
    if (rng.chance(0.5)) builder.patch(insetRing(inner, 3), "lawn", axis, rng.seed());
    scatterTrees(builder, insetRing(inner, 2), rng, 0.008);
    if (rng.chance(0.5)) {
      const box = orientedBox(inner);
      const f = builder.frame(box.centre, box.axis);
      const wing = {
        eave_m: rng.range(3, 8),
        roof: rng.pick(FLAT_ROOFS),
        wall: style.wall,
        finish: "bitumen" as const,
      };
      builder.building(
        flatRoof(
          rectangle(f.centre, f.axis, box.halfLength * rng.range(0.2, 0.6), box.halfWidth * rng.range(0.2, 0.45)),
          f.axis,
          wing,
          rng,
          rng.int(4),
        ),
      );
    }
  }
}

function slabs(builder: LayoutBuilder, ring: readonly Point[], axis: Point, rng: Rng): void {
  const style = builder.style;
  builder.patch(ring, rng.pick(["lawn", "lawn", "courtyard"] as const), axis, rng.seed());
  const box = orientedBox(ring);
  const along = rng.chance(0.6);
  const dir = along ? box.axis : { x: -box.axis.y, y: box.axis.x };
  const reach = along ? box.halfLength : box.halfWidth;
  const rows = along ? box.halfWidth : box.halfLength;
  const width = rng.range(5, 8);
  const floors = Math.max(2, style.floors * rng.range(0.7, 1.4));
  const spacing = Math.max(width * 2 + 14, floors * 3 * 0.9 + 2 * width);
  const pitched = rng.chance(0.3);
  const roof = pitched ? rng.pick(style.roofs) : rng.pick(FLAT_ROOFS);
  for (let v = -rows + width + 3; v <= rows - width - 2; v += spacing) {
    const half = Math.min(reach - 5, rng.range(14, 42));
    for (let u = -reach + half + 3; u <= reach - half - 2; u += 2 * half + rng.range(8, 14)) {
      const c = { x: box.centre.x + dir.x * u - dir.y * v, y: box.centre.y + dir.y * u + dir.x * v };
      const plan = rectangle(c, dir, half, width);
      if (!plan.every((p) => contains(ring, p.x, p.y))) continue;
      const f = builder.frame(c, dir);
      const options = {
        eave_m: floors * 3,
        roof,
        wall: style.wall,
        finish: pitched ? ("tile" as const) : ("bitumen" as const),
      };
      builder.building(
        pitched
          ? pitchedHouse(f.centre, f.axis, half, width, 3, 0, options, rng)
          : flatRoof(rectangle(f.centre, f.axis, half, width), f.axis, options, rng, 3 + rng.int(8)),
      );
    }
    const bay = v + width + 5;
    if (bay < rows - 6 && rng.chance(0.7)) {
      const c = { x: box.centre.x - dir.y * bay, y: box.centre.y + dir.x * bay };
      const lot = rectangle(c, dir, reach * 0.8, 3);
      if (lot.every((p) => contains(ring, p.x, p.y))) {
        builder.patch(lot, "asphalt", dir, rng.seed());
        const side = { x: -dir.y, y: dir.x };
        for (let u = -reach * 0.78; u < reach * 0.78; u += 2.6)
          builder.car({ x: c.x + dir.x * u, y: c.y + dir.y * u }, side, 0.6);
      }
    }
  }
  scatterTrees(builder, insetRing(ring, 2), rng, 0.006);
}

function infill(builder: LayoutBuilder, ring: readonly Point[], axis: Point, rng: Rng): void {
  const style = builder.style;
  builder.patch(ring, rng.pick(["courtyard", "courtyard", "asphalt", "concrete"] as const), axis, rng.seed());
  const pieces = cutBlocks(builder, { ring, gaps: ring.map(() => 0) }, rng, rng.range(350, 1100), undefined);
  const flatShare = style.climate === "temperate" ? 0.6 : 0.85;
  for (const piece of pieces) {
    const lot = insetRing(piece.ring, rng.range(0.3, 3));
    const area = lot.length < 3 ? 0 : Math.abs(signedArea(lot));
    if (area < 90 || rng.chance(0.1)) {
      if (rng.chance(0.5))
        builder.patch(piece.ring, rng.pick(["lawn", "asphalt", "gravel"] as const), axis, rng.seed());
      scatterTrees(builder, piece.ring, rng, 0.01);
      continue;
    }
    const floors = Math.max(1, style.floors * rng.range(0.3, 1.5));
    const box = orientedBox(lot);
    if (rng.chance(flatShare)) {
      const options = {
        eave_m: 1 + floors * 3.2,
        roof: rng.pick(FLAT_ROOFS),
        wall: style.wall,
        finish: rng.pick(["bitumen", "gravel", "membrane"] as const),
      };
      builder.building(
        flatRoof(
          densify(lot, 1000, true).map((p) => builder.warp.at(p)),
          builder.frame(box.centre, box.axis).axis,
          options,
          rng,
          rng.int(9),
        ),
      );
    } else {
      const f = builder.frame(box.centre, box.axis);
      const options = {
        eave_m: 1 + floors * 3,
        roof: rng.pick(style.roofs),
        wall: style.wall,
        finish: "tile" as const,
      };
      builder.building(
        pitchedHouse(
          f.centre,
          f.axis,
          box.halfLength * 0.8,
          box.halfWidth * 0.75,
          rng.range(2, 4.5),
          rng.chance(0.5) ? box.halfWidth * 0.7 : 0,
          options,
          rng,
        ),
      );
    }
  }
}

function square(builder: LayoutBuilder, ring: readonly Point[], axis: Point, rng: Rng): void {
  builder.patch(ring, rng.pick(["paving", "lawn"] as const), axis, rng.seed());
  const inner = insetRing(ring, rng.range(5, 10));
  if (inner.length < 3) return;
  builder.patch(inner, rng.pick(["lawn", "gravel", "paving"] as const), axis, rng.seed());
  const box = orientedBox(inner);
  for (let i = 0; i < inner.length; i++) builder.road([pointAt(inner, i), box.centre], "path", 1.2, 0);
  scatterTrees(builder, inner, rng, 0.012);
}
