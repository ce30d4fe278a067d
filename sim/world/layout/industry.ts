import {
  type Block,
  contains,
  insetBlock,
  insetRing,
  orientedBox,
  type Point,
  rectangle,
  signedArea,
} from "../plane.js";
import type { Rng } from "../random.js";
import type { LayoutBuilder } from "./builder.js";
import { cutBlocks } from "./network.js";
import { flatRoof, hall, tank } from "./roofs.js";

const HALL_ROOFS = [0xb4b4b1, 0xcac9c5, 0x8f969b, 0x7a7e80, 0x9fb0b8, 0x6d8aa0, 0x8a5548, 0xdcdbd6, 0x6f7f70, 0xa39c90];

/** Halls, yards, tanks, shops with car parks. */
export function industry(builder: LayoutBuilder, district: Block, rng: Rng): void {
  const street = {
    kind: "local" as const,
    half_m: rng.range(3.5, 5),
    sidewalk_m: rng.chance(0.5) ? 1.6 : 0,
    verge_m: rng.range(0.5, 4),
  };
  for (const block of cutBlocks(builder, district, rng, rng.range(12000, 36000), street, 420)) {
    const lots = cutBlocks(builder, { ring: insetBlock(block), gaps: [] }, rng, rng.range(5000, 18000), undefined);
    for (const lot of lots) site(builder, lot.ring, rng);
  }
}

function site(builder: LayoutBuilder, whole: readonly Point[], rng: Rng): void {
  if (whole.length < 3) return;
  const axis = orientedBox(whole).axis;
  builder.patch(whole, "verge", axis, rng.seed());
  const ring = insetRing(whole, rng.range(1, 5));
  if (ring.length < 3 || Math.abs(signedArea(ring)) < 500) return;
  const kind = rng.weighted({ halls: 0.55, shop: 0.17, yard: 0.13, tanks: 0.05, empty: 0.1 });
  if (kind === "empty") {
    builder.patch(ring, rng.pick(["bare", "gravel", "meadow"] as const), axis, rng.seed());
    return;
  }
  builder.patch(ring, rng.pick(["concrete", "asphalt", "asphalt", "gravel"] as const), axis, rng.seed());
  const box = orientedBox(ring);
  const at = (u: number, v: number): Point => ({
    x: box.centre.x + box.axis.x * u - box.axis.y * v,
    y: box.centre.y + box.axis.y * u + box.axis.x * v,
  });
  const fits = (c: Point, l: number, w: number): boolean =>
    rectangle(c, box.axis, l + 1, w + 1).every((p) => contains(ring, p.x, p.y));
  const side = rng.chance(0.5) ? 1 : -1;
  if (kind === "tanks") {
    const r = rng.range(5, 14);
    for (let u = -box.halfLength + r + 3; u < box.halfLength - r; u += r * 2.6) {
      for (let v = -box.halfWidth + r + 3; v < box.halfWidth - r; v += r * 2.6) {
        const p = at(u, v);
        if (!fits(p, r, r) || rng.chance(0.2)) continue;
        builder.building(
          tank(builder.warp.at(p), r * rng.range(0.7, 1), {
            eave_m: rng.range(6, 14),
            roof: rng.pick([0xd2d2cf, 0xb7b5b0, 0x9c978f]),
            wall: 0xcfcfcc,
            finish: "metal",
            lasting: true,
          }),
        );
      }
    }
    return;
  }
  if (kind === "yard") {
    for (let u = -box.halfLength + 8; u < box.halfLength - 8; u += rng.range(8, 16)) {
      for (let v = -box.halfWidth + 5; v < box.halfWidth - 5; v += 3)
        if (rng.chance(0.75) && fits(at(u, v), 6, 1.3)) builder.car(at(u, v), box.axis, 0.7, "container");
    }
    return;
  }
  const cover = kind === "shop" ? 0.42 : rng.range(0.45, 0.78);
  const halfLength = box.halfLength * rng.range(0.7, 0.9);
  const halfWidth = box.halfWidth * cover;
  const v0 = side * (box.halfWidth - halfWidth - 3);
  const c = at(rng.range(-0.05, 0.05) * box.halfLength, v0);
  let built = { l: halfLength, w: halfWidth };
  for (let i = 0; i < 5 && !fits(c, built.l, built.w); i++) built = { l: built.l * 0.82, w: built.w * 0.82 };
  if (built.w > 4 && fits(c, built.l, built.w)) {
    const f = builder.frame(c, box.axis);
    const options = { eave_m: rng.range(5, 12), roof: rng.pick(HALL_ROOFS), wall: 0xa9adb0, finish: "metal" as const };
    if (kind === "shop" || rng.chance(0.3)) {
      builder.building(
        flatRoof(
          rectangle(f.centre, f.axis, built.l, built.w),
          f.axis,
          { ...options, finish: "membrane" },
          rng,
          6 + rng.int(26),
        ),
      );
    } else builder.building(hall(f.centre, f.axis, built.l, built.w, options, rng));
    if (rng.chance(0.5)) {
      const o = builder.frame(at(-box.halfLength * 0.55, v0 - side * (built.w + 6)), box.axis);
      builder.building(
        flatRoof(
          rectangle(o.centre, o.axis, rng.range(7, 14), 5),
          o.axis,
          { eave_m: rng.range(4, 10), roof: 0x8d8a85, wall: 0xb9b2a6, finish: "gravel" },
          rng,
          rng.int(6),
        ),
      );
    }
  }
  const front = v0 - side * (built.w + 3);
  const deep = side > 0 ? front + box.halfWidth : box.halfWidth - front;
  if (kind === "shop" || rng.chance(0.5)) {
    const w = deep / 2 - 1;
    if (w > 5)
      parkingRows(
        builder,
        at(0, front - side * (w + 1)),
        box.axis,
        box.halfLength * 0.88,
        w,
        ring,
        rng,
        kind === "shop" ? 0.6 : 0.4,
      );
  }
  for (let u = -built.l + 4; u < built.l - 4; u += rng.range(4, 11)) {
    const p = at(u, front - side * 8);
    if (rng.chance(0.4) && fits(p, 1.5, 7)) builder.car(p, { x: -box.axis.y, y: box.axis.x }, 0.5, "truck");
  }
}

