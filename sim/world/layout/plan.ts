import { Noise } from "../noise.js";
import { type Block, centroid, insetBlock, orientedBox, type Point, plainBlock, signedArea } from "../plane.js";
import { hash32, Rng } from "../random.js";
import { Warp } from "../warp.js";
import { LayoutBuilder } from "./builder.js";
import { city } from "./city.js";
import { drawCorridors } from "./corridors.js";
import { farmland } from "./countryside.js";
import { campus, park, sports } from "./green.js";
import { industry } from "./industry.js";
import type { LandUse, PlaceStyle } from "./model.js";
import { cutWithRoad, type StreetType } from "./network.js";
import { drawStyle } from "./style.js";
import { suburb } from "./suburb.js";
import { roadCars } from "./traffic.js";
import { forest, heath, pond } from "./woodland.js";

type District =
  | "city"
  | "suburb"
  | "village"
  | "industry"
  | "park"
  | "sports"
  | "campus"
  | "farmland"
  | "forest"
  | "heath"
  | "lake";

/** From the emptiest to the densest use of land: a smooth density field picks among them. */
const ORDER: readonly District[] = [
  "forest",
  "lake",
  "heath",
  "farmland",
  "village",
  "park",
  "suburb",
  "sports",
  "campus",
  "industry",
  "city",
];

const SHARES: Readonly<Record<LandUse, Partial<Record<District, number>>>> = {
  urban: { city: 0.62, industry: 0.1, campus: 0.05, suburb: 0.14, park: 0.06, sports: 0.04 },
  suburban: { suburb: 0.56, village: 0.14, campus: 0.06, industry: 0.07, sports: 0.04, park: 0.05, farmland: 0.08 },
  rural: { farmland: 0.7, village: 0.1, forest: 0.1, heath: 0.06, lake: 0.02, industry: 0.02 },
  forest: { forest: 0.58, farmland: 0.2, heath: 0.12, village: 0.05, lake: 0.05 },
  mixed: { farmland: 0.3, suburb: 0.2, village: 0.1, forest: 0.12, industry: 0.08, city: 0.1, park: 0.04, heath: 0.06 },
};

/**
 * Plans a place: corridors, districts with the roads between them, and everything inside.
 * @param half_m half the side of the square that must be covered
 */
export function planWorld(seed: number, half_m: number, over: Partial<PlaceStyle> = {}): LayoutBuilder {
  const style = drawStyle(seed, over);
  const warp = new Warp(hash32(seed, 1), style.curviness);
  const builder = new LayoutBuilder(seed, style, warp, half_m + 60);
  const rng = new Rng(hash32(seed, 2));
  const corridors = drawCorridors(builder, rng);
  const reach = (half_m + 80 + warp.reach_m) * 1.0;
  const cos = Math.cos(style.rotation_rad);
  const sin = Math.sin(style.rotation_rad);
  const side = reach * (Math.abs(cos) + Math.abs(sin));
  const turn = (x: number, y: number): Point => ({ x: x * cos - y * sin, y: x * sin + y * cos });
  const start = plainBlock([turn(-side, -side), turn(side, -side), turn(side, side), turn(-side, side)]);
  const density = new Noise(hash32(seed, 3));
  const districts: Block[] = [];
  divide(builder, start, rng, 0, reach, districts);
  for (const block of districts) {
    if (insetBlock(block).length < 3) continue;
    const c = centroid(block.ring);
    const own = new Rng(hash32(seed, Math.round(c.x), Math.round(c.y), 4));
    const field = 0.5 + 0.62 * density.at(c.x / 700, c.y / 700) + 0.16 * own.normal();
    fill(builder, block, own, chooseDistrict(style.landUse, field));
  }
  corridors.paint();
  roadCars(builder, new Rng(hash32(seed, 5)));
  return builder;
}

function chooseDistrict(landUse: LandUse, field: number): District {
  const shares = SHARES[landUse];
  let left = Math.min(0.999, Math.max(0, field));
  let chosen: District = "farmland";
  for (const kind of ORDER) {
    const share = shares[kind] ?? 0;
    if (share === 0) continue;
    chosen = kind;
    left -= share;
    if (left < 0) break;
  }
  return chosen;
}

function streetAt(builder: LayoutBuilder, depth: number, rng: Rng): StreetType {
  const { landUse } = builder.style;
  const built = landUse === "urban" || landUse === "suburban";
  if (depth < 2)
    return {
      kind: "primary",
      half_m: built ? rng.range(5, 9) : rng.range(3.8, 5.2),
      sidewalk_m: built ? rng.range(1.8, 3.5) : 0,
      verge_m: rng.range(0.5, 4),
    };
  if (depth < 4)
    return {
      kind: "secondary",
      half_m: built ? rng.range(3.8, 5.2) : rng.range(2.8, 3.6),
      sidewalk_m: built ? rng.range(1.5, 2.6) : 0,
      verge_m: rng.range(0.5, 3),
    };
  if (built) return { kind: "local", half_m: rng.range(3, 4.2), sidewalk_m: rng.range(1.2, 2.2), verge_m: 0.5 };
  return rng.chance(0.6)
    ? { kind: "lane", half_m: rng.range(1.8, 2.7), sidewalk_m: 0, verge_m: rng.range(0.8, 2.5) }
    : { kind: "track", half_m: rng.range(1.3, 2), sidewalk_m: 0, verge_m: rng.range(0.5, 2) };
}

function divide(builder: LayoutBuilder, block: Block, rng: Rng, depth: number, reach: number, out: Block[]): void {
  if (block.ring.length < 3 || !near(block, reach)) return;
  const area = Math.abs(signedArea(block.ring));
  const target = builder.style.districtArea_m2 * rng.range(0.7, 1.6);
  if (area < target && orientedBox(block.ring).halfLength < 420) {
    out.push(block);
    return;
  }
  const importance = area > 8 * target ? 0 : area > 3 * target ? 2 : 4;
  const [a, b] = cutWithRoad(
    builder,
    block,
    rng,
    builder.style.skew,
    streetAt(builder, Math.max(importance, depth > 3 ? 2 : 0), rng),
    0.13,
  );
  divide(builder, a, rng, depth + 1, reach, out);
  divide(builder, b, rng, depth + 1, reach, out);
}

function near(block: Block, reach: number): boolean {
  return (
    block.ring.some((p) => p.x > -reach) &&
    block.ring.some((p) => p.x < reach) &&
    block.ring.some((p) => p.y > -reach) &&
    block.ring.some((p) => p.y < reach)
  );
}

function fill(builder: LayoutBuilder, block: Block, rng: Rng, kind: District): void {
  switch (kind) {
    case "city":
      city(builder, block, rng);
      return;
    case "suburb":
      suburb(builder, block, rng, false);
      return;
    case "village":
      suburb(builder, block, rng, true);
      return;
    case "industry":
      industry(builder, block, rng);
      return;
    case "park":
      park(builder, block, rng);
      return;
    case "sports":
      sports(builder, block, rng);
      return;
    case "campus":
      campus(builder, block, rng);
      return;
    case "farmland":
      farmland(builder, block, rng);
      return;
    case "forest":
      forest(builder, block, rng);
      return;
    case "heath":
      heath(builder, block, rng);
      return;
    case "lake": {
      const box = orientedBox(block.ring);
      heath(builder, block, rng);
      pond(builder, box.centre, box.halfWidth * rng.range(0.45, 0.8), rng);
      return;
    }
  }
}
