import type { Epoch } from "./epoch.js";
import type { Land, Relief, WindowRequest } from "./land.js";
import { indexBoxes, type LayoutBuilder } from "./layout/builder.js";
import { GridIndex } from "./layout/grid-index.js";
import type { PlaceStyle, Road } from "./layout/model.js";
import { planWorld } from "./layout/plan.js";
import { Noise } from "./noise.js";
import { type Box, contains, pointAt } from "./plane.js";
import { hash01, hash32 } from "./random.js";
import { castShadow, paintBuilding, paintGap, stands } from "./render/buildings.js";
import { baseShader, groundShader } from "./render/ground.js";
import { type Light, lightOf } from "./render/light.js";
import { RoadPainter } from "./render/roads.js";
import { seasonOf } from "./render/season.js";
import { Sensor } from "./render/sensor.js";
import type { GroundContext } from "./render/texture.js";
import { ink, Tile } from "./render/tile.js";
import { TreePainter, TreeStore } from "./render/trees.js";
import { paintVehicle } from "./render/vehicles.js";

export interface WorldOptions {
  readonly seed: number;
  /** side of the square of land around the origin, metres; beyond it nothing is promised */
  readonly size_m: number;
  /** where the local plane touches the earth */
  readonly origin?: { readonly lat_deg: number; readonly lon_deg: number };
  readonly style?: Partial<PlaceStyle>;
}

/** Windows are painted in pieces of this side, which fit the processor's cache. */
export const CORE_PX = 380;
const MARGIN_PX = 2;
const SIDE_PX = CORE_PX + 2 * MARGIN_PX;
const CLUTTER_M = 64;

interface Painters {
  readonly tile: Tile;
  readonly roads: RoadPainter;
  readonly trees: TreePainter;
  readonly scratch: Float32Array;
}

/**
 * A piece of invented land, seen from straight above at any date and scale.
 *
 * Everything follows from the seed: the same seed, epoch and window give the same pixels, and windows that overlap on
 * the same pixel grid agree. The ground is flat; buildings and trees have heights, cast shadows with the epoch's sun and
 * lean with the epoch's view direction.
 */
export class World implements Land {
  readonly seed: number;
  readonly size_m: number;
  readonly origin: { readonly lat_deg: number; readonly lon_deg: number };
  readonly style: PlaceStyle;
  private readonly layout: LayoutBuilder;
  private readonly noise: Noise;
  private readonly patches: GridIndex;
  private readonly buildings: GridIndex;
  private readonly cars: GridIndex;
  private readonly roads: GridIndex;
  private readonly trees: TreeStore;
  /** nothing in this world is higher than this */
  readonly tallest_m: number;
  private painters: Painters | undefined;

  constructor(options: WorldOptions) {
    this.seed = options.seed;
    this.size_m = options.size_m;
    this.origin = options.origin ?? { lat_deg: 48, lon_deg: 11 };
    this.layout = planWorld(options.seed, options.size_m / 2, options.style);
    this.style = this.layout.style;
    this.noise = new Noise(hash32(options.seed, 42));
    this.patches = indexBoxes(this.layout.patches, CLUTTER_M);
    this.buildings = indexBoxes(this.layout.buildings, CLUTTER_M);
    this.cars = new GridIndex(CLUTTER_M);
    for (const car of this.layout.cars)
      this.cars.insert(car.id, { x0: car.x - 8, y0: car.y - 8, x1: car.x + 8, y1: car.y + 8 });
    this.roads = new GridIndex(CLUTTER_M);
    for (const road of this.layout.roads) this.roads.insert(road.id, roadBox(road));
    this.trees = new TreeStore(this.layout.trees, options.size_m / 2 + 60);
    let tallest = this.trees.tallest_m;
    for (const b of this.layout.buildings) tallest = Math.max(tallest, b.height_m);
    this.tallest_m = tallest + 3;
  }

  /** How many things stand in this world. */
  get counts(): { patches: number; roads: number; buildings: number; trees: number; vehicles: number } {
    const { patches, roads, buildings, cars } = this.layout;
    return {
      patches: patches.length,
      roads: roads.length,
      buildings: buildings.length,
      trees: this.trees.count,
      vehicles: cars.length,
    };
  }

