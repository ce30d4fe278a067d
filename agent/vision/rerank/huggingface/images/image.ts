/** Interleaved 8-bit RGB, [height, width, 3]. */
export interface RgbImage {
  readonly width: number;
  readonly height: number;
  readonly rgb: Uint8Array;
}

/** What the vision encoder gets of one image, by the names of its inputs. */
export interface ImageFeeds {
  readonly pixel_values: { readonly data: Float32Array; readonly dims: readonly number[] };
  /** 1 where there is picture and not padding: [1, views, height, width]. */
  readonly pixel_attention_mask?: { readonly data: Uint8Array; readonly dims: readonly number[] };
  /** Patches in time, down and across: [1, 3]. */
  readonly grid_thw?: { readonly data: BigInt64Array; readonly dims: readonly number[] };
}

/** An image as one family's model reads it. */
export interface PreparedImage {
  readonly feeds: ImageFeeds;
  /** How many of the prompt's tokens it becomes. */
  readonly tokens: number;
  /** What stands for it in the prompt, instead of the one image token of the chat template. */
  readonly text: string;
  /** Tokens down and across, where the model numbers positions by them; null where it counts on. */
  readonly grid: { readonly rows: number; readonly cols: number } | null;
}

/** How one family reads images and numbers positions. */
export interface ImageReader {
  /** What the chat template writes where an image goes. */
  readonly image_token: string;
  prepare(image: RgbImage): PreparedImage;
}
