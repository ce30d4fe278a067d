import {
  type Block,
  contains,
  insetBlock,
  insetRing,
  lerp,
  orientedBox,
  type Point,
  pointAt,
  rectangle,
} from "../plane.js";
import { Rng } from "../random.js";
import type { LayoutBuilder } from "./builder.js";
import { cutBlocks, inLot, type Lot, rowsOfLots } from "./network.js";
import { pitchedHouse } from "./roofs.js";

/** A house type that a developer repeats: what makes the houses of one estate alike. */
interface HouseModel {
  readonly length: number;
  readonly width: number;
  readonly rise: number;
  readonly hip: number;
  readonly eave: number;
  readonly setback: number;
  readonly wing: number;
  readonly ridgeAcross: boolean;
  readonly roof: number;
}

function drawModel(rng: Rng, width_m: number, roofs: readonly number[]): HouseModel {
  const length = Math.min(rng.range(5, 8.5), width_m * 0.42);
  return {
    length,
    width: rng.range(4, 6.2),
    rise: rng.range(1.6, 4),
    hip: rng.chance(0.4) ? rng.range(1.5, 4) : 0,
    eave: rng.range(3, 6),
    setback: rng.range(4, 9),
    wing: rng.chance(0.45) ? rng.range(2.5, 4) : 0,
    ridgeAcross: rng.chance(0.3),
    roof: rng.chance(0.65) ? (roofs[0] ?? 0x8a4b3a) : rng.pick(roofs),
  };
}

/** Detached or terraced houses with gardens along small streets. */
export function suburb(builder: LayoutBuilder, district: Block, rng: Rng, village: boolean): void {
  const style = builder.style;
  const terraced = !village && rng.chance(0.18);
  const width = terraced ? rng.range(6, 8.5) : village ? rng.range(19, 36) : style.lotWidth_m * rng.range(0.85, 1.2);
  const depth = terraced ? rng.range(24, 32) : rng.range(26, 40);
  const street = {
    kind: "local" as const,
    half_m: rng.range(2.5, 3.7),
    sidewalk_m: village ? (rng.chance(0.4) ? 1.2 : 0) : rng.chance(0.75) ? rng.range(1.2, 2) : 0,
    verge_m: rng.chance(0.4) ? rng.range(0.5, 2) : 0.2,
  };
  const blockArea = 2 * depth * rng.range(90, 190);
  const blocks = cutBlocks(builder, district, rng, blockArea, street, 260);
  const models = Array.from({ length: 1 + rng.int(village ? 6 : 4) }, () => drawModel(rng, width, style.roofs));
  for (const block of blocks) {
    const ring = insetBlock(block);
    if (ring.length < 3) continue;
    const axis = orientedBox(ring).axis;
    builder.patch(ring, "lawn", axis, rng.seed());
    if (rng.chance(0.04)) {
      playground(builder, ring, axis, rng);
      continue;
    }
    for (const lot of rowsOfLots(block, rng, width, depth * 1.15)) {
      if (terraced) terraceLot(builder, lot, models[0] ?? drawModel(rng, width, style.roofs), rng);
      else if (rng.chance(village ? 0.12 : 0.03)) wildLot(builder, lot, rng);
      else houseLot(builder, lot, rng.pick(models), rng, village);
    }
  }
}

