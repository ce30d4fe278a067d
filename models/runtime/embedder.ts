import { z } from "zod";
import { Encoder, encoderIdentity, poolGrid } from "./encoder.js";
import { GraphEmbedder, retrieverIdentity } from "./graph-embedder.js";
import { encoderCard, loadModelFolder, type ModelFolder, type RetrieverCard, retrieverCard } from "./model-folder.js";
import type { SessionOptions } from "./session.js";
import { unitRows } from "./unit-rows.js";

/** Maps square north-up RGB images to unit vectors. */
export interface ImageEmbedder {
  readonly id: string;
  /** Names exactly what is computed (the files' hashes and how they are used); a pack remembers it. */
  readonly sha256: string;
  /** Elements of a vector. */
  readonly width: number;
  /** Side of the images, pixels. */
  readonly side_px: number;
  /** What pixels without data are filled with, 0..255: as near to the model's zero as bytes come. */
  readonly fillColour: readonly [number, number, number];
  /**
   * @param rgb interleaved [n, side_px, side_px, 3]
   * @returns [n, width], unit norm
   * @throws UserError when the graph gives another shape than its card says, or numbers that are not finite
   */
  embed(rgb: Uint8Array, n: number): Promise<Float32Array>;
  /** Frees the sessions. */
  release(): Promise<void>;
}

/** The kinds of model folder that map an image to a vector. */
export const embedderCard = z.discriminatedUnion("kind", [encoderCard, retrieverCard]);

/** The sha256 of a card: as ImageEmbedder's, without loading the graphs. */
export function embedderIdentity(card: z.infer<typeof embedderCard>): string {
  return card.kind === "encoder" ? encoderIdentity(card) : retrieverIdentity(card);
}

/**
 * Opens a model folder of kind "encoder" or "retriever" as a map from images to vectors.
 *
 * @throws UserError when the folder or its graphs cannot be used
 */
export async function loadEmbedder(dir: string, options: SessionOptions = {}): Promise<ImageEmbedder> {
  const folder = loadModelFolder(dir, embedderCard);
  if (folder.card.kind === "encoder") return new EncoderEmbedder(await Encoder.load(dir, options));
  return GraphEmbedder.create({ ...folder, card: folder.card } satisfies ModelFolder<RetrieverCard>, options);
}

/** An encoder as an embedder: dense features of the whole image, pooled to its grid and described. */
class EncoderEmbedder implements ImageEmbedder {
  readonly id: string;
  readonly sha256: string;
  readonly width: number;
  readonly side_px: number;
  readonly fillColour: readonly [number, number, number];

  constructor(private readonly encoder: Encoder) {
    this.id = encoder.id;
    this.sha256 = encoder.sha256;
    this.width = encoder.descriptorWidth;
    this.side_px = encoder.cell_px;
    this.fillColour = encoder.fillColour;
  }

  async embed(rgb: Uint8Array, n: number): Promise<Float32Array> {
    const { encoder, side_px } = this;
    const { coarse, coarseChannels, width } = await encoder.encodeDense(rgb, n, side_px, side_px);
    const positions = width * width;
    const gridWidth = encoder.grid * encoder.grid * coarseChannels;
    const grids = new Float32Array(n * gridWidth);
    for (let i = 0; i < n; i++) {
      const base = i * coarseChannels * positions;
      const layout = { base, channelStep: positions, rowStep: width, columnStep: 1 };
      poolGrid(coarse, layout, width, encoder.grid, coarseChannels, grids, i * gridWidth);
    }
    return unitRows(await encoder.describe(grids, n), n, this.width, encoder.id);
  }

  async release(): Promise<void> {
    await this.encoder.release();
  }
}
