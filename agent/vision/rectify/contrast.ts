import type { RectifiedQuery } from "./rectifier.js";

/** Standard deviation of the brightness (mean of red, green and blue, 0..255) over the seen pixels of the first patch. */
export function contrast(query: RectifiedQuery): number {
  const pixels = query.side_px * query.side_px;
  let count = 0;
  let sum = 0;
  let squares = 0;
  for (let p = 0; p < pixels; p++) {
    if (query.valid[p] === 0) continue;
    const at = p * 3;
    const value = ((query.rgb[at] as number) + (query.rgb[at + 1] as number) + (query.rgb[at + 2] as number)) / 3;
    count++;
    sum += value;
    squares += value * value;
  }
  if (count === 0) return 0;
  const mean = sum / count;
  return Math.sqrt(Math.max(0, squares / count - mean * mean));
}
