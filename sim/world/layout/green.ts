import {
  type Block,
  distance,
  insetBlock,
  insetRing,
  lerp,
  orientedBox,
  type Point,
  pointAt,
  rectangle,
} from "../plane.js";
import type { Rng } from "../random.js";
import type { LayoutBuilder } from "./builder.js";
import { parkingLot } from "./industry.js";
import { flatRoof } from "./roofs.js";
import { plantTrees, pond } from "./woodland.js";

/** A park: lawns, groves, winding paths, perhaps a pond. */
export function park(builder: LayoutBuilder, district: Block, rng: Rng): void {
  const ring = insetBlock(district, 1);
  if (ring.length < 3) return;
  const box = orientedBox(ring);
  builder.patch(ring, "lawn", box.axis, rng.seed());
  const inner = insetRing(ring, 8);
  if (inner.length < 3) return;
  for (let i = 0; i < 4 + rng.int(4); i++) {
    const a = lerp(pointAt(ring, rng.int(ring.length)), pointAt(ring, rng.int(ring.length)), rng.next());
    const b = lerp(pointAt(ring, rng.int(ring.length)), pointAt(ring, rng.int(ring.length)), rng.next());
    const bend = {
      x: box.centre.x + rng.normal() * box.halfWidth * 0.5,
      y: box.centre.y + rng.normal() * box.halfWidth * 0.5,
    };
    const curve: Point[] = [];
    for (let k = 0; k <= 24; k++) {
      const t = k / 24;
      curve.push(lerp(lerp(a, bend, t), lerp(bend, b, t), t));
    }
    builder.road(curve, "path", rng.range(0.8, 1.8), 0);
  }
  if (rng.chance(0.5))
    pond(
      builder,
      { x: box.centre.x + rng.normal() * 20, y: box.centre.y + rng.normal() * 20 },
      Math.min(box.halfWidth * 0.4, rng.range(12, 50)),
      rng,
    );
  plantTrees(builder, inner, rng, rng.range(9, 16), 0.2, rng.range(0.3, 0.75));
  for (let i = 2 + rng.int(3); i > 0; i--) {
    const c = lerp(pointAt(inner, rng.int(inner.length)), box.centre, rng.range(0.2, 0.8));
    plantTrees(builder, rectangle(c, box.axis, rng.range(10, 30), rng.range(8, 20)), rng, 5.5, 0.2, 0.8);
  }
}

/** Sports grounds: football pitches with lines, courts, a running track's pitch, a stand. */
export function sports(builder: LayoutBuilder, district: Block, rng: Rng): void {
  const ring = insetBlock(district, 2);
  if (ring.length < 3) return;
  const box = orientedBox(ring);
  builder.patch(ring, "lawn", box.axis, rng.seed());
  const at = (u: number, v: number): Point => ({
    x: box.centre.x + box.axis.x * u - box.axis.y * v,
    y: box.centre.y + box.axis.y * u + box.axis.x * v,
  });
  for (let u = -box.halfLength + 62; u < box.halfLength - 58; u += 124) {
    for (let v = -box.halfWidth + 42; v < box.halfWidth - 38; v += 84) {
      if (rng.chance(0.5)) {
        const f = builder.frame(at(u, v), box.axis);
        builder.worldPatch(rectangle(f.centre, f.axis, 56, 38), "pitch", f.axis, rng.seed());
      } else {
        for (const du of [-40, -20, 0, 20, 40]) {
          const f = builder.frame(at(u + du, v), box.axis);
          if (rng.chance(0.8))
            builder.worldPatch(
              rectangle(f.centre, f.axis, 8.5, 18),
              "court",
              { x: -f.axis.y, y: f.axis.x },
              rng.seed(),
            );
        }
      }
      if (rng.chance(0.5)) {
        const s = builder.frame(at(u, v + 42), box.axis);
        builder.building(
          flatRoof(
            rectangle(s.centre, s.axis, rng.range(15, 30), 4.5),
            s.axis,
            { eave_m: 5, roof: 0xb5b2ac, wall: 0xaaaaaa, finish: "membrane" },
            rng,
            2,
          ),
        );
      }
    }
  }
  for (let i = 0; i < ring.length; i++) {
    const a = pointAt(ring, i);
    const b = pointAt(ring, i + 1);
    for (let d = 6; d < distance(a, b) - 6; d += rng.range(7, 14))
      builder.ordinaryTree(lerp(a, b, d / distance(a, b)), rng, 1.3);
  }
  if (rng.chance(0.6))
    parkingLot(
      builder,
      rectangle(
        at(0, -box.halfWidth * 0.85),
        box.axis,
        Math.min(50, box.halfLength * 0.5),
        Math.min(14, box.halfWidth * 0.12),
      ),
      box.axis,
      rng,
    );
}

/** A school, hospital or barracks: large flat buildings on a lawn with courts and a car park. */
export function campus(builder: LayoutBuilder, district: Block, rng: Rng): void {
  const ring = insetBlock(district, 3);
  if (ring.length < 3) return;
  const box = orientedBox(ring);
  builder.patch(ring, "lawn", box.axis, rng.seed());
  const at = (u: number, v: number): Point => ({
    x: box.centre.x + box.axis.x * u - box.axis.y * v,
    y: box.centre.y + box.axis.y * u + box.axis.x * v,
  });
  const side = { x: -box.axis.y, y: box.axis.x };
  for (let u = -box.halfLength + 35; u < box.halfLength - 30; u += rng.range(55, 85)) {
    for (let v = -box.halfWidth + 30; v < box.halfWidth - 25; v += rng.range(50, 75)) {
      const what = rng.next();
      if (what < 0.2) parkingLot(builder, rectangle(at(u, v), box.axis, 22, 16), box.axis, rng);
      else if (what < 0.3) {
        const f = builder.frame(at(u, v), box.axis);
        builder.worldPatch(rectangle(f.centre, f.axis, 14, 8), "court", f.axis, rng.seed());
      } else if (what < 0.85) {
        builder.patch(rectangle(at(u, v), box.axis, 25, 20), "paving", box.axis, rng.seed());
        const eave_m = rng.range(6, 16);
        const roof = rng.pick([0x8d8880, 0xb3afa8, 0x6f6c69, 0x9d8f7f]);
        for (let wing = 1 + rng.int(3); wing > 0; wing--) {
          const f = builder.frame(
            at(u + rng.range(-10, 10), v + rng.range(-10, 10)),
            rng.chance(0.5) ? box.axis : side,
          );
          builder.building(
            flatRoof(
              rectangle(f.centre, f.axis, rng.range(12, 26), rng.range(6, 10)),
              f.axis,
              { eave_m: eave_m - wing, roof, wall: 0xb9b2a6, finish: "bitumen" },
              rng,
              3 + rng.int(9),
            ),
          );
        }
      }
      builder.road([at(u, v), at(u + 60, v)], "path", 1.3, 0);
      builder.road([at(u, v), at(u, v + 60)], "path", 1.3, 0);
    }
  }
  const inner = insetRing(ring, 4);
  if (inner.length >= 3) plantTrees(builder, inner, rng, rng.range(13, 20), 0.15, 0.5);
}
