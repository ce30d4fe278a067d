import type { Epoch } from "../epoch.js";
import type { Building, PlaceStyle, RoofPlane, Vertex } from "../layout/model.js";
import type { Point } from "../plane.js";
import { pointAt } from "../plane.js";
import { hash01 } from "../random.js";
import { groundShader } from "./ground.js";
import { type Light, lambert } from "./light.js";
import { type Colour, colour, mix, scale } from "./season.js";
import { type GroundContext, snowOver, stripe } from "./texture.js";
import { ink, type Tile } from "./tile.js";

/** Whether a building stands at this date. */
export function stands(building: Building, epoch: Epoch): boolean {
  return building.lasting || hash01(building.id, epoch.seed, 7) >= epoch.change * 0.6;
}

/** Adds the shadow volume of a building to the tile: every roof edge swept along the sun's direction. */
export function castShadow(tile: Tile, building: Building, light: Light): void {
  for (const plane of building.planes) {
    const { ring } = plane;
    for (let k = 0; k < ring.length; k++) {
      const a = ring[k];
      const b = ring[(k + 1) % ring.length];
      if (a !== undefined && b !== undefined) sweepEdge(tile, a, b, light);
    }
  }
}

function sweepEdge(tile: Tile, a: Vertex, b: Vertex, light: Light): void {
  const la = a.z * light.reach;
  const lb = b.z * light.reach;
  const ex = b.x - a.x;
  const ey = b.y - a.y;
  const cross = ex * light.dy - ey * light.dx;
  if (Math.abs(cross) < 0.02) return;
  const quad: Point[] = [
    a,
    b,
    { x: b.x + light.dx * lb, y: b.y + light.dy * lb },
    { x: a.x + light.dx * la, y: a.y + light.dy * la },
  ];
  const { shadow, shade } = tile;
  tile.cover(quad, (i, x, y, c) => {
    const px = x - a.x;
    const py = y - a.y;
    const s = (px * light.dy - py * light.dx) / cross;
    const t = (ex * py - ey * px) / cross;
    const top = a.z + (b.z - a.z) * (s < 0 ? 0 : Math.min(s, 1)) - t / light.reach;
    if (top > (shadow[i] as number)) shadow[i] = top;
    if (c > (shade[i] as number)) shade[i] = c;
  });
}

/** Paints a standing building: visible walls, then roof facets. */
export function paintBuilding(c: GroundContext, building: Building, light: Light, style: PlaceStyle): void {
  const { tile, epoch } = c;
  const rehash = hash01(building.id, epoch.seed, 9);
  const reroofed = !building.lasting && rehash < epoch.change * 0.4;
  const hex = reroofed
    ? (style.roofs[Math.floor((rehash / epoch.change) * 2.5 * style.roofs.length) % style.roofs.length] ??
      building.roof)
    : building.roof;
  const age = hash01(building.id, 10);
  const roof = scale(colour(hex), 0.85 + 0.3 * age);
  if (epoch.lean_east !== 0 || epoch.lean_north !== 0) paintWalls(c, building, light);
  for (const plane of building.planes) paintPlane(c, building, plane, roof, light, tile);
}

function paintWalls(c: GroundContext, building: Building, light: Light): void {
  const { tile, epoch } = c;
  const { footprint, eave_m } = building;
  const wall = scale(colour(building.wall), 0.7 + 0.4 * hash01(building.id, 12));
  for (let k = 0; k < footprint.length; k++) {
    const a = pointAt(footprint, k);
    const b = pointAt(footprint, k + 1);
    const length = Math.hypot(b.x - a.x, b.y - a.y);
    if (length < 0.3) continue;
    const nx = (b.y - a.y) / length;
    const ny = -(b.x - a.x) / length;
    if (nx * epoch.lean_east + ny * epoch.lean_north >= 0) continue;
    const lit = lambert(light, nx, ny, 0);
    const up = { x: epoch.lean_east * eave_m, y: epoch.lean_north * eave_m };
    const quad = [a, b, { x: b.x + up.x, y: b.y + up.y }, { x: a.x + up.x, y: a.y + up.y }];
    tile.cover(quad, (i, x, y, cover) => {
      const along = (x - a.x) * -ny + (y - a.y) * nx;
      const window = stripe(along, 3.2, 1.3, tile.gsd_m) * 0.5;
      const k2 = lit * (1 - window) * (1 + 0.08 * (tile.small[i] as number));
      ink.r = wall.r * k2;
      ink.g = wall.g * k2;
      ink.b = wall.b * k2;
      tile.blend(i, cover);
      if (cover >= 0.5) tile.z[i] = eave_m * 0.6;
    });
  }
}

