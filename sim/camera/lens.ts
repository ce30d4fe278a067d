import { type Intrinsics, isPinhole, pixelToRay } from "../../tiles/geometry/intrinsics.js";

/** The normalised ray of every pixel, computed once for a camera: x, y pairs, NaN where the lens cannot be inverted. */
export function rayTable(lens: Intrinsics): Float32Array {
  const known = tables.get(lens);
  if (known !== undefined) return known;
  const { width_px, height_px } = lens;
  const table = new Float32Array(width_px * height_px * 2);
  const pinhole = isPinhole(lens);
  // Distortion is smooth: it is inverted on a grid of every fourth pixel and interpolated, to a hundredth of a pixel.
  const step = pinhole ? 1 : 4;
  const cols = Math.ceil((width_px - 1) / step) + 1;
  const rows = Math.ceil((height_px - 1) / step) + 1;
  const grid = new Float64Array(cols * rows * 2);
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < cols; c++) {
      const ray = pixelToRay(lens, c * step, r * step);
      grid[(r * cols + c) * 2] = ray?.x ?? Number.NaN;
      grid[(r * cols + c) * 2 + 1] = ray?.y ?? Number.NaN;
    }
  }
  for (let row = 0; row < height_px; row++) {
    const r = Math.min(rows - 2, Math.floor(row / step));
    const fy = rows < 2 ? 0 : row / step - r;
    for (let col = 0; col < width_px; col++) {
      const c = Math.min(cols - 2, Math.floor(col / step));
      const fx = cols < 2 ? 0 : col / step - c;
      const a = (Math.max(0, r) * cols + Math.max(0, c)) * 2;
      const b = a + (rows < 2 ? 0 : cols * 2);
      const right = cols < 2 ? 0 : 2;
      for (let k = 0; k < 2; k++) {
        const top = (grid[a + k] as number) * (1 - fx) + (grid[a + right + k] as number) * fx;
        const bottom = (grid[b + k] as number) * (1 - fx) + (grid[b + right + k] as number) * fx;
        table[(row * width_px + col) * 2 + k] = top * (1 - fy) + bottom * fy;
      }
      if (Number.isNaN(table[(row * width_px + col) * 2])) {
        // A neighbour beyond the image cannot be inverted; this pixel perhaps can.
        const ray = pixelToRay(lens, col, row);
        table[(row * width_px + col) * 2] = ray?.x ?? Number.NaN;
        table[(row * width_px + col) * 2 + 1] = ray?.y ?? Number.NaN;
      }
    }
  }
  tables.set(lens, table);
  return table;
}

const tables = new WeakMap<Intrinsics, Float32Array>();
