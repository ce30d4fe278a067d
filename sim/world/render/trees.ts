import type { Epoch } from "../epoch.js";
import { TREE_FIELDS } from "../layout/builder.js";
import { TREE_KINDS } from "../layout/model.js";
import type { Noise } from "../noise.js";
import type { Box } from "../plane.js";
import { hash01 } from "../random.js";
import type { Light } from "./light.js";
import { type Colour, colour, mix, type Season, scale } from "./season.js";
import { snowOver } from "./texture.js";
import { ink, type Tile } from "./tile.js";

const CELL_M = 32;

/** All trees of a world in one array, sorted by grid cell. */
export class TreeStore {
  private readonly data: Float32Array;
  private readonly starts: Uint32Array;
  private readonly side: number;
  /** the highest tree, metres */
  readonly tallest_m: number;

  constructor(
    trees: readonly number[],
    private readonly half_m: number,
  ) {
    this.side = Math.ceil((2 * half_m) / CELL_M) + 1;
    const count = trees.length / TREE_FIELDS;
    const counts = new Uint32Array(this.side * this.side + 1);
    const cells = new Uint32Array(count);
    let tallest = 0;
    for (let k = 0; k < count; k++) {
      const cell = this.cell(trees[k * TREE_FIELDS] ?? 0, trees[k * TREE_FIELDS + 1] ?? 0);
      cells[k] = cell;
      tallest = Math.max(tallest, trees[k * TREE_FIELDS + 3] ?? 0);
      counts[cell + 1] = (counts[cell + 1] ?? 0) + 1;
    }
    for (let c = 1; c < counts.length; c++) counts[c] = (counts[c] ?? 0) + (counts[c - 1] ?? 0);
    this.tallest_m = tallest;
    this.starts = counts.slice();
    this.data = new Float32Array(count * TREE_FIELDS);
    for (let k = 0; k < count; k++) {
      const cell = cells[k] ?? 0;
      const at = counts[cell] ?? 0;
      counts[cell] = at + 1;
      for (let f = 0; f < TREE_FIELDS; f++) this.data[at * TREE_FIELDS + f] = trees[k * TREE_FIELDS + f] ?? 0;
    }
  }

  get count(): number {
    return this.data.length / TREE_FIELDS;
  }

  private cell(x: number, y: number): number {
    const clamp = (v: number): number => Math.min(this.side - 1, Math.max(0, Math.floor((v + this.half_m) / CELL_M)));
    return clamp(y) * this.side + clamp(x);
  }

  /** Calls `each` for every tree whose foot lies in the box. */
  visit(
    box: Box,
    each: (x: number, y: number, radius: number, height: number, kind: number, hash: number) => void,
  ): void {
    const clamp = (v: number): number => Math.min(this.side - 1, Math.max(0, Math.floor((v + this.half_m) / CELL_M)));
    const { data, starts } = this;
    for (let row = clamp(box.y0); row <= clamp(box.y1); row++) {
      for (let col = clamp(box.x0); col <= clamp(box.x1); col++) {
        const cell = row * this.side + col;
        const end = (starts[cell + 1] ?? 0) * TREE_FIELDS;
        for (let k = (starts[cell] ?? 0) * TREE_FIELDS; k < end; k += TREE_FIELDS) {
          const x = data[k] as number;
          const y = data[k + 1] as number;
          if (x < box.x0 || x > box.x1 || y < box.y0 || y > box.y1) continue;
          each(x, y, data[k + 2] as number, data[k + 3] as number, data[k + 4] as number, data[k + 5] as number);
        }
      }
    }
  }
}

const BROADLEAF = [0x40522c, 0x4b5c30, 0x384a2a, 0x56653a, 0x47583a];
const AUTUMN = [0x85693c, 0x917642, 0x75593c, 0x84563a, 0x73703f, 0x6a6a3c];
const CONIFER = [0x2f3f2b, 0x36442e, 0x2a382a];
const SHRUB = [0x4c5a35, 0x59633d, 0x43522f];
const PALM = [0x56663a, 0x4b5c36];
const BRANCHES = 0x635a4d;

interface TreeLook {
  readonly crown: Colour;
  readonly opacity: number;
}

