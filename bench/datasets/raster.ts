import sharp from "sharp";

/** RGB, interleaved, 8 bit. */
export interface Raster {
  width: number;
  height: number;
  data: Uint8Array;
}

/** Reads any image that sharp knows as RGB; `scale` resizes both sides. */
export async function readRaster(path: string, scale = 1): Promise<Raster> {
  let image = sharp(path).removeAlpha().toColourspace("srgb");
  if (scale !== 1) {
    const { width, height } = await sharp(path).metadata();
    image = image.resize(Math.round(width * scale), Math.round(height * scale), { kernel: "cubic" });
  }
  const { data, info } = await image.raw().toBuffer({ resolveWithObject: true });
  if (info.channels !== 3) throw new Error(`${path}: ${info.channels} channels after conversion to RGB`);
  return { width: info.width, height: info.height, data: new Uint8Array(data.buffer, data.byteOffset, data.length) };
}

/** A rectangle of a raster, cut to what there is; the whole raster without one. */
export function cutBox(
  raster: Raster,
  box: { left: number; top: number; right: number; bottom: number } | undefined,
): Raster {
  if (box === undefined) return raster;
  const width = Math.min(box.right, raster.width) - box.left;
  const height = Math.min(box.bottom, raster.height) - box.top;
  const data = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++) {
    const from = ((box.top + y) * raster.width + box.left) * 3;
    data.set(raster.data.subarray(from, from + width * 3), y * width * 3);
  }
  return { width, height, data };
}

/** Where a frame looks on a north-up raster. */
export interface View {
  /** Centre of the view in raster pixels; (0, 0) is the corner of the first pixel. */
  x: number;
  y: number;
  /** Clockwise from north: where the frame's top points. */
  heading_deg: number;
  /** Raster pixels a frame pixel. */
  step: number;
  width: number;
  height: number;
}

/** The frame that a camera looking straight down on the raster would take (bilinear). */
export function cutView(raster: Raster, view: View): Raster {
  const { width, height } = view;
  const out = new Uint8Array(width * height * 3);
  const turn = (view.heading_deg * Math.PI) / 180;
  const cos = Math.cos(turn) * view.step;
  const sin = Math.sin(turn) * view.step;
  for (let v = 0; v < height; v++) {
    for (let u = 0; u < width; u++) {
      const du = u + 0.5 - width / 2;
      const dv = v + 0.5 - height / 2;
      const x = Math.min(raster.width - 1.001, Math.max(0, view.x + cos * du - sin * dv - 0.5));
      const y = Math.min(raster.height - 1.001, Math.max(0, view.y + sin * du + cos * dv - 0.5));
      const x0 = Math.floor(x);
      const y0 = Math.floor(y);
      const fx = x - x0;
      const fy = y - y0;
      const at = (y0 * raster.width + x0) * 3;
      const below = at + raster.width * 3;
      for (let c = 0; c < 3; c++) {
        const top = (raster.data[at + c] ?? 0) * (1 - fx) + (raster.data[at + 3 + c] ?? 0) * fx;
        const low = (raster.data[below + c] ?? 0) * (1 - fx) + (raster.data[below + 3 + c] ?? 0) * fx;
        out[(v * width + u) * 3 + c] = Math.round(top * (1 - fy) + low * fy);
      }
    }
  }
  return { width, height, data: out };
}

/** A small seeded generator (mulberry32): the same seed draws the same data set. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
