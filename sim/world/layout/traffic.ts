import { type Point, pointAt } from "../plane.js";
import type { Rng } from "../random.js";
import type { LayoutBuilder } from "./builder.js";
import type { Road } from "./model.js";

/** Places along the roads where vehicles drive or park at some epochs. */
export function roadCars(builder: LayoutBuilder, rng: Rng): void {
  const built = builder.style.landUse === "urban" || builder.style.landUse === "suburban";
  for (const road of builder.roads) {
    if (road.kind === "track" || road.kind === "path" || road.kind === "rail") continue;
    const length = road.along.at(-1) ?? 0;
    const traffic =
      road.kind === "highway" ? 0.55 : road.kind === "primary" ? 0.4 : road.kind === "secondary" ? 0.22 : 0.05;
    const lanes = road.kind === "highway" ? [0.36, 0.68] : road.half_m > 6 ? [0.25, 0.72] : [0.48];
    for (const side of [-1, 1]) {
      for (const lane of lanes) {
        for (let s = rng.range(5, 30); s < length; s += rng.range(16, 50)) {
          place(builder, road, s, side * lane * road.half_m, traffic, rng.chance(0.12) ? "truck" : "car");
        }
      }
      if (road.kind === "local" && road.half_m > 2.6 && built && rng.chance(0.75)) {
        const habit = rng.range(0.1, 0.7);
        for (let s = 12; s < length - 12; s += 5.8) place(builder, road, s, side * (road.half_m - 1.05), habit, "car");
      }
    }
  }
}

function place(
  builder: LayoutBuilder,
  road: Road,
  s: number,
  v: number,
  probability: number,
  kind: "car" | "truck",
): void {
  let i = 1;
  while (i < road.points.length - 1 && (road.along[i] ?? 0) < s) i++;
  if (road.hidden[i - 1] === 1) return;
  const a = pointAt(road.points, i - 1);
  const b = pointAt(road.points, i);
  const s0 = road.along[i - 1] ?? 0;
  const length = (road.along[i] ?? 0) - s0;
  if (length < 1e-6) return;
  const axis: Point = { x: (b.x - a.x) / length, y: (b.y - a.y) / length };
  const t = s - s0;
  const p = { x: a.x + axis.x * t + axis.y * v, y: a.y + axis.y * t - axis.x * v };
  // Below a motorway nothing is seen.
  if (road.level === 0 && (builder.reservedAt(p) & 4) !== 0) return;
  builder.worldCar(p, axis, probability, kind, true);
}
