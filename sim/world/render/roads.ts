import type { PlaceStyle, Road } from "../layout/model.js";
import { pointAt } from "../plane.js";
import { hash01 } from "../random.js";
import { LARGEST_ROUNDING, lookOf, type RoadLook } from "./road-look.js";
import type { Season } from "./season.js";
import { snowOver, stripe } from "./texture.js";
import { ink, type Tile } from "./tile.js";

const FAR = 1e9;

/**
 * Paints all roads of a tile at once. Every pixel gets its distance to the edge of the nearest and the second nearest
 * road; junctions round themselves (smooth minimum of the two) and markings stop where another road passes.
 */
export class RoadPainter {
  private readonly first: Float32Array;
  private readonly second: Float32Array;
  private readonly along: Float32Array;
  private readonly across: Float32Array;
  private readonly which: Int32Array;
  private readonly other: Int32Array;

  constructor(private readonly tile: Tile) {
    const count = tile.r.length;
    this.first = new Float32Array(count);
    this.second = new Float32Array(count);
    this.along = new Float32Array(count);
    this.across = new Float32Array(count);
    this.which = new Int32Array(count);
    this.other = new Int32Array(count);
  }

  /** @param roads the roads near the tile, all of one level; @param reach segments farther than this are skipped */
  paint(roads: readonly Road[], season: Season, style: PlaceStyle): void {
    if (roads.length === 0) return;
    this.first.fill(FAR);
    this.second.fill(FAR);
    this.other.fill(-1);
    this.which.fill(-1);
    let any = false;
    for (let k = 0; k < roads.length; k++) {
      const road = roads[k];
      if (road !== undefined && this.measure(road, k)) any = true;
    }
    if (!any) return;
    const looks = roads.map((road) => lookOf(road, season, style));
    const { first, second, which, tile } = this;
    const g = tile.gsd_m;
    const count = tile.width * tile.height;
    for (let i = 0; i < count; i++) {
      const k = which[i] as number;
      if (k < 0) continue;
      const s = first[i] as number;
      const look = looks[k];
      if (look === undefined || s > LARGEST_ROUNDING) continue;
      const s2 = second[i] as number;
      const crossing = looks[this.other[i] as number];
      let edge = s;
      let sidewalk = look.sidewalk;
      const round = crossing === undefined ? 0 : Math.min(look.rounding, crossing.rounding);
      if (crossing !== undefined && round > 0 && s2 < s + round) {
        // Corner: the two edges melt into a curve, and the sidewalks into each other.
        const h = (round - (s2 - s)) / round;
        edge = s - (h * h * round) / 4;
        sidewalk += (crossing.sidewalk - sidewalk) * h * 0.5;
      }
      if (edge > sidewalk + g) continue;
      const v = this.across[i] as number;
      const u = this.along[i] as number;
      if (sidewalk > 0) {
        const walk = 0.5 - (edge - sidewalk) / g;
        if (walk > 0 && edge > -g) this.sidewalk(i, u, look, edge, Math.min(1, walk), season);
      }
      const cover = 0.5 - edge / g;
      if (cover <= 0) continue;
      this.carriageway(i, u, v, look, s2, crossing, season, Math.min(cover, 1));
    }
  }