  /** RGB raster of a window, three bytes a pixel, row 0 in the north. */
  render(request: WindowRequest): Uint8Array {
    return this.paint(request, undefined);
  }

  /** The window together with its relief. */
  renderWithHeights(request: WindowRequest): { rgb: Uint8Array } & Relief {
    const count = request.width_px * request.height_px;
    const relief = { height_m: new Float32Array(count), crown: new Uint8Array(count) };
    return { rgb: this.paint(request, relief), ...relief };
  }

  /** Height of the buildings at a point at a date, metres above the flat ground; 0 where none stands. */
  heightAt(epoch: Epoch, north_m: number, east_m: number): number {
    let height = 0;
    for (const id of this.buildings.query({ x0: east_m, y0: north_m, x1: east_m, y1: north_m })) {
      const building = this.layout.buildings[id];
      if (building === undefined || !stands(building, epoch) || !contains(building.footprint, east_m, north_m))
        continue;
      height = Math.max(height, building.height_m);
    }
    return height;
  }

  /** Whether a point lies on a carriageway (not on tracks, paths or rails). */
  onRoad(north_m: number, east_m: number): boolean {
    for (const id of this.roads.query({ x0: east_m, y0: north_m, x1: east_m, y1: north_m })) {
      const road = this.layout.roads[id];
      if (road === undefined || road.rank < 3) continue;
      for (let n = 1; n < road.points.length; n++) {
        if (road.hidden[n - 1] === 1) continue;
        const a = pointAt(road.points, n - 1);
        const b = pointAt(road.points, n);
        const dx = b.x - a.x;
        const dy = b.y - a.y;
        const t = Math.min(1, Math.max(0, ((east_m - a.x) * dx + (north_m - a.y) * dy) / (dx * dx + dy * dy || 1)));
        if (Math.hypot(east_m - a.x - t * dx, north_m - a.y - t * dy) < road.half_m) return true;
      }
    }
    return false;
  }

  private paint(request: WindowRequest, relief: Relief | undefined): Uint8Array {
    const { epoch, width_px, height_px, gsd_m } = request;
    const out = new Uint8Array(width_px * height_px * 3);
    const painters = this.paintersFor(gsd_m);
    const sensor = new Sensor(epoch);
    const light = lightOf(epoch);
    const { tile } = painters;
    const context: GroundContext = { tile, epoch, season: seasonOf(epoch, this.style), style: this.style };
    for (let row = 0; row < height_px; row += CORE_PX) {
      for (let col = 0; col < width_px; col += CORE_PX) {
        const w = Math.min(CORE_PX, width_px - col);
        const h = Math.min(CORE_PX, height_px - row);
        const west = request.east_m + (col - MARGIN_PX) * gsd_m;
        const north = request.north_m - (row - MARGIN_PX) * gsd_m;
        tile.place(west, north, w + 2 * MARGIN_PX, h + 2 * MARGIN_PX, this.noise);
        this.paintTile(context, painters, light);
        Sensor.shade(tile, epoch, light);
        if (relief !== undefined) copyRelief(tile, w, h, relief, width_px, col, row);
        sensor.blur(tile, painters.scratch);
        sensor.develop(tile, MARGIN_PX, MARGIN_PX, w, h, out, width_px, col, row);
      }
    }
    return out;
  }

  private paintersFor(gsd_m: number): Painters {
    if (this.painters?.tile.gsd_m === gsd_m) return this.painters;
    const tile = new Tile(SIDE_PX, gsd_m);
    this.painters = {
      tile,
      roads: new RoadPainter(tile),
      trees: new TreePainter(tile, this.noise),
      scratch: new Float32Array(SIDE_PX * SIDE_PX),
    };
    return this.painters;
  }

