import type { Epoch } from "../epoch.js";
import { hash32 } from "../random.js";
import type { Light } from "./light.js";
import type { Tile } from "./tile.js";

const LUT_SIZE = 4096;
const LUT_MAX = 1.1;

/** Turns the linear light of a tile into the 8-bit picture of the epoch's sensor. */
export class Sensor {
  private readonly lut = new Float32Array(LUT_SIZE + 1);

  constructor(private readonly epoch: Epoch) {
    const { gamma, contrast } = epoch.sensor;
    for (let i = 0; i <= LUT_SIZE; i++) {
      const v = Math.min(1, ((i / LUT_SIZE) * LUT_MAX) ** (1 / gamma));
      const s = v * v * (3 - 2 * v);
      this.lut[i] = 255 * (v + (s - v) * contrast * 0.6);
    }
  }

  /** Applies the shadows that were cast, in place. */
  static shade(tile: Tile, epoch: Epoch, light: Light): void {
    const { r, g, b, z, shadow, shade, width, height, gsd_m } = tile;
    const [sr, sg, sb] = light.shadow;
    const leanX = epoch.lean_east / gsd_m;
    const leanY = -epoch.lean_north / gsd_m;
    let i = 0;
    for (let row = 0; row < height; row++) {
      for (let col = 0; col < width; col++, i++) {
        const h = z[i] as number;
        let at = i;
        if (h > 1 && (leanX !== 0 || leanY !== 0)) {
          const c = Math.round(col - leanX * h);
          const w = Math.round(row - leanY * h);
          if (c >= 0 && w >= 0 && c < width && w < height) at = w * width + c;
        }
        const above = (shadow[at] as number) - h;
        if (above <= 0) continue;
        const k = (above > 0.6 ? 1 : above / 0.6) * (shade[at] as number);
        r[i] = (r[i] as number) * (1 - k + k * sr);
        g[i] = (g[i] as number) * (1 - k + k * sg);
        b[i] = (b[i] as number) * (1 - k + k * sb);
      }
    }
  }

  /** Blurs a plane with a separable three-tap filter of the sensor's width; one pixel at the rim stays as it is. */
  blur(tile: Tile, scratch: Float32Array): void {
    const sigma = this.epoch.sensor.blur_px;
    if (sigma <= 0.05) return;
    const side = Math.exp(-1 / (2 * sigma * sigma));
    const centre = 1 / (1 + 2 * side);
    const edge = side * centre;
    const { width, height } = tile;
    for (const plane of [tile.r, tile.g, tile.b]) {
      for (let row = 0; row < height; row++) {
        let i = row * width;
        scratch[i] = plane[i] as number;
        scratch[i + width - 1] = plane[i + width - 1] as number;
        i++;
        for (let col = 1; col < width - 1; col++, i++) {
          scratch[i] = centre * (plane[i] as number) + edge * ((plane[i - 1] as number) + (plane[i + 1] as number));
        }
      }
      for (let i = width; i < width * (height - 1); i++) {
        plane[i] =
          centre * (scratch[i] as number) + edge * ((scratch[i - width] as number) + (scratch[i + width] as number));
      }
    }
  }

  /** Writes the window [col0, col0+w) x [row0, row0+h) of the tile into an RGB raster. */
  develop(
    tile: Tile,
    col0: number,
    row0: number,
    w: number,
    h: number,
    out: Uint8Array,
    outWidth: number,
    outCol: number,
    outRow: number,
  ): void {
    const { gain, haze, saturation, noise_levels } = this.epoch.sensor;
    const [gr, gg, gb] = gain;
    const k = LUT_SIZE / LUT_MAX;
    const { lut } = this;
    const keep = 1 - haze;
    const veil = haze * 0.34;
    const amplitude = noise_levels * 0.0175;
    const seed = this.epoch.seed | 0;
    for (let row = 0; row < h; row++) {
      let i = (row0 + row) * tile.width + col0;
      let o = ((outRow + row) * outWidth + outCol) * 3;
      const py = Math.round((tile.north_m - (row0 + row + 0.5) * tile.gsd_m) * 64);
      for (let col = 0; col < w; col++, i++, o += 3) {
        const lr = (tile.r[i] as number) * gr * keep + veil * 0.92;
        const lg = (tile.g[i] as number) * gg * keep + veil;
        const lb = (tile.b[i] as number) * gb * keep + veil * 1.12;
        const grey = 0.3 * lr + 0.59 * lg + 0.11 * lb;
        const px = Math.round((tile.east_m + (col0 + col + 0.5) * tile.gsd_m) * 64);
        const bits = noise_levels > 0 ? hash32(px, py, seed) : 0;
        const n0 = (bits & 255) - 127.5;
        const n1 = ((bits >>> 8) & 255) - 127.5;
        const n2 = ((bits >>> 16) & 255) - 127.5;
        const n3 = (bits >>> 24) - 127.5;
        const on = noise_levels > 0 ? amplitude * 0.7 : 0;
        out[o] = tone(lut, (grey + (lr - grey) * saturation) * k, on * (n0 + n3));
        out[o + 1] = tone(lut, (grey + (lg - grey) * saturation) * k, on * (n1 + n3));
        out[o + 2] = tone(lut, (grey + (lb - grey) * saturation) * k, on * (n2 + n3));
      }
    }
  }
}

function tone(lut: Float32Array, v: number, noise: number): number {
  const index = v < 0 ? 0 : v > LUT_SIZE ? LUT_SIZE : v | 0;
  const level = (lut[index] as number) + noise + 0.5;
  return level < 0 ? 0 : Math.min(level, 255);
}