function surfaceColour(building: Building, plane: RoofPlane, roof: Colour, index: number): Colour {
  switch (plane.surface) {
    case "roof":
      return roof;
    case "parapet":
      return mix(roof, colour(0xb3afa8), 0.55);
    case "equipment":
      return scale(colour(0x9a9a98), 0.55 + 0.7 * hash01(building.id, index, 21));
    case "panel":
      return colour(0x2c3648);
    case "skylight":
      return building.finish === "metal" || building.finish === "membrane" ? colour(0xc3cac9) : colour(0x4d5a66);
  }
}

function paintPlane(
  c: GroundContext,
  building: Building,
  plane: RoofPlane,
  roof: Colour,
  light: Light,
  tile: Tile,
): void {
  const { epoch } = c;
  const [p0, p1, p2] = plane.ring;
  if (p0 === undefined || p1 === undefined || p2 === undefined) return;
  const ux = p1.x - p0.x;
  const uy = p1.y - p0.y;
  const uz = p1.z - p0.z;
  const vx = p2.x - p0.x;
  const vy = p2.y - p0.y;
  const vz = p2.z - p0.z;
  let nx = uy * vz - uz * vy;
  let ny = uz * vx - ux * vz;
  let nz = ux * vy - uy * vx;
  const norm = Math.hypot(nx, ny, nz) || 1;
  const sign = nz < 0 ? -1 / norm : 1 / norm;
  nx *= sign;
  ny *= sign;
  nz *= sign;
  if (nz < 0.05) return;
  const lit = lambert(light, nx, ny, nz);
  const base = surfaceColour(building, plane, roof, Math.round(p0.x * 7 + p0.y * 13));
  const ring = plane.ring.map((p) => ({ x: p.x + epoch.lean_east * p.z, y: p.y + epoch.lean_north * p.z }));
  const { axis } = building;
  const isRoof = plane.surface === "roof";
  const g = tile.gsd_m;
  const pitched = nz < 0.97;
  const seam = isRoof && building.finish === "metal" ? 1.1 : 0;
  const course = isRoof && building.finish === "tile" ? 0.34 : 0;
  const rough = !isRoof ? 0.4 : building.finish === "gravel" ? 1.5 : building.finish === "tile" ? 1 : 0.8;
  const snow =
    plane.surface === "panel" || plane.surface === "skylight" ? epoch.snow * 0.4 : epoch.snow * (pitched ? 0.85 : 1);
  const slopeX = -nx / nz;
  const slopeY = -ny / nz;
  tile.cover(ring, (i, x, y, cover) => {
    const gx = x - epoch.lean_east * p0.z;
    const gy = y - epoch.lean_north * p0.z;
    const z = p0.z + slopeX * (gx - p0.x) + slopeY * (gy - p0.y);
    if (z < (tile.z[i] as number) - 0.4) return;
    let k =
      1 + rough * (0.06 * (tile.mid[i] as number) + 0.06 * (tile.small[i] as number) + 0.07 * (tile.fine[i] as number));
    const u = x * axis.x + y * axis.y;
    if (seam > 0) k *= 1 - 0.16 * stripe(u, seam, 0.14, g);
    if (course > 0 && g < 0.2) k *= 1 - 0.18 * stripe(-x * axis.y + y * axis.x, course, 0.1, g);
    if (isRoof && building.finish === "bitumen") {
      const m = (tile.mid[i] as number) + 0.4 * (tile.big[i] as number);
      if (m > 0.35) k *= 0.93;
      else if (m < -0.4) k *= 1.07;
    }
    k *= lit;
    ink.r = base.r * k;
    ink.g = base.g * k;
    ink.b = base.b * k;
    if (snow > 0) {
      snowOver(tile, i, snow);
      if (pitched) {
        ink.r *= 0.6 + 0.4 * lit;
        ink.g *= 0.6 + 0.4 * lit;
        ink.b *= 0.62 + 0.38 * lit;
      }
    }
    tile.blend(i, cover);
    if (cover >= 0.5) tile.z[i] = z;
  });
}

/** What is left where a building is missing at this date: rubble, bare ground or grass. */
export function paintGap(c: GroundContext, building: Building): void {
  const material =
    (["bare", "gravel", "meadow", "lawn"] as const)[Math.floor(hash01(building.id, c.epoch.seed, 31) * 4)] ?? "bare";
  const patch = {
    ring: building.footprint,
    box: building.box,
    material,
    seed: building.id,
    axis: building.axis,
    alpha: 1,
  };
  const shader = groundShader(c, patch);
  c.tile.cover(building.footprint, (i, x, y, cover) => {
    shader(i, x, y);
    c.tile.blend(i, cover);
  });
}
