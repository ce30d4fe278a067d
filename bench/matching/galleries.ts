import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { Encoder } from "../../models/runtime/encoder.js";
import { UserError } from "../../tiles/errors.js";
import { PackReader } from "../../tiles/pack/reader.js";
import { fillerPieces, type Piece } from "../datasets/filler.js";
import { fillUp, type Layout, layOut, MapPlaces, writeMap } from "../datasets/gallery.js";
import { PAIRS_GSD_M, type Pair } from "../datasets/pair-views.js";
import { runCli } from "../run-cli.js";

/** Raised whenever the data set changes, so that no old pack is used for it. */
const VERSION = 3;
/** Up to so many cells the image tiles are made at the map's resolution: registration reads them. */
const PICTURES_UP_TO = 2000;
/** Beyond it they are coarser by a factor of about four: what the re-ranker reads of them. */
const COARSE_ZOOM = 14;

/** A packed map of about a number of cells, that holds every held-out pair. */
export interface Gallery {
  /** The number asked for. */
  readonly size: number;
  readonly pack: PackReader;
  readonly places: MapPlaces;
  /** The GeoTIFF it was packed from. */
  readonly map: string;
}

const layoutFile = z.object({
  key: z.string(),
  layout: z.object({
    width: z.number(),
    height: z.number(),
    placements: z.array(
      z.object({ name: z.string(), left: z.number(), top: z.number(), width: z.number(), height: z.number() }),
    ),
  }),
});

/**
 * The first dates of the held-out pairs, filled up to about `size` cells: first dates of the training pairs, then
 * imagery of other places (datasets/filler.ts). Packed by `flash pack` once and kept in the work folder.
 */
export async function openGallery(
  size: number,
  pairs: readonly Pair[],
  sharedData: string,
  encoder: Encoder,
  encoderDir: string,
  work: string,
): Promise<Gallery> {
  const folder = join(work, `gallery-${size}`);
  const packDir = join(folder, "map.skypack");
  const key = `${VERSION} ${size} ${encoder.sha256}`;
  const known = readLayout(join(folder, "layout.json"), key);
  const expect = { expectEncoder: encoder };
  if (known !== null && existsSync(packDir)) {
    return { size, pack: PackReader.open(packDir, expect), places: new MapPlaces(known), map: join(folder, "map.tif") };
  }
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const held = pairs.filter(({ heldOut }) => heldOut).map(pieceOf);
  const training = pairs.filter(({ heldOut }) => !heldOut).map(pieceOf);
  const pieces = fillUp(held, [...training, ...(await fillerPieces(sharedData))], size);
  const layout = layOut(pieces);
  const map = await writeMap(folder, layout, pieces);
  const options = ["--gsd", String(PAIRS_GSD_M), "--model", encoderDir, "--overwrite", "--quiet"];
  if (size > PICTURES_UP_TO) options.push("--max-zoom", String(COARSE_ZOOM));
  runCli("flash/cli.js", ["pack", map, "--out", packDir, ...options]);
  writeFileSync(join(folder, "layout.json"), JSON.stringify({ key, layout }));
  return { size, pack: PackReader.open(packDir, expect), places: new MapPlaces(layout), map };
}

function readLayout(path: string, key: string): Layout | null {
  if (!existsSync(path)) return null;
  const parsed = layoutFile.safeParse(JSON.parse(readFileSync(path, "utf8")));
  return parsed.success && parsed.data.key === key ? parsed.data.layout : null;
}

function pieceOf(pair: Pair): Piece {
  const { name, first } = pair;
  return { name, width: first.width, height: first.height, load: async () => first };
}

/** @throws UserError when the folder lacks one of the data sets */
export function requireData(dir: string | undefined, sets: readonly string[]): string {
  if (dir === undefined) throw new UserError(`--data DIR is missing: the folder with ${sets.join(", ")}`);
  for (const set of sets) {
    if (!existsSync(join(dir, set)))
      throw new UserError(`${dir}: has no folder ${set}; this benchmark needs ${sets.join(", ")}`);
  }
  return dir;
}
