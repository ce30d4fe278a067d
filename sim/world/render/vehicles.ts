import type { Epoch } from "../epoch.js";
import type { CarSpot } from "../layout/model.js";
import { type Point, pointAt, rectangle } from "../plane.js";
import { hash01 } from "../random.js";
import type { Light } from "./light.js";
import { colour } from "./season.js";
import { ink, type Tile } from "./tile.js";

const PAINTS = [
  0xe4e4e2, 0xe0e0de, 0xb9bcbe, 0x8f9396, 0x5b5f64, 0x2f3236, 0x1f2124, 0x2a2d31, 0x8a2a26, 0x2f4a78, 0x6b7f95,
  0x4a5a48, 0x9c8a6a,
];
const BOXES = [0x8a4a38, 0x3f5f86, 0x4f6f52, 0xa8a7a2, 0x9c6b3a, 0x6a6a6c];

/** Paints the vehicles that stand at the spots at this date. */
export function paintVehicle(tile: Tile, spot: CarSpot, epoch: Epoch, light: Light): void {
  if (hash01(spot.id, epoch.seed, 41) >= spot.probability) return;
  const h = hash01(spot.id, epoch.seed, 42);
  const j = hash01(spot.id, epoch.seed, 43);
  const big = spot.kind === "truck" || spot.kind === "container";
  const half = spot.kind === "container" ? 6.05 : spot.kind === "truck" ? 4 + 4 * j : 2.05 + 0.4 * j;
  const wide = big ? 1.25 : 0.88 + 0.08 * h;
  const tall = big ? 2.9 : 1.45;
  const shift = (j - 0.5) * (big ? 1.5 : 0.8);
  const centre = {
    x: spot.x + spot.axis.x * shift - spot.axis.y * (h - 0.5) * 0.25,
    y: spot.y + spot.axis.y * shift + spot.axis.x * (h - 0.5) * 0.25,
  };
  const body = big ? rectangle(centre, spot.axis, half, wide) : carBody(centre, spot.axis, half, wide);
  const dark = light.direct * 0.85;
  const off = { x: light.dx * tall * light.reach * 0.8, y: light.dy * tall * light.reach * 0.8 };
  for (const t of [0.35, 1]) {
    tile.cover(
      body.map((p) => ({ x: p.x + off.x * t, y: p.y + off.y * t })),
      (i, _x, _y, c) => {
        if ((tile.z[i] as number) > 1) return;
        const k = 1 - dark * c * 0.6;
        tile.r[i] = (tile.r[i] as number) * k;
        tile.g[i] = (tile.g[i] as number) * k;
        tile.b[i] = (tile.b[i] as number) * k;
      },
    );
  }
  const list = spot.kind === "container" ? BOXES : PAINTS;
  const paint = colour(list[Math.floor(h * list.length)] ?? 0xb9bcbe);
  tile.cover(body, (i, _x, _y, c) => {
    const k = 0.95 + 0.1 * (tile.fine[i] as number);
    ink.r = paint.r * k;
    ink.g = paint.g * k;
    ink.b = paint.b * k;
    tile.blend(i, c);
  });
  if (spot.kind === "car" && tile.gsd_m < 0.6) {
    const glass = colour(0x25292d);
    const window = (at: number, length: number): void => {
      const c = { x: centre.x + spot.axis.x * at, y: centre.y + spot.axis.y * at };
      tile.cover(rectangle(c, spot.axis, length, wide * 0.82), (i, _x, _y, cover) => {
        ink.r = glass.r;
        ink.g = glass.g;
        ink.b = glass.b;
        tile.blend(i, cover * 0.85);
      });
    };
    window(half * 0.3, 0.3);
    window(-half * 0.62, 0.22);
  }
}

/** A car from above: a rectangle with its corners cut. */
function carBody(centre: Point, axis: Point, half: number, wide: number): Point[] {
  const long = rectangle(centre, axis, half, wide * 0.68);
  const broad = rectangle(centre, axis, half * 0.88, wide);
  const corner = (ring: readonly Point[], i: number): Point => pointAt(ring, i);
  return [0, 1, 2, 3].flatMap((i) =>
    i % 2 === 0 ? [corner(long, i), corner(broad, i)] : [corner(broad, i), corner(long, i)],
  );
}