function houseLot(builder: LayoutBuilder, lot: Lot, model: HouseModel, rng: Rng, village: boolean): void {
  const style = builder.style;
  const side = { x: -lot.inward.y, y: lot.inward.x };
  gardenGround(builder, lot, rng);
  const jitter = village ? rng.range(-2, 6) : rng.range(-0.4, 0.8);
  const deep = Math.max(4, model.setback + jitter + model.width);
  if (lot.depth_m < deep + model.width + 2 || lot.width_m < 9) {
    wildLot(builder, lot, rng);
    return;
  }
  const spin = village ? rng.normal() * 0.12 : 0;
  const along = model.ridgeAcross ? lot.inward : side;
  const turned = {
    x: along.x * Math.cos(spin) - along.y * Math.sin(spin),
    y: along.x * Math.sin(spin) + along.y * Math.cos(spin),
  };
  const aside = rng.range(-0.08, 0.08) * lot.width_m;
  const centre = inLot(lot, deep, aside);
  const frame = builder.frame(centre, turned);
  const roof = rng.chance(0.78) ? model.roof : rng.pick(style.roofs);
  const options = { eave_m: model.eave * rng.range(0.9, 1.1), roof, wall: style.wall, finish: "tile" as const };
  const length = model.length * rng.range(0.93, 1.07);
  builder.building(
    pitchedHouse(
      frame.centre,
      frame.axis,
      length,
      model.width,
      model.rise,
      Math.min(model.hip, length * 0.8),
      options,
      rng,
    ),
  );
  const hand = (lot.index & 1) === 0 ? 1 : -1;
  if (model.wing > 0) {
    const wing = builder.frame(
      inLot(lot, deep + hand * 0 - model.width * 0.7, aside + hand * length * 0.45),
      lot.inward,
    );
    builder.building(
      pitchedHouse(
        wing.centre,
        wing.axis,
        model.width * 0.8,
        model.wing,
        model.rise * 0.8,
        Math.min(model.hip, 2),
        options,
        rng,
      ),
    );
  }
  const drive = hand * (lot.width_m / 2 - rng.range(1.8, 2.6));
  const driveEnd = deep + rng.range(-1, 3);
  const material = rng.pick(["concrete", "asphalt", "paving", "gravel"] as const);
  builder.patch(
    rectangle(inLot(lot, driveEnd / 2, drive), lot.inward, driveEnd / 2 + 0.4, rng.range(1.3, 2.6)),
    material,
    side,
    rng.seed(),
  );
  for (let d = 2.8; d < driveEnd - 1; d += 5.6) builder.car(inLot(lot, d, drive), lot.inward, 0.35);
  if (rng.chance(0.5)) {
    const garage = builder.frame(inLot(lot, driveEnd + 3, drive), lot.inward);
    const g = {
      ...options,
      eave_m: 2.6,
      finish: "bitumen" as const,
      roof: rng.pick([0x77746f, 0x8d8a85, 0x5b5a59, roof]),
    };
    builder.building(
      pitchedHouse(garage.centre, garage.axis, 2.9, 1.7, rng.range(0.1, 1.2), 0, g, new Rng(rng.seed())),
    );
  }
  builder.patch(
    rectangle(inLot(lot, deep + model.width + 1.5, aside), side, length * rng.range(0.3, 0.8), rng.range(1.2, 2.4)),
    "paving",
    side,
    rng.seed(),
  );
  backGarden(builder, lot, deep + model.width + 3, rng);
}

function gardenGround(builder: LayoutBuilder, lot: Lot, rng: Rng): void {
  const ring = insetRing(lot.ring, 0.25);
  if (ring.length < 3) return;
  const dry = builder.style.climate === "arid";
  builder.patch(ring, dry && rng.chance(0.6) ? "bare" : rng.chance(0.75) ? "garden" : "lawn", lot.inward, rng.seed());
  const hedge = rng.next();
  if (hedge < 0.35 * builder.style.treeDensity) hedgeAlong(builder, ring, rng);
}

/** A line of shrubs along some edges of a ring. */
export function hedgeAlong(builder: LayoutBuilder, ring: readonly Point[], rng: Rng): void {
  for (let i = 0; i < ring.length; i++) {
    if (rng.chance(0.45)) continue;
    const a = pointAt(ring, i);
    const b = pointAt(ring, i + 1);
    const length = Math.hypot(b.x - a.x, b.y - a.y);
    for (let d = 0.6; d < length; d += rng.range(1, 1.5)) {
      builder.tree(lerp(a, b, d / length), rng.range(0.6, 0.95), rng.range(1.2, 2), "shrub", rng.seed());
    }
  }
}

