import { existsSync } from "node:fs";
import { join } from "node:path";
import { DEFAULT_VISION_CONFIG } from "../../agent/vision/config.js";
import { FlatRetriever } from "../../agent/vision/retrieve/flat-retriever.js";
import { QueryEmbedder } from "../../agent/vision/retrieve/query-embedder.js";
import { type ImageEmbedder, loadEmbedder } from "../../models/runtime/embedder.js";
import type { Encoder } from "../../models/runtime/encoder.js";
import { UserError } from "../../tiles/errors.js";
import { PackReader } from "../../tiles/pack/reader.js";
import type { Gallery } from "../matching/galleries.js";
import { runCli } from "../run-cli.js";

/** A base retriever over one gallery: who describes the query, and the index over its own descriptors of the cells. */
export interface BaseRetriever {
  readonly name: string;
  /** Null: the encoder's own descriptors. */
  readonly describer: QueryEmbedder | null;
  readonly retriever: FlatRetriever;
  readonly width: number;
  close(): Promise<void>;
}

/** The shipped way: the encoder describes cells and queries. */
export function ownRetriever(gallery: Gallery, encoder: Encoder): BaseRetriever {
  const retriever = new FlatRetriever(gallery.pack, DEFAULT_VISION_CONFIG.retrieve);
  return { name: "ours", describer: null, retriever, width: encoder.descriptorWidth, close: async () => undefined };
}

/**
 * Packs the gallery's map with the retriever of a model folder, unless that pack is there already, and opens it with the
 * same.
 *
 * @throws UserError when the folder cannot be used
 */
export async function pluggedIn(
  name: string,
  dir: string,
  gallery: Gallery,
  encoder: Encoder,
  threads: number,
): Promise<BaseRetriever> {
  const embedder = await loadEmbedder(dir, { threads });
  const path = join(gallery.map, "..", `${name}.skypack`);
  const pack = openKnown(path, encoder, embedder) ?? makePack(path, dir, gallery, encoder, embedder);
  if (pack.manifest.counts.cells !== gallery.pack.manifest.counts.cells) {
    throw new UserError(`${path}: has other cells than ${gallery.pack.dir}; remove it and run again`);
  }
  return {
    name,
    describer: new QueryEmbedder(embedder, DEFAULT_VISION_CONFIG.encode.batch),
    retriever: new FlatRetriever(pack, DEFAULT_VISION_CONFIG.retrieve),
    width: embedder.width,
    close: async () => {
      pack.close();
      await embedder.release();
    },
  };
}

function openKnown(path: string, encoder: Encoder, embedder: ImageEmbedder): PackReader | null {
  if (!existsSync(path)) return null;
  try {
    return PackReader.open(path, { expectEncoder: encoder, expectRetriever: embedder });
  } catch (thrown) {
    // Made by an earlier state of one of the models: it is made again.
    if (thrown instanceof UserError) return null;
    throw thrown;
  }
}

function makePack(path: string, dir: string, gallery: Gallery, encoder: Encoder, embedder: ImageEmbedder): PackReader {
  const gsd_m = gallery.pack.manifest.levels[0]?.gsd_m ?? Number.NaN;
  // Of the picture tiles, which matching does not read, only coarse ones are made.
  const options = ["--gsd", String(gsd_m), "--max-zoom", "11", "--overwrite", "--quiet"];
  runCli("flash/cli.js", [
    ...["pack", gallery.map, "--out", path, ...options],
    ...["--model", encoder.folder.dir, "--retriever", dir],
  ]);
  return PackReader.open(path, { expectEncoder: encoder, expectRetriever: embedder });
}