/** Car parks fill a whole ring. */
export function parkingLot(builder: LayoutBuilder, ring: readonly Point[], axis: Point, rng: Rng): void {
  builder.patch(ring, "asphalt", axis, rng.seed());
  const box = orientedBox(ring);
  parkingRows(builder, box.centre, box.axis, box.halfLength - 2, box.halfWidth - 2, ring, rng, rng.range(0.3, 0.85));
}

/** Rows of marked bays, back to back, with aisles between and a few trees. */
function parkingRows(
  builder: LayoutBuilder,
  centre: Point,
  axis: Point,
  halfLength: number,
  halfWidth: number,
  inside: readonly Point[],
  rng: Rng,
  full: number,
): void {
  const side = { x: -axis.y, y: axis.x };
  const at = (u: number, v: number): Point => ({
    x: centre.x + axis.x * u + side.x * v,
    y: centre.y + axis.y * u + side.y * v,
  });
  const trees = rng.chance(0.5 * builder.style.treeDensity);
  const seed = rng.seed();
  for (let v = -halfWidth + 2.6; v < halfWidth - 2; v += 16.4) {
    for (const row of [v, v + 5.2]) {
      if (row > halfWidth - 2.4) continue;
      const bays = Math.floor((2 * halfLength) / 2.6);
      const strip = rectangle(at(0, row), axis, bays * 1.3, 2.5);
      if (strip.every((p) => contains(inside, p.x, p.y))) builder.patch(strip, "bays", axis, seed);
      for (let k = 0; k < bays; k++) {
        const p = at((k + 0.5) * 2.6 - bays * 1.3, row);
        if (!contains(inside, p.x, p.y)) continue;
        if (trees && k % 9 === 4) builder.ordinaryTree(p, rng, 0.7);
        else builder.car(p, side, full * (0.5 + 0.9 * Math.exp(-(((k / bays - 0.4) * 2) ** 2))));
      }
    }
  }
}