function lookOf(kind: number, hash: number, season: Season): TreeLook {
  const h = hash01(hash, 1);
  const light = 0.8 + 0.45 * hash01(hash, 2);
  const choose = (list: readonly number[]): Colour => colour(list[Math.floor(h * list.length)] ?? 0x40522c);
  const name = TREE_KINDS[kind];
  if (name === "conifer") return { crown: scale(choose(CONIFER), light), opacity: 1 };
  if (name === "palm") return { crown: scale(choose(PALM), light), opacity: 0.9 };
  const evergreen = name === "shrub" ? hash01(hash, 3) < 0.4 : season.climate !== "temperate" && hash01(hash, 3) < 0.6;
  const green = choose(name === "shrub" ? SHRUB : BROADLEAF);
  if (evergreen) return { crown: scale(mix(green, season.dryGrass, 0.15), light), opacity: 1 };
  const fresh = season.day < 150 ? mix(green, colour(0x71813f), 0.45) : green;
  const turned = mix(fresh, choose(AUTUMN), Math.min(1, season.autumn * (0.25 + 0.8 * hash01(hash, 4))));
  const bare = 1 - Math.min(1, season.leaf * (0.75 + 0.6 * hash01(hash, 5)));
  return { crown: scale(mix(turned, colour(BRANCHES), bare * 0.85), light), opacity: 1 - 0.62 * bare };
}

/** Adds the shadow of a crown: an ellipse on the ground, with the height up to which it reaches. */
export function castTreeShadow(
  tile: Tile,
  light: Light,
  x: number,
  y: number,
  radius: number,
  height: number,
  opacity: number,
): void {
  const g = tile.gsd_m;
  const rz = Math.min(radius * 1.3, height / 2);
  const centre = (height - rz) * light.reach;
  const long = Math.hypot(radius, rz * light.reach);
  const cx = x + light.dx * centre;
  const cy = y + light.dy * centre;
  const { shadow, shade, width } = tile;
  const reachX = Math.abs(light.dx) * long + Math.abs(light.dy) * radius + g;
  const reachY = Math.abs(light.dy) * long + Math.abs(light.dx) * radius + g;
  const col0 = Math.max(0, Math.floor((cx - reachX - tile.east_m) / g));
  const col1 = Math.min(width - 1, Math.ceil((cx + reachX - tile.east_m) / g));
  const row0 = Math.max(0, Math.floor((tile.north_m - cy - reachY) / g));
  const row1 = Math.min(tile.height - 1, Math.ceil((tile.north_m - cy + reachY) / g));
  const soft = (1.5 * g) / radius + 0.15;
  for (let row = row0; row <= row1; row++) {
    const py = tile.north_m - (row + 0.5) * g - cy;
    for (let col = col0; col <= col1; col++) {
      const px = tile.east_m + (col + 0.5) * g - cx;
      const a = (px * light.dx + py * light.dy) / long;
      const b = (px * light.dy - py * light.dx) / radius;
      const i = row * width + col;
      const edge = 1 - Math.sqrt(a * a + b * b) + 0.22 * (tile.small[i] as number) + 0.15 * (tile.mid[i] as number);
      if (edge <= 0) continue;
      const c = (edge > soft ? 1 : edge / soft) * opacity;
      if (c > (shade[i] as number)) shade[i] = c;
      const top = height - (centre + a * long) / light.reach;
      if (top + 0.5 > (shadow[i] as number)) shadow[i] = top + 0.5;
    }
  }
}

/** Paints every tree that can be seen in the tile. Shadows must have been cast before with `castTreeShadow`. */
export class TreePainter {
  constructor(
    private readonly tile: Tile,
    private readonly noise: Noise,
  ) {}

  shadows(store: TreeStore, box: Box, light: Light, season: Season, exists: (hash: number) => boolean): void {
    store.visit(box, (x, y, radius, height, kind, hash) => {
      if (exists(hash))
        castTreeShadow(this.tile, light, x, y, radius, height, lookOf(kind, hash, season).opacity * 0.95);
    });
  }

