import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { errorMessage, UserError } from "../../../tiles/errors.js";
import { TILE_PX, type TileLevel } from "./visloc-geometry.js";

/** Tiles of a map on disk, in a temporary folder. */
export interface CutTiles {
  path(level: TileLevel, column: number, row: number): string;
  remove(): void;
}

/**
 * Reduces a map to each level (Lanczos) and cuts it into tiles of TILE_PX; what lies beyond the map is black. One pass
 * over the map for each level: maps of this benchmark have up to 700 million pixels and are never held whole.
 *
 * @throws UserError when the map cannot be decoded or the temporary folder not be written
 */
export async function cutTiles(map: string, levels: readonly TileLevel[]): Promise<CutTiles> {
  const folder = mkdtempSync(join(tmpdir(), "skylink-eval-"));
  const remove = (): void => {
    process.off("exit", remove);
    rmSync(folder, { recursive: true, force: true });
  };
  // Also when the program is stopped in the middle.
  process.on("exit", remove);
  try {
    for (const level of levels) {
      await sharp(map, { sequentialRead: true, limitInputPixels: false, failOn: "error" })
        .removeAlpha()
        .toColourspace("srgb")
        .resize(level.width_px, level.height_px, { fit: "fill", kernel: "lanczos3" })
        .extend({
          right: level.columns * TILE_PX - level.width_px,
          bottom: level.rows * TILE_PX - level.height_px,
          background: "black",
        })
        .png({ compressionLevel: 1 })
        .tile({ size: TILE_PX, layout: "dz", depth: "one", container: "fs", skipBlanks: -1 })
        .toFile(join(folder, `${level.zoom}.dz`));
    }
  } catch (thrown) {
    remove();
    throw new UserError(
      `${map}: cannot be cut into tiles below ${tmpdir()} (TMPDIR says where): ${errorMessage(thrown)}`,
    );
  }
  return {
    path: ({ zoom }, column, row) => join(folder, `${zoom}_files`, "0", `${column}_${row}.png`),
    remove,
  };
}
