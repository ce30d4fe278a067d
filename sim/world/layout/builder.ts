import { boxOf, centroid, contains, densify, type Point, pointAt, signedArea } from "../plane.js";
import { hash32, Rng } from "../random.js";
import type { Warp } from "../warp.js";
import { GridIndex } from "./grid-index.js";
import type { Building, CarSpot, GroundMaterial, GroundPatch, PlaceStyle, Road, RoadClass, TreeKind } from "./model.js";
import { TREE_KINDS } from "./model.js";

/** Where a thing of the plan stands in the world: position and direction after bending. */
export interface Frame {
  readonly centre: Point;
  readonly axis: Point;
}

/** Trees in one flat array, six numbers each: x, y, crown radius, height, kind, hash. */
export const TREE_FIELDS = 6;

/** A wide line that nothing is built on: river, railway, motorway. */
export interface Corridor {
  readonly kind: "water" | "rail" | "highway";
  readonly points: readonly Point[];
  readonly half_m: number;
}

const MASK_CELL_M = 3;

/** Collects everything that stands in a world. Plan coordinates go in, bent world coordinates are stored. */
export class LayoutBuilder {
  readonly patches: GroundPatch[] = [];
  readonly roads: Road[] = [];
  readonly buildings: Building[] = [];
  readonly trees: number[] = [];
  readonly cars: CarSpot[] = [];
  private readonly mask: Uint8Array;
  private readonly maskSide: number;

  constructor(
    readonly seed: number,
    readonly style: PlaceStyle,
    readonly warp: Warp,
    readonly half_m: number,
  ) {
    this.maskSide = Math.ceil((2 * half_m) / MASK_CELL_M);
    this.mask = new Uint8Array(this.maskSide * this.maskSide);
  }

  /** Keeps buildings, trees and small roads off a corridor. World coordinates. */
  reserve(corridor: Corridor, margin_m: number): void {
    const bit = corridor.kind === "water" ? 1 : corridor.kind === "rail" ? 2 : 4;
    this.stampMask(corridor.points, corridor.half_m + margin_m, bit);
  }

  /** Which corridors lie at a world position: bit 1 water, 2 railway, 4 motorway, 8 road. */
  reservedAt(p: Point): number {
    const col = Math.floor((p.x + this.half_m) / MASK_CELL_M);
    const row = Math.floor((p.y + this.half_m) / MASK_CELL_M);
    if (col < 0 || row < 0 || col >= this.maskSide || row >= this.maskSide) return 0;
    return this.mask[row * this.maskSide + col] ?? 0;
  }

  frame(at: Point, axis: Point): Frame {
    return { centre: this.warp.at(at), axis: this.warp.direction(at, axis) };
  }

  /** Paints ground. The ring is in plan coordinates; edges are bent with the plan. */
  patch(ring: readonly Point[], material: GroundMaterial, axis: Point, seed: number, alpha = 1): void {
    if (ring.length < 3) return;
    const bent = densify(ring, 25, true).map((p) => this.warp.at(p));
    this.worldPatch(bent, material, this.warp.direction(pointAt(ring, 0), axis), seed, alpha);
  }

  /** Paints ground given in world coordinates. */
  worldPatch(ring: readonly Point[], material: GroundMaterial, axis: Point, seed: number, alpha = 1): void {
    if (ring.length < 3 || Math.abs(signedArea(ring)) < 0.3) return;
    this.patches.push({ ring, box: boxOf(ring), material, seed: hash32(seed, this.seed), axis, alpha });
  }

  /** Adds a road along plan points. Small roads end at rivers, railways and motorways; large ones cross them. */
  road(points: readonly Point[], kind: RoadClass, half_m: number, sidewalk_m: number, level: 0 | 1 = 0): void {
    this.worldRoad(
      densify(points, 12).map((p) => this.warp.at(p)),
      kind,
      half_m,
      sidewalk_m,
      level,
    );
  }

  worldRoad(points: readonly Point[], kind: RoadClass, half_m: number, sidewalk_m: number, level: 0 | 1 = 0): void {
    if (points.length < 2) return;
    const along = new Float64Array(points.length);
    const hidden = new Uint8Array(points.length);
    const crosses = kind === "primary" || kind === "highway" || kind === "rail" || kind === "secondary";
    for (let i = 1; i < points.length; i++) {
      const a = pointAt(points, i - 1);
      const b = pointAt(points, i);
      along[i] = (along[i - 1] ?? 0) + Math.hypot(a.x - b.x, a.y - b.y);
      if (!crosses && ((this.reservedAt(a) | this.reservedAt(b)) & 7) !== 0) hidden[i - 1] = 1;
    }
    const rank = { highway: 7, primary: 6, secondary: 5, local: 4, lane: 3, track: 2, path: 1, rail: 0 }[kind];
    const id = this.roads.length;
    this.roads.push({
      id,
      kind,
      points,
      along,
      half_m,
      sidewalk_m,
      rank,
      seed: hash32(this.seed, id, 77),
      level,
      hidden,
    });
    if (kind !== "path") this.stampMask(points, half_m + sidewalk_m + 0.5, 8);
  }

