import { Noise } from "../noise.js";
import { densify, type Point, pointAt } from "../plane.js";
import type { Rng } from "../random.js";
import type { LayoutBuilder } from "./builder.js";

/** A gently winding line through the whole world. World coordinates. */
function windingLine(builder: LayoutBuilder, rng: Rng, wander: number, wavelength: number): Point[] {
  const half = builder.half_m * 1.05;
  const angle = rng.range(0, Math.PI);
  const offset = rng.range(-0.42, 0.42) * half;
  const noise = new Noise(rng.seed());
  const points: Point[] = [];
  for (let t = -half * 1.5; t <= half * 1.5; t += 10) {
    const v = offset + wander * (noise.at(t / wavelength, 3.1) + 0.35 * noise.at((t / wavelength) * 2.7, 9.7));
    points.push({ x: Math.cos(angle) * t - Math.sin(angle) * v, y: Math.sin(angle) * t + Math.cos(angle) * v });
  }
  return points;
}

/** The ring around a line at the given half width, which may vary along it. */
function ribbon(points: readonly Point[], half: (i: number) => number): Point[] {
  const left: Point[] = [];
  const right: Point[] = [];
  for (let i = 0; i < points.length; i++) {
    const a = pointAt(points, Math.max(0, i - 1));
    const b = pointAt(points, Math.min(points.length - 1, i + 1));
    const p = pointAt(points, i);
    const length = Math.hypot(b.x - a.x, b.y - a.y) || 1;
    const nx = -(b.y - a.y) / length;
    const ny = (b.x - a.x) / length;
    const h = half(i);
    left.push({ x: p.x + nx * h, y: p.y + ny * h });
    right.push({ x: p.x - nx * h, y: p.y - ny * h });
  }
  return [...left, ...right.reverse()];
}

/** Short pieces of a ribbon, so that a window only touches the pieces near it. */
function paintRibbon(
  builder: LayoutBuilder,
  points: readonly Point[],
  half: (i: number) => number,
  material: "water" | "meadow" | "gravel" | "verge" | "scrub",
  seed: number,
): void {
  const step = 12;
  for (let i = 0; i < points.length - 1; i += step) {
    const from = Math.max(0, i);
    const part = points.slice(from, i + step + 2);
    if (part.length >= 2)
      builder.worldPatch(
        ribbon(part, (k) => half(from + k)),
        material,
        { x: 1, y: 0 },
        seed,
      );
  }
}

/** What a later stage paints over the districts. */
export interface Corridors {
  paint(): void;
}

/** Draws a river, a railway and a motorway for this place (or none) and keeps their ground free. */
export function drawCorridors(builder: LayoutBuilder, rng: Rng): Corridors {
  const grounds: (() => void)[] = [];
  const later: (() => void)[] = [];
  const style = builder.style;
  if (rng.chance(style.climate === "arid" ? 0.12 : 0.34)) {
    const points = windingLine(builder, rng, rng.range(60, 220), rng.range(180, 600));
    const stream = rng.chance(0.5);
    const width = stream ? rng.range(1.2, 4) : rng.range(9, 45);
    const bank = stream ? rng.range(3, 9) : rng.range(5, 18);
    const noise = new Noise(rng.seed());
    const half = (i: number): number => width * (1 + 0.25 * noise.at(i / 9, 0.5));
    builder.reserve({ kind: "water", points, half_m: width }, 2);
    const seed = rng.seed();
    later.push(() => {
      paintRibbon(builder, points, (i) => half(i) + bank, rng.chance(0.6) ? "meadow" : "scrub", seed);
      paintRibbon(builder, points, half, "water", seed);
      for (let i = 0; i < points.length; i++) {
        for (const s of [-1, 1]) {
          if (!rng.chance(0.75 * Math.min(1, style.treeDensity))) continue;
          const p = pointAt(points, i);
          const q = pointAt(points, i + 1);
          const l = Math.hypot(q.x - p.x, q.y - p.y) || 1;
          const d = s * (half(i) + rng.range(1.5, bank + 2));
          const r = rng.range(1, 4.5);
          builder.worldTree(
            { x: p.x - ((q.y - p.y) / l) * d + rng.normal() * 3, y: p.y + ((q.x - p.x) / l) * d + rng.normal() * 3 },
            r,
            r * 2.2,
            "broadleaf",
            rng.seed(),
            14,
          );
        }
      }
    });
  }
  if (rng.chance(0.26)) {
    const points = windingLine(builder, rng, rng.range(10, 90), rng.range(900, 2000));
    const tracks = 1 + rng.int(3);
    const half = 2.6 + tracks * 2.2;
    builder.reserve({ kind: "rail", points, half_m: half + 3 }, 1);
    const seed = rng.seed();
    grounds.push(() => {
      paintRibbon(builder, points, () => half + 4, rng.chance(0.5) ? "scrub" : "verge", seed);
      paintRibbon(builder, points, () => half, "gravel", seed);
    });
    later.push(() => {
      for (let k = 0; k < tracks; k++) {
        const d = (k - (tracks - 1) / 2) * 4.5;
        const line = ribbon(points, () => d).slice(0, points.length);
        builder.worldRoad(line, "rail", 1.3, 0);
      }
    });
  }
  if (rng.chance(0.22)) {
    const points = densify(windingLine(builder, rng, rng.range(20, 160), rng.range(700, 1600)), 12);
    const half = rng.range(11, 15);
    builder.reserve({ kind: "highway", points, half_m: half + 8 }, 1);
    const seed = rng.seed();
    grounds.push(() => {
      paintRibbon(builder, points, () => half + 9, "verge", seed);
    });
    later.push(() => {
      builder.worldRoad(points, "highway", half, 0, 1);
      for (const p of points)
        if (rng.chance(0.2))
          builder.worldTree(
            { x: p.x + rng.normal() * (half + 12), y: p.y + rng.normal() * (half + 12) },
            rng.range(1.5, 4),
            rng.range(3, 9),
            "broadleaf",
            rng.seed(),
          );
    });
  }
  return {
    paint: () => {
      for (const step of [...grounds, ...later]) step();
    },
  };
}