function backGarden(builder: LayoutBuilder, lot: Lot, from: number, rng: Rng): void {
  const density = builder.style.treeDensity;
  const side = { x: -lot.inward.y, y: lot.inward.x };
  const place = (margin: number): Point =>
    inLot(lot, rng.range(from, lot.depth_m - margin), rng.range(-0.5, 0.5) * (lot.width_m - 2 * margin));
  if (lot.depth_m > from + 5) {
    if (rng.chance(builder.style.climate === "temperate" ? 0.06 : 0.2)) {
      builder.patch(rectangle(place(4), side, 4.2, 2.6), "paving", side, rng.seed());
      const p = place(4);
      builder.patch(rectangle(p, side, rng.range(3.6, 4.6), rng.range(2.3, 2.8)), "paving", side, rng.seed());
      builder.patch(rectangle(p, side, rng.range(2.4, 3.6), rng.range(1.3, 1.9)), "pool", side, rng.seed());
    }
    if (rng.chance(0.55)) {
      const shed = builder.frame(place(2.5), side);
      builder.building(
        pitchedHouse(
          shed.centre,
          shed.axis,
          rng.range(1.2, 2.4),
          rng.range(1, 1.7),
          rng.range(0.2, 0.7),
          0,
          {
            eave_m: 2.1,
            roof: rng.pick([0x6b625a, 0x8a8680, 0x4f4b48, 0x7a4f3f, 0x9fa6a3]),
            wall: 0x8a7a66,
            finish: "bitumen",
          },
          rng,
        ),
      );
    }
    for (let i = rng.int(3); i > 0; i--)
      builder.patch(rectangle(place(2), side, rng.range(1, 3), rng.range(0.7, 1.6)), "bed", lot.inward, rng.seed());
    for (let i = Math.floor(density * rng.range(0.5, 6)); i > 0; i--) builder.ordinaryTree(place(1.5), rng);
  }
  if (rng.chance(0.5 * density))
    builder.ordinaryTree(inLot(lot, rng.range(1.5, 4), rng.range(-0.4, 0.4) * lot.width_m), rng, 0.8);
}

function terraceLot(builder: LayoutBuilder, lot: Lot, model: HouseModel, rng: Rng): void {
  const side = { x: -lot.inward.y, y: lot.inward.x };
  gardenGround(builder, lot, rng);
  const deep = 3.5 + 4.6;
  if (lot.depth_m < 15) return;
  const frame = builder.frame(inLot(lot, deep, 0), side);
  const roof = rng.chance(0.8) ? model.roof : rng.pick(builder.style.roofs);
  builder.building(
    pitchedHouse(
      frame.centre,
      frame.axis,
      lot.width_m / 2 - 0.35,
      4.6,
      model.rise,
      0,
      { eave_m: model.eave, roof, wall: builder.style.wall, finish: "tile" },
      rng,
    ),
  );
  builder.patch(rectangle(inLot(lot, 1.7, 0), lot.inward, 1.7, lot.width_m * 0.3), "paving", side, rng.seed());
  builder.patch(rectangle(inLot(lot, deep + 6, 0), lot.inward, 1.3, lot.width_m * 0.45), "paving", side, rng.seed());
  if (rng.chance(0.4))
    builder.ordinaryTree(
      inLot(lot, rng.range(deep + 8, Math.max(deep + 9, lot.depth_m - 2)), rng.range(-1.5, 1.5)),
      rng,
      0.7,
    );
  builder.car(inLot(lot, 1.8, lot.width_m * 0.2), lot.inward, 0.15);
}

/** An unbuilt lot: rough grass, shrubs, a few trees. */
export function wildLot(builder: LayoutBuilder, lot: Lot, rng: Rng): void {
  builder.patch(lot.ring, rng.chance(0.7) ? "meadow" : "bare", lot.inward, rng.seed());
  for (let i = rng.int(8) * builder.style.treeDensity; i > 0; i--) {
    const p = inLot(lot, rng.range(1, Math.max(2, lot.depth_m - 1)), rng.range(-0.45, 0.45) * lot.width_m);
    if (contains(lot.ring, p.x, p.y)) builder.ordinaryTree(p, rng);
  }
}

function playground(builder: LayoutBuilder, ring: readonly Point[], axis: Point, rng: Rng): void {
  const box = orientedBox(ring);
  builder.patch(
    rectangle(box.centre, axis, Math.min(12, box.halfLength * 0.5), Math.min(8, box.halfWidth * 0.4)),
    rng.pick(["sand", "court"] as const),
    axis,
    rng.seed(),
  );
  for (let i = 0; i < 14; i++) {
    const a = rng.range(0, 6.28);
    builder.ordinaryTree(
      {
        x: box.centre.x + Math.cos(a) * box.halfLength * rng.range(0.4, 0.9),
        y: box.centre.y + Math.sin(a) * box.halfWidth * rng.range(0.4, 0.9),
      },
      rng,
      1.2,
    );
  }
}