  /** Adds a building unless a corridor lies under it. World coordinates. */
  building(building: Omit<Building, "id" | "box">): boolean {
    for (const p of [...densify(building.footprint, 5, true), centroid(building.footprint)]) {
      if ((this.reservedAt(p) & 7) !== 0) return false;
    }
    const box = boxOf(building.footprint);
    if (box.x1 < -this.half_m || box.y1 < -this.half_m || box.x0 > this.half_m || box.y0 > this.half_m) return false;
    this.buildings.push({ ...building, id: this.buildings.length, box });
    return true;
  }

  /** Adds a tree at a world position unless a corridor or a road lies there. */
  worldTree(p: Point, radius_m: number, height_m: number, kind: TreeKind, hash: number, forbidden = 15): void {
    if ((this.reservedAt(p) & forbidden) !== 0) return;
    this.trees.push(p.x, p.y, radius_m, height_m, TREE_KINDS.indexOf(kind), hash & 0xffffff);
  }

  /** Fells every tree that stands inside a ring. World coordinates. */
  clearTrees(ring: readonly Point[]): void {
    const box = boxOf(ring);
    let kept = 0;
    for (let k = 0; k < this.trees.length; k += TREE_FIELDS) {
      const x = this.trees[k] ?? 0;
      const y = this.trees[k + 1] ?? 0;
      const near = x > box.x0 && x < box.x1 && y > box.y0 && y < box.y1;
      if (near && contains(ring, x, y)) continue;
      for (let f = 0; f < TREE_FIELDS; f++) this.trees[kept + f] = this.trees[k + f] ?? 0;
      kept += TREE_FIELDS;
    }
    this.trees.length = kept;
  }

  tree(p: Point, radius_m: number, height_m: number, kind: TreeKind, hash: number): void {
    this.worldTree(this.warp.at(p), radius_m, height_m, kind, hash);
  }

  /** A garden or street tree of ordinary size. */
  ordinaryTree(p: Point, rng: Rng, scale = 1): void {
    const kind: TreeKind =
      this.style.climate !== "temperate" && rng.chance(0.2)
        ? "palm"
        : rng.weighted<TreeKind>({ broadleaf: 0.62, conifer: 0.16, shrub: 0.22 });
    const radius =
      (kind === "shrub" ? rng.range(0.7, 1.6) : kind === "conifer" ? rng.range(1.4, 2.8) : rng.range(1.6, 4.6)) * scale;
    const height =
      kind === "conifer" ? radius * rng.range(3, 5) : kind === "shrub" ? radius * 1.3 : radius * rng.range(1.7, 2.6);
    this.tree(p, radius, height, kind, rng.seed());
  }

  car(p: Point, axis: Point, probability: number, kind: CarSpot["kind"] = "car"): void {
    const frame = this.frame(p, axis);
    this.worldCar(frame.centre, frame.axis, probability, kind);
  }

  worldCar(p: Point, axis: Point, probability: number, kind: CarSpot["kind"] = "car", onRoad = false): void {
    // Bridges carry the cars of roads; nothing parks on water, rails or motorways.
    if (!onRoad && (this.reservedAt(p) & 7) !== 0) return;
    this.cars.push({ x: p.x, y: p.y, axis, probability, kind, id: this.cars.length });
  }

  private stampMask(points: readonly Point[], radius: number, bit: number): void {
    const cells = Math.ceil(radius / MASK_CELL_M);
    for (const p of densify(points, 4)) {
      const col = Math.floor((p.x + this.half_m) / MASK_CELL_M);
      const row = Math.floor((p.y + this.half_m) / MASK_CELL_M);
      for (let r = Math.max(0, row - cells); r <= Math.min(this.maskSide - 1, row + cells); r++) {
        for (let c = Math.max(0, col - cells); c <= Math.min(this.maskSide - 1, col + cells); c++) {
          const dx = (c + 0.5) * MASK_CELL_M - this.half_m - p.x;
          const dy = (r + 0.5) * MASK_CELL_M - this.half_m - p.y;
          if (dx * dx + dy * dy <= radius * radius) {
            const at = r * this.maskSide + c;
            this.mask[at] = (this.mask[at] ?? 0) | bit;
          }
        }
      }
    }
  }
}

/** Index of boxes by their list. */
export function indexBoxes(
  items: readonly { readonly box: { x0: number; y0: number; x1: number; y1: number } }[],
  cell_m: number,
): GridIndex {
  const index = new GridIndex(cell_m);
  items.forEach((item, id) => {
    index.insert(id, item.box);
  });
  return index;
}

/** A generator for one thing of the layout, independent of the order in which things are made. */
export function rngFor(builder: LayoutBuilder, p: Point, salt: number): Rng {
  return new Rng(hash32(builder.seed, Math.round(p.x * 8), Math.round(p.y * 8), salt));
}
