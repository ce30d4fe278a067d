import {
  type Block,
  chord,
  contains,
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
import { cutBlocks } from "./network.js";
import { flatRoof, hall, pitchedHouse, tank } from "./roofs.js";
import { plantTrees, pond } from "./woodland.js";

/** Fields of irregular size with tracks, hedges, orchards, copses, solar farms and farmsteads. */
export function farmland(builder: LayoutBuilder, district: Block, rng: Rng): void {
  const style = builder.style;
  const track = { kind: "track" as const, half_m: rng.range(1.2, 1.9), sidewalk_m: 0, verge_m: rng.range(0.5, 3) };
  const groups = cutBlocks(builder, district, rng, style.fieldArea_m2 * rng.range(2, 6), track);
  const stripes = rng.chance(0.35);
  for (const group of groups) {
    const ring = insetBlock(group);
    if (ring.length < 3) continue;
    const fields = stripes
      ? strips(group, rng, rng.range(9, 45))
      : cutBlocks(builder, { ring, gaps: [] }, rng, style.fieldArea_m2, undefined).map((b) => b.ring);
    for (const field of fields) parcel(builder, field, rng);
    if (rng.chance(0.12)) farmstead(builder, ring, rng);
  }
}

/** Long narrow parcels side by side: inherited strip farming. */
function strips(block: Block, rng: Rng, width: number): (readonly Point[])[] {
  const ring = insetBlock(block);
  const box = orientedBox(ring);
  const across = { x: -box.axis.y, y: box.axis.x };
  const along = rng.chance(0.5);
  const step = along ? across : box.axis;
  const reach = along ? box.halfWidth : box.halfLength;
  const out: (readonly Point[])[] = [];
  let rest: Block = { ring, gaps: [] };
  for (let v = -reach; v < reach; ) {
    const w = width * rng.range(0.5, 1.8);
    v += w;
    const origin = { x: box.centre.x + step.x * v, y: box.centre.y + step.y * v };
    const cut = splitAcross(rest, origin, step);
    if (cut.near.length >= 3) out.push(cut.near);
    rest = { ring: cut.far, gaps: [] };
    if (rest.ring.length < 3) break;
  }
  return out;
}

/** Both sides of a ring along the line through `origin` at right angles to `step`. */
function splitAcross(block: Block, origin: Point, step: Point): { near: readonly Point[]; far: readonly Point[] } {
  const keep = (sign: number): Point[] => {
    const out: Point[] = [];
    const side = (p: Point): number => sign * ((p.x - origin.x) * step.x + (p.y - origin.y) * step.y);
    for (let i = 0; i < block.ring.length; i++) {
      const a = pointAt(block.ring, i);
      const b = pointAt(block.ring, i + 1);
      const sa = side(a);
      const sb = side(b);
      if (sa >= 0) out.push(a);
      if (sa >= 0 !== sb >= 0) out.push(lerp(a, b, sa / (sa - sb)));
    }
    return out;
  };
  return { near: keep(-1), far: keep(1) };
}

function parcel(builder: LayoutBuilder, whole: readonly Point[], rng: Rng): void {
  const ring = insetRing(whole, rng.range(0.2, 1.4));
  if (ring.length < 3) return;
  const style = builder.style;
  const box = orientedBox(ring);
  const area = Math.abs(signedArea(ring));
  const axis = rng.chance(0.85) ? box.axis : { x: -box.axis.y, y: box.axis.x };
  const seed = rng.seed();
  const kind = rng.weighted({
    crop: 0.66,
    meadow: 0.17,
    orchard: style.climate === "temperate" ? 0.04 : 0.2,
    wood: 0.05 * style.treeDensity,
    scrub: style.climate === "arid" ? 0.15 : 0.03,
    bare: 0.02,
    solar: area > 12000 ? 0.012 : 0,
    greenhouse: area > 3000 ? 0.012 : 0,
  });
  if (kind === "crop") {
    builder.patch(ring, "crop", { x: -axis.y, y: axis.x }, seed);
    const headland = insetRing(ring, rng.range(7, 16));
    if (headland.length >= 3 && Math.abs(signedArea(headland)) > 800) builder.patch(headland, "crop", axis, seed);
  } else if (kind === "orchard") orchard(builder, ring, axis, rng);
  else if (kind === "wood") {
    builder.patch(ring, "woodland", axis, seed);
    plantTrees(builder, ring, rng, rng.range(4.5, 7), rng.chance(0.3) ? 0.8 : 0.15);
  } else if (kind === "solar") builder.patch(ring, "solar", rng.chance(0.8) ? { x: 1, y: 0.02 } : axis, seed);
  else if (kind === "greenhouse") greenhouses(builder, ring, axis, rng);
  else builder.patch(ring, kind, axis, seed);
  if (kind === "scrub") plantTrees(builder, ring, rng, rng.range(8, 16), 0.05, 0.5);
  if (kind === "meadow" && rng.chance(0.3)) plantTrees(builder, ring, rng, rng.range(18, 40), 0.1, 0.4);
  if (rng.chance(style.hedges)) hedgerow(builder, whole, rng);
  if (rng.chance(0.03)) pond(builder, box.centre, rng.range(5, 22), rng);
}

function hedgerow(builder: LayoutBuilder, ring: readonly Point[], rng: Rng): void {
  const edge = rng.int(ring.length);
  const tall = rng.chance(0.5);
  const gap = tall ? rng.range(5, 11) : rng.range(1.4, 2.6);
  for (let i = 0; i < ring.length; i++) {
    if (i !== edge && rng.chance(0.6)) continue;
    const a = pointAt(ring, i);
    const b = pointAt(ring, i + 1);
    const length = distance(a, b);
    for (let d = 2; d < length - 2; d += gap * rng.range(0.7, 1.4)) {
      if (rng.chance(0.08)) {
        d += rng.range(5, 20);
        continue;
      }
      const p = lerp(a, b, d / length);
      const q = { x: p.x + rng.normal() * 0.6, y: p.y + rng.normal() * 0.6 };
      const r = tall && rng.chance(0.8) ? rng.range(2.2, 5) : rng.range(0.8, 1.9);
      builder.tree(q, r, r * 2.1, r < 2 ? "shrub" : "broadleaf", rng.seed());
    }
  }
}

function orchard(builder: LayoutBuilder, ring: readonly Point[], axis: Point, rng: Rng): void {
  builder.patch(ring, "orchard", axis, rng.seed());
  const inner = insetRing(ring, 4);
  if (inner.length < 3) return;
  const vines = rng.chance(0.4);
  const row = vines ? rng.range(2, 2.8) : rng.range(4.5, 7.5);
  const gap = vines ? 1.3 : rng.range(3, 6.5);
  const radius = vines ? 0.55 : Math.min(gap, row) * rng.range(0.27, 0.45);
  const box = orientedBox(inner);
  const reach = Math.hypot(box.halfLength, box.halfWidth);
  for (let v = -reach; v < reach; v += row) {
    const ends = chord(inner, { x: box.centre.x - axis.y * v, y: box.centre.y + axis.x * v }, axis);
    if (ends === undefined) continue;
    const length = distance(ends[0], ends[1]);
    for (let d = 0; d < length; d += gap) {
      if (rng.chance(0.04)) continue;
      builder.tree(
        lerp(ends[0], ends[1], d / length),
        radius * rng.range(0.8, 1.15),
        radius * 1.8,
        vines ? "shrub" : "broadleaf",
        rng.seed(),
      );
    }
  }
}

function greenhouses(builder: LayoutBuilder, ring: readonly Point[], axis: Point, rng: Rng): void {
  builder.patch(ring, "bare", axis, rng.seed());
  const box = orientedBox(insetRing(ring, 4).length >= 3 ? insetRing(ring, 4) : ring);
  const half = box.halfLength * 0.9;
  for (let v = -box.halfWidth + 5; v < box.halfWidth - 4; v += 9.5) {
    const c = { x: box.centre.x - box.axis.y * v, y: box.centre.y + box.axis.x * v };
    if (!rectangle(c, box.axis, half, 4).every((p) => contains(ring, p.x, p.y))) continue;
    const f = builder.frame(c, box.axis);
    builder.building(
      hall(f.centre, f.axis, half, 4, { eave_m: 3, roof: 0xcdd3d2, wall: 0xd0d5d5, finish: "glass" }, rng),
    );
  }
}

/** A farm: a yard, a house, barns, a silo, trees. */
export function farmstead(builder: LayoutBuilder, ring: readonly Point[], rng: Rng): void {
  const style = builder.style;
  const corner = lerp(pointAt(ring, rng.int(ring.length)), orientedBox(ring).centre, rng.range(0.15, 0.4));
  const axis = orientedBox(ring).axis;
  const side = { x: -axis.y, y: axis.x };
  const at = (u: number, v: number): Point => ({
    x: corner.x + axis.x * u + side.x * v,
    y: corner.y + axis.y * u + side.y * v,
  });
  builder.patch(rectangle(corner, axis, rng.range(30, 45), rng.range(26, 40)), "lawn", axis, rng.seed());
  builder.patch(
    rectangle(corner, axis, rng.range(16, 24), rng.range(12, 18)),
    rng.pick(["gravel", "concrete", "bare"] as const),
    axis,
    rng.seed(),
  );
  const house = builder.frame(at(-20, rng.range(-6, 6)), rng.chance(0.5) ? axis : side);
  builder.building(
    pitchedHouse(
      house.centre,
      house.axis,
      rng.range(6, 9),
      rng.range(4, 5.5),
      rng.range(2.5, 4),
      0,
      { eave_m: 4.5, roof: rng.pick(style.roofs), wall: style.wall, finish: "tile", lasting: true },
      rng,
    ),
  );
  for (let i = 1 + rng.int(4); i > 0; i--) {
    const barn = builder.frame(
      at(rng.range(-8, 30), (rng.chance(0.5) ? 1 : -1) * rng.range(18, 25)),
      rng.chance(0.75) ? axis : side,
    );
    const options = {
      eave_m: rng.range(4, 7),
      roof: rng.pick([...style.roofs, 0x8f8f8c, 0xb1b0ac, 0x7c6a5c]),
      wall: 0x8f8478,
      finish: "metal" as const,
    };
    builder.building(
      pitchedHouse(barn.centre, barn.axis, rng.range(9, 22), rng.range(5, 10), rng.range(1.5, 4), 0, options, rng),
    );
  }
  if (rng.chance(0.4))
    builder.building(
      tank(builder.warp.at(at(28, rng.range(-8, 8))), rng.range(2, 4), {
        eave_m: rng.range(6, 14),
        roof: 0xb9b8b4,
        wall: 0xbdbcb8,
        finish: "metal",
      }),
    );
  if (rng.chance(0.3))
    builder.building(
      flatRoof(
        rectangle(builder.warp.at(at(rng.range(20, 32), 30)), axis, 12, 4),
        axis,
        { eave_m: 2, roof: 0x3d3d3d, wall: 0x777777, finish: "membrane" },
        rng,
        0,
      ),
    );
  for (let i = 6 + rng.int(14); i > 0; i--) {
    const a = rng.range(0, 6.28);
    builder.ordinaryTree(at(Math.cos(a) * rng.range(28, 46), Math.sin(a) * rng.range(26, 42)), rng, 1.3);
  }
  for (let i = rng.int(6); i > 0; i--)
    builder.car(
      at(rng.range(-14, 14), rng.range(-9, 9)),
      rng.chance(0.5) ? axis : side,
      0.6,
      rng.chance(0.3) ? "truck" : "car",
    );
}
