import { type Block, contains, insetBlock, orientedBox, type Point } from "../plane.js";
import type { Rng } from "../random.js";
import type { LayoutBuilder } from "./builder.js";
import type { TreeKind } from "./model.js";
import { cutBlocks } from "./network.js";

/** A pond with an uneven shore and a belt of bushes. Plan coordinates. */
export function pond(builder: LayoutBuilder, centre: Point, radius: number, rng: Rng): void {
  const c = builder.warp.at(centre);
  const shore = (scale: number): Point[] => {
    const out: Point[] = [];
    const count = Math.max(18, Math.round(radius * 0.9));
    for (let i = 0; i < count; i++) {
      const a = (i / count) * 2 * Math.PI;
      const r =
        radius *
        scale *
        (1 + 0.28 * Math.sin(a * 2 + phase[0]) + 0.14 * Math.sin(a * 3 + phase[1]) + 0.06 * Math.sin(a * 7 + phase[2]));
      out.push({ x: c.x + r * Math.cos(a) * stretch, y: c.y + (r * Math.sin(a)) / stretch });
    }
    return out;
  };
  const phase: [number, number, number] = [rng.range(0, 6), rng.range(0, 6), rng.range(0, 6)];
  const stretch = rng.range(0.75, 1.35);
  const seed = rng.seed();
  builder.worldPatch(shore(1 + 4 / radius), rng.chance(0.7) ? "meadow" : "sand", { x: 1, y: 0 }, seed);
  builder.worldPatch(shore(1), "water", { x: 1, y: 0 }, seed);
  builder.clearTrees(shore(1));
  builder.reserve({ kind: "water", points: [c], half_m: radius * 0.75 }, 0);
  for (const p of shore(1 + 3 / radius))
    if (rng.chance(0.35))
      builder.worldTree(
        { x: p.x + rng.normal() * 2, y: p.y + rng.normal() * 2 },
        rng.range(1, 4),
        rng.range(3, 9),
        "broadleaf",
        rng.seed(),
        14,
      );
}

/**
 * Fills a plan ring with trees at about the given spacing.
 * @param conifers share of conifers
 * @param density share of the places that carry a tree
 */
export function plantTrees(
  builder: LayoutBuilder,
  ring: readonly Point[],
  rng: Rng,
  spacing: number,
  conifers: number,
  density = 0.95,
): void {
  const box = orientedBox(ring);
  const uniform = rng.chance(0.3);
  for (let v = -box.halfWidth; v < box.halfWidth; v += spacing * 0.87) {
    for (let u = -box.halfLength; u < box.halfLength; u += spacing) {
      if (rng.chance(1 - density)) continue;
      const ju = u + rng.range(-0.5, 0.5) * spacing * (uniform ? 0.5 : 1);
      const jv = v + rng.range(-0.5, 0.5) * spacing * (uniform ? 0.5 : 1);
      const p = {
        x: box.centre.x + box.axis.x * ju - box.axis.y * jv,
        y: box.centre.y + box.axis.y * ju + box.axis.x * jv,
      };
      if (!contains(ring, p.x, p.y)) continue;
      const kind: TreeKind = rng.chance(conifers) ? "conifer" : rng.chance(0.08) ? "shrub" : "broadleaf";
      const size = rng.range(0.65, 1.25) * (uniform ? 0.9 : 1);
      const radius = Math.min(kind === "conifer" ? spacing * 0.56 : 6, spacing * 0.74) * size;
      builder.tree(
        p,
        radius,
        kind === "conifer"
          ? Math.min(24, radius * 4.5 * size)
          : kind === "shrub"
            ? radius
            : Math.min(22, radius * 2.4 * size),
        kind,
        rng.seed(),
      );
    }
  }
}

/** Closed forest in stands of different age and kind, with rides, clearings and clear-cuts. */
export function forest(builder: LayoutBuilder, district: Block, rng: Rng): void {
  const ride = { kind: "track" as const, half_m: rng.range(1.2, 1.8), sidewalk_m: 0, verge_m: rng.range(0.5, 2.5) };
  const coniferous = rng.chance(0.5) ? rng.range(0.6, 1) : rng.range(0, 0.4);
  for (const stand of cutBlocks(builder, district, rng, rng.range(15000, 50000), ride)) {
    const ring = insetBlock(stand, 0.5);
    if (ring.length < 3) continue;
    const axis = orientedBox(ring).axis;
    for (const part of cutBlocks(builder, { ring, gaps: [] }, rng, rng.range(4000, 20000), undefined)) {
      const kind = rng.next();
      if (kind < 0.06) {
        builder.patch(part.ring, rng.pick(["scrub", "meadow", "bare"] as const), axis, rng.seed());
        plantTrees(builder, part.ring, rng, rng.range(5, 9), coniferous, 0.35);
      } else {
        builder.patch(part.ring, "woodland", axis, rng.seed());
        const young = kind < 0.25;
        const mix = Math.min(1, Math.max(0, coniferous + rng.normal() * 0.25));
        plantTrees(
          builder,
          part.ring,
          rng,
          young ? rng.range(2.6, 3.6) : rng.range(4, 7.5),
          mix,
          rng.range(0.82, 0.98),
        );
      }
    }
  }
}

/** Rough open land with bushes: heath, maquis, steppe. */
export function heath(builder: LayoutBuilder, district: Block, rng: Rng): void {
  const track = { kind: "track" as const, half_m: 1.3, sidewalk_m: 0, verge_m: 0.5 };
  for (const part of cutBlocks(builder, district, rng, rng.range(30000, 90000), track)) {
    const ring = insetBlock(part);
    if (ring.length < 3) continue;
    builder.patch(ring, rng.weighted({ scrub: 0.7, meadow: 0.2, bare: 0.1 }), orientedBox(ring).axis, rng.seed());
    plantTrees(builder, ring, rng, rng.range(7, 13), 0.1, rng.range(0.1, 0.6));
  }
}
