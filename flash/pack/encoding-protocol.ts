import type { DescribedCell, PanelGeometry } from "./cells.js";
import type { BlockImage } from "./encode-block.js";

/** The models of the encoding worker: folders, and threads for each network. */
export interface EncodingModels {
  readonly modelDir: string;
  /** Who describes the cells; not given: the encoder. */
  readonly retrieverDir?: string;
  readonly threads: number;
}

/** What the main thread asks of the encoding worker, answered in order. */
export type EncodingRequest =
  | { readonly kind: "load"; readonly models: EncodingModels }
  | { readonly kind: "panel"; readonly panel: PanelGeometry }
  /** Encodes a block of the current row of blocks; first_col is its first feature column. */
  | { readonly kind: "block"; readonly first_col: number; readonly image: BlockImage }
  | { readonly kind: "end-row" };

export type EncodingAnswer =
  | { readonly kind: "done" }
  | { readonly kind: "block"; readonly features: Int8Array<ArrayBuffer> }
  | { readonly kind: "cells"; readonly cells: readonly DescribedCell[] }
  /** A failure; `user` when it is the user's to mend. */
  | { readonly kind: "failed"; readonly message: string; readonly user: boolean; readonly stack: string };
