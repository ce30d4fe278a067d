import sharp from "sharp";
import type { MapPictures } from "../../../agent/vision/map-picture.js";
import type { RectifiedQuery } from "../../../agent/vision/rectify/rectifier.js";
import { MERCATOR_HALF_WORLD_M, TILE_PX, tileSide_merc_m } from "../../../tiles/geodesy/index.js";

/** Brightness of a plane at a point, pixels of the level: a sum of waves of many lengths and directions. */
export type Texture = (x: number, y: number) => number;

export function texture(seed: number): Texture {
  let state = seed;
  const random = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  const waves = Array.from({ length: 24 }, () => {
    const direction = random() * 2 * Math.PI;
    const k = (2 * Math.PI) / (10 + 50 * random());
    return { kx: k * Math.cos(direction), ky: k * Math.sin(direction), phase: random() * 2 * Math.PI };
  });
  return (x, y) => waves.reduce((sum, { kx, ky, phase }) => sum + 10 * Math.cos(kx * x + ky * y + phase), 128);
}

const ZOOM = 12;
const FIRST = { x: 2100, y: 1400 };

/** Two by two image tiles of a texture, whose pixels are the level's. @param zoom_max the finest zoom that there is */
export async function texturedMap(of: Texture, zoom_max = ZOOM): Promise<MapPictures & { readonly asked: string[] }> {
  const tiles = new Map<string, Buffer>();
  for (let ty = 0; ty < 2; ty++) {
    for (let tx = 0; tx < 2; tx++) {
      const grey = new Uint8Array(TILE_PX * TILE_PX);
      for (let p = 0; p < grey.length; p++) {
        const [x, y] = [tx * TILE_PX + (p % TILE_PX) + 0.5, ty * TILE_PX + Math.floor(p / TILE_PX) + 0.5];
        grey[p] = Math.max(0, Math.min(255, Math.round(of(x, y))));
      }
      const image = sharp(grey, { raw: { width: TILE_PX, height: TILE_PX, channels: 1 } });
      tiles.set(`${FIRST.x + tx}/${FIRST.y + ty}`, await image.png({ compressionLevel: 1 }).toBuffer());
    }
  }
  const asked: string[] = [];
  const side_merc_m = tileSide_merc_m(ZOOM);
  return {
    asked,
    manifest: { zoom: { min: 8, max: zoom_max } },
    level: () => ({
      geometry: {
        x0_merc_m: -MERCATOR_HALF_WORLD_M + FIRST.x * side_merc_m,
        y0_merc_m: MERCATOR_HALF_WORLD_M - FIRST.y * side_merc_m,
        pixel_merc_m: side_merc_m / TILE_PX,
      },
    }),
    tile(z, x, y) {
      asked.push(`${z}/${x}/${y}`);
      return tiles.get(`${x}/${y}`) ?? null;
    },
  };
}

/**
 * The rectified patch of a camera over a texture: `heading_deg` more heading than was reported, `scale` times as high, so
 * that ground at q from the centre is shown at R(-heading) q / scale.
 */
export function patchOver(
  of: Texture,
  centre: { readonly col_px: number; readonly row_px: number },
  side_px: number,
  heading_deg = 0,
  scale = 1,
): RectifiedQuery {
  const rgb = new Uint8Array(side_px * side_px * 3);
  const cos = Math.cos((heading_deg * Math.PI) / 180) * scale;
  const sin = Math.sin((heading_deg * Math.PI) / 180) * scale;
  for (let row = 0, to = 0; row < side_px; row++) {
    for (let col = 0; col < side_px; col++, to += 3) {
      const east = col + 0.5 - side_px / 2;
      const south = row + 0.5 - side_px / 2;
      const value = of(centre.col_px + east * cos - south * sin, centre.row_px + east * sin + south * cos);
      rgb.fill(Math.max(0, Math.min(255, Math.round(value))), to, to + 3);
    }
  }
  return { n: 1, side_px, gsd_m: 1, rgb, valid: new Uint8Array(side_px * side_px).fill(1) };
}