  private paintTile(c: GroundContext, painters: Painters, light: Light): void {
    const { tile, epoch, season, style } = c;
    const window: Box = {
      x0: tile.east_m,
      y0: tile.north_m - tile.height * tile.gsd_m,
      x1: tile.east_m + tile.width * tile.gsd_m,
      y1: tile.north_m,
    };
    const base = baseShader(c);
    for (let i = 0; i < tile.width * tile.height; i++) {
      base(i, 0, 0);
      tile.r[i] = ink.r;
      tile.g[i] = ink.g;
      tile.b[i] = ink.b;
    }
    for (const id of this.patches.query(window)) {
      const patch = this.layout.patches[id];
      if (patch === undefined) continue;
      const shader = groundShader(c, patch);
      tile.cover(patch.ring, (i, x, y, cover) => {
        shader(i, x, y);
        tile.blend(i, cover * patch.alpha);
      });
    }
    const roads = this.roads
      .query(grow(window, 12))
      .map((id) => this.layout.roads[id])
      .filter((road) => road !== undefined);
    painters.roads.paint(
      roads.filter((road) => road.level === 0),
      season,
      style,
    );
    painters.roads.paint(
      roads.filter((road) => road.level === 1),
      season,
      style,
    );
    for (const id of this.cars.query(window)) {
      const spot = this.layout.cars[id];
      if (spot !== undefined) paintVehicle(tile, spot, epoch, light);
    }
    const far = this.tallest_m * Math.max(light.reach, 0.3);
    const sunward = light.direct > 0.03 ? shift(window, -light.dx * far, -light.dy * far) : window;
    const lean = Math.hypot(epoch.lean_east, epoch.lean_north) * this.tallest_m;
    const near = grow(window, lean + 7);
    const exists = (hash: number): boolean => hash01(hash, epoch.seed, 61) >= epoch.change * 0.25;
    const standing = this.buildings
      .query(union(sunward, near))
      .map((id) => this.layout.buildings[id])
      .filter((b) => b !== undefined);
    for (const building of standing) {
      if (!stands(building, epoch)) paintGap(c, building);
      else if (light.direct > 0.03) castShadow(tile, building, light);
    }
    if (light.direct > 0.03) {
      const treeFar = this.trees.tallest_m * light.reach;
      painters.trees.shadows(
        this.trees,
        grow(union(window, shift(window, -light.dx * treeFar, -light.dy * treeFar)), 7),
        light,
        season,
        exists,
      );
    }
    for (const building of standing) if (stands(building, epoch)) paintBuilding(c, building, light, style);
    painters.trees.crowns(
      this.trees,
      grow(window, 7 + this.trees.tallest_m * Math.hypot(epoch.lean_east, epoch.lean_north)),
      light,
      season,
      epoch,
      exists,
    );
  }
}

function copyRelief(tile: Tile, w: number, h: number, out: Relief, width: number, col: number, row: number): void {
  for (let r = 0; r < h; r++) {
    const from = (MARGIN_PX + r) * tile.width + MARGIN_PX;
    out.height_m.set(tile.z.subarray(from, from + w), (row + r) * width + col);
    out.crown.set(tile.crown.subarray(from, from + w), (row + r) * width + col);
  }
}

function roadBox(road: Road): Box {
  const box: Box = { x0: Infinity, y0: Infinity, x1: -Infinity, y1: -Infinity };
  for (const p of road.points) {
    box.x0 = Math.min(box.x0, p.x);
    box.y0 = Math.min(box.y0, p.y);
    box.x1 = Math.max(box.x1, p.x);
    box.y1 = Math.max(box.y1, p.y);
  }
  return grow(box, road.half_m + road.sidewalk_m + 4);
}

function grow(box: Box, by: number): Box {
  return { x0: box.x0 - by, y0: box.y0 - by, x1: box.x1 + by, y1: box.y1 + by };
}

function shift(box: Box, dx: number, dy: number): Box {
  return { x0: box.x0 + dx, y0: box.y0 + dy, x1: box.x1 + dx, y1: box.y1 + dy };
}

function union(a: Box, b: Box): Box {
  return { x0: Math.min(a.x0, b.x0), y0: Math.min(a.y0, b.y0), x1: Math.max(a.x1, b.x1), y1: Math.max(a.y1, b.y1) };
}
