import type { GroundImage, GroundWindow, ImagerySource } from "../camera/imagery.js";

const BLOCK_PX = 256;
/** 400 blocks of 256 x 256 pixels are 100 MB: more than a second's flight over the finest imagery needs. */
const KEPT_BLOCKS = 400;

/**
 * Flat imagery of which blocks on a fixed grid of pixels are kept, so that a file is decoded once for all the frames
 * that see a place. Windows are served from the nearest pixels of the grid.
 */
export function blockImagery(source: ImagerySource, keptBlocks = KEPT_BLOCKS): ImagerySource {
  const blocks = new Map<string, Promise<GroundImage>>();
  const block = (gsd_m: number, row: number, col: number): Promise<GroundImage> => {
    const key = `${gsd_m}/${row}/${col}`;
    const known = blocks.get(key);
    if (known !== undefined) {
      blocks.delete(key);
      blocks.set(key, known);
      return known;
    }
    const made = source.window({
      gsd_m,
      north_m: -row * BLOCK_PX * gsd_m,
      east_m: col * BLOCK_PX * gsd_m,
      width_px: BLOCK_PX,
      height_px: BLOCK_PX,
    });
    blocks.set(key, made);
    // A block that could not be read is read anew the next time.
    made.catch(() => blocks.delete(key));
    const oldest = blocks.keys().next();
    if (blocks.size > keptBlocks && !oldest.done) blocks.delete(oldest.value);
    return made;
  };
  return {
    reference: source.reference,
    tallest_m: 0,
    async window(w: GroundWindow): Promise<GroundImage> {
      const rgb = new Uint8Array(w.width_px * w.height_px * 3);
      const valid = new Uint8Array(w.width_px * w.height_px);
      const row0 = Math.round(-w.north_m / w.gsd_m);
      const col0 = Math.round(w.east_m / w.gsd_m);
      for (let row = row0; row < row0 + w.height_px; ) {
        const blockRow = Math.floor(row / BLOCK_PX);
        const rows = Math.min((blockRow + 1) * BLOCK_PX, row0 + w.height_px) - row;
        for (let col = col0; col < col0 + w.width_px; ) {
          const blockCol = Math.floor(col / BLOCK_PX);
          const cols = Math.min((blockCol + 1) * BLOCK_PX, col0 + w.width_px) - col;
          const from = await block(w.gsd_m, blockRow, blockCol);
          for (let r = 0; r < rows; r++) {
            const a = (row - blockRow * BLOCK_PX + r) * BLOCK_PX + (col - blockCol * BLOCK_PX);
            const o = (row - row0 + r) * w.width_px + (col - col0);
            rgb.set(from.rgb.subarray(a * 3, (a + cols) * 3), o * 3);
            if (from.valid === undefined) valid.fill(1, o, o + cols);
            else valid.set(from.valid.subarray(a, a + cols), o);
          }
          col += cols;
        }
        row += rows;
      }
      return { rgb, valid };
    },
  };
}