  crowns(
    store: TreeStore,
    box: Box,
    light: Light,
    season: Season,
    epoch: Epoch,
    exists: (hash: number) => boolean,
  ): void {
    store.visit(box, (x, y, radius, height, kind, hash) => {
      if (exists(hash)) this.crown(x, y, radius, height, kind, lookOf(kind, hash, season), light, season, epoch);
    });
  }

  private crown(
    x: number,
    y: number,
    radius: number,
    height: number,
    kind: number,
    look: TreeLook,
    light: Light,
    season: Season,
    epoch: Epoch,
  ): void {
    const { tile, noise } = this;
    const g = tile.gsd_m;
    const rz = Math.min(radius * 1.2, height / 2);
    const foot = height - rz;
    const cx = x + epoch.lean_east * foot;
    const cy = y + epoch.lean_north * foot;
    const reach = radius * 1.25 + g;
    const col0 = Math.max(0, Math.floor((cx - reach - tile.east_m) / g));
    const col1 = Math.min(tile.width - 1, Math.ceil((cx + reach - tile.east_m) / g));
    const row0 = Math.max(0, Math.floor((tile.north_m - cy - reach) / g));
    const row1 = Math.min(tile.height - 1, Math.ceil((tile.north_m - cy + reach) / g));
    if (col0 > col1 || row0 > row1) return;
    const conifer = kind === 1;
    const palm = kind === 3;
    const lump = conifer ? 0.9 : Math.max(0.7, radius * 0.42);
    const soft = Math.min(1.2, (1.1 * g) / radius + 0.08);
    const { crown } = look;
    const bareness = 1 - look.opacity;
    const flat = 1 - light.direct;
    const canSnow = season.snow * (conifer ? 0.5 : 0.35);
    for (let row = row0; row <= row1; row++) {
      const wy = tile.north_m - (row + 0.5) * g;
      const dy = (wy - cy) / radius;
      for (let col = col0; col <= col1; col++) {
        const wx = tile.east_m + (col + 0.5) * g;
        const dx = (wx - cx) / radius;
        const d2 = dx * dx + dy * dy;
        if (d2 > 1.56) continue;
        const i = row * tile.width + col;
        const bump = noise.at(wx / lump + x, wy / lump + y);
        let d = Math.sqrt(d2) + (conifer ? 0.12 : 0.24) * bump + 0.1 * (tile.small[i] as number);
        if (palm) d += 0.35 * Math.abs(Math.sin(3.5 * Math.atan2(dy, dx) + x));
        if (d >= 1) continue;
        const nz = conifer ? 1 - d : Math.sqrt(1 - d * d);
        const z = foot + rz * nz + 0.5 * bump;
        if (z < (tile.z[i] as number)) continue;
        const tilt = conifer ? 0.85 : 0.8;
        const up = conifer ? 0.55 : 0.35 + 0.65 * nz;
        const facing = tilt * (dx * light.sx + dy * light.sy) + up * light.sz + 0.22 * bump * (light.sx * 0.7 + 0.3);
        const direct = facing <= 0 ? 0 : facing / light.sz;
        let k = flat * (0.5 + 0.5 * nz) + light.direct * Math.min(direct, 1.8);
        k *= 1 + 0.3 * (tile.small[i] as number) + 0.32 * (tile.fine[i] as number) + 0.16 * bump;
        // Stands differ as a whole, beyond the differences from tree to tree.
        k *= (0.72 + 0.28 * nz) * (1 + 0.22 * (tile.big[i] as number));
        let alpha = (1 - d) / soft;
        alpha = Math.min(alpha, 1);
        if (bareness > 0.05) {
          const twig = 0.5 + 0.9 * (tile.fine[i] as number) + 0.6 * (tile.small[i] as number);
          alpha *= 1 - bareness * Math.min(1, Math.max(0, 1.1 - twig + 0.3 * d));
        }
        if (k < 0.08) k = 0.08;
        ink.r = crown.r * k;
        ink.g = crown.g * k;
        ink.b = crown.b * k;
        if (canSnow > 0) snowOver(tile, i, canSnow * nz);
        tile.blend(i, alpha);
        if (alpha > 0.5) {
          tile.z[i] = z;
          tile.crown[i] = 1;
        }
      }
    }
  }
}