  private measure(road: Road, k: number): boolean {
    const { tile, first, second, which, along, across, other } = this;
    const g = tile.gsd_m;
    const margin = road.half_m + road.sidewalk_m + LARGEST_ROUNDING + 2 * g;
    const inner = -g / 2;
    let any = false;
    for (let n = 1; n < road.points.length; n++) {
      if (road.hidden[n - 1] === 1) continue;
      const a = pointAt(road.points, n - 1);
      const b = pointAt(road.points, n);
      const col0 = Math.max(0, Math.floor((Math.min(a.x, b.x) - margin - tile.east_m) / g));
      const col1 = Math.min(tile.width - 1, Math.ceil((Math.max(a.x, b.x) + margin - tile.east_m) / g));
      const row0 = Math.max(0, Math.floor((tile.north_m - Math.max(a.y, b.y) - margin) / g));
      const row1 = Math.min(tile.height - 1, Math.ceil((tile.north_m - Math.min(a.y, b.y) + margin) / g));
      if (col0 > col1 || row0 > row1) continue;
      any = true;
      const dx = b.x - a.x;
      const dy = b.y - a.y;
      const length = Math.hypot(dx, dy) || 1;
      const ux = dx / length;
      const uy = dy / length;
      const s0 = road.along[n - 1] ?? 0;
      for (let row = row0; row <= row1; row++) {
        const py = tile.north_m - (row + 0.5) * g - a.y;
        let i = row * tile.width + col0;
        let px = tile.east_m + (col0 + 0.5) * g - a.x;
        for (let col = col0; col <= col1; col++, i++, px += g) {
          const t = px * ux + py * uy;
          const v = px * uy - py * ux;
          const outside = t < 0 ? -t : t > length ? t - length : 0;
          const distance = outside === 0 ? (v < 0 ? -v : v) : Math.sqrt(outside * outside + v * v);
          if (distance > margin) continue;
          const edge = distance - road.half_m;
          // Inside a carriageway the more important road wins, so that it runs straight through its junctions.
          const s = edge < inner ? edge - 100 * road.rank : edge;
          if (which[i] === k) {
            if (s < (first[i] as number)) {
              first[i] = s;
              along[i] = s0 + t;
              across[i] = v;
            }
          } else if (s < (first[i] as number)) {
            second[i] = first[i] as number;
            other[i] = which[i] as number;
            first[i] = s;
            along[i] = s0 + t;
            across[i] = v;
            which[i] = k;
          } else if (s < (second[i] as number)) {
            second[i] = s;
            other[i] = k;
          }
        }
      }
    }
    return any;
  }

  private sidewalk(i: number, u: number, look: RoadLook, edge: number, alpha: number, season: Season): void {
    const { tile } = this;
    const light =
      1 +
      0.1 * (tile.mid[i] as number) +
      0.1 * (tile.small[i] as number) +
      0.06 * (tile.fine[i] as number) -
      0.2 * stripe(u, 1.9, 0.1, tile.gsd_m);
    const kerb = edge < 0.25 ? 1.12 : 1;
    ink.r = look.walk.r * light * kerb;
    ink.g = look.walk.g * light * kerb;
    ink.b = look.walk.b * light * kerb;
    snowOver(tile, i, season.snow * 0.6);
    tile.blend(i, alpha);
  }

  private carriageway(
    i: number,
    u: number,
    v: number,
    look: RoadLook,
    s2: number,
    crossing: RoadLook | undefined,
    season: Season,
    cover: number,
  ): void {
    const { tile } = this;
    const g = tile.gsd_m;
    const { road } = look;
    const mid = tile.mid[i] as number;
    const small = tile.small[i] as number;
    const fine = tile.fine[i] as number;
    const side = v < 0 ? -v : v;
    if (road.kind === "track") {
      const wheel = stripe(side - 0.72, 100, 0.62, g);
      const alpha =
        cover * Math.min(1, Math.max(0, 0.25 + 0.8 * wheel * look.wear + 0.5 * mid + 0.3 * (tile.big[i] as number)));
      const light = 1 + 0.12 * small + 0.12 * fine;
      ink.r = look.surface.r * light;
      ink.g = look.surface.g * light;
      ink.b = look.surface.b * light;
      snowOver(tile, i, season.snow * 0.6);
      tile.blend(i, alpha);
      return;
    }
    if (road.kind === "rail") {
      const sleeper = stripe(u, 0.62, 0.26, g);
      const steel = Math.min(1, stripe(side - 0.72, 100, 0.16, g) * 1.3);
      const light = (1 + 0.14 * small + 0.16 * fine) * (1 - 0.25 * sleeper);
      ink.r = look.surface.r * light;
      ink.g = look.surface.g * light;
      ink.b = look.surface.b * light;
      snowOver(tile, i, season.snow * 0.6);
      ink.r += (look.paint.r - ink.r) * steel;
      ink.g += (look.paint.g - ink.g) * steel;
      ink.b += (look.paint.b - ink.b) * steel;
      tile.blend(i, cover * 0.9);
      return;
    }
    let light = 1 + 0.07 * (tile.big[i] as number) + 0.06 * mid + 0.06 * small + 0.06 * fine;
    const patch = hash01(Math.floor(u / 9), Math.floor((v + 40) / 3.1), road.seed);
    if (patch < look.repairs) light *= patch < look.repairs / 2 ? 0.91 : 1.06;
    const worn = stripe(side - look.wheelA, 100, 0.7, g) + stripe(side - look.wheelB, 100, 0.7, g);
    light *= 1 + look.wear * 0.09 * Math.min(worn, 1);
    if (side > road.half_m - 0.5) light *= 1.05;
    ink.r = look.surface.r * light;
    ink.g = look.surface.g * light;
    ink.b = look.surface.b * light;
    if (look.crack > 0 && g < 0.8) {
      const crack = Math.max(0, 1 - Math.abs(small + 0.8 * fine + 0.4 * mid) * 12) * look.crack;
      ink.r *= 1 - crack;
      ink.g *= 1 - crack;
      ink.b *= 1 - crack;
    }
    snowOver(tile, i, season.snow * 0.35 * (worn > 0.3 ? 0.6 : 1));
    if (look.median > 0 && side < look.median) {
      const green = look.medianColour;
      ink.r = green.r * (1 + 0.2 * small);
      ink.g = green.g * (1 + 0.2 * small);
      ink.b = green.b * (1 + 0.2 * small);
    }
    const w = this.marking(u, v, side, look, s2, crossing) * (0.75 + 0.3 * mid + 0.2 * small) * look.paintStrength;
    if (w > 0.01) {
      const a = Math.min(w, 0.95);
      ink.r += (look.paint.r - ink.r) * a;
      ink.g += (look.paint.g - ink.g) * a;
      ink.b += (look.paint.b - ink.b) * a;
    }
    tile.blend(i, cover);
  }

  private marking(
    u: number,
    v: number,
    side: number,
    look: RoadLook,
    s2: number,
    crossing: RoadLook | undefined,
  ): number {
    const g = this.tile.gsd_m;
    const { road } = look;
    if (crossing !== undefined && crossing.road.rank >= 4 && s2 < 5.6) {
      if (s2 < 1.2) return crossing.road.rank < road.rank && look.solidCentre ? stripe(v, 1000, 0.16, g) : 0;
      const pick = hash01(road.seed, crossing.road.seed, 3);
      const fromEnd = Math.min(u, (road.along.at(-1) ?? 0) - u) - crossing.road.half_m;
      if (look.zebra && pick < 0.3 && fromEnd < 5)
        return fromEnd > 1.6 && fromEnd < 4.6 ? stripe(v + 0.5, 1.05, 0.55, g) : 0;
      if (look.zebra && pick < 0.6 && fromEnd > 1.6 && fromEnd < 2.1) return 0.8;
    }
    if (look.lines === 0) return 0;
    const dash = dashes(u, look.dash_m, look.gap_m, g);
    let w = 0;
    if (look.lines >= 1) w = Math.max(w, stripe(v, 1000, 0.15, g) * (look.solidCentre ? 1 : dash));
    if (look.lines >= 2) w = Math.max(w, stripe(side - (road.half_m - 0.4), 1000, 0.14, g));
    if (look.lines >= 3)
      w = Math.max(
        w,
        stripe(side - (road.half_m + look.median) * 0.5, 1000, 0.14, g) * dash,
        look.median > 0 ? stripe(side - look.median - 0.5, 1000, 0.18, g) : 0,
      );
    if (road.kind === "highway") w = Math.max(w, stripe(side - (road.half_m - 2.6), 1000, 0.2, g));
    return w;
  }
}

function dashes(u: number, on: number, off: number, pixel: number): number {
  return stripe(u, on + off, on, Math.max(pixel, 0.2));
}
