import type { Idefics3Preprocessor } from "../files/preprocessor.js";
import type { ImageReader, PreparedImage, RgbImage } from "./image.js";
import { byteValues } from "./normalise.js";
import { LANCZOS, resample } from "./resample.js";

/** No side of an image becomes longer than this. */
const LONGEST_PX = 4096;

/** The text around the views of an image. */
const FAKE = "<fake_token_around_image>";
const GLOBAL = "<global-img>";

/** A square part of an image, or the whole of it, at the vision encoder's size. */
interface Views {
  readonly images: readonly RgbImage[];
  /** Rows and columns of parts; 0 when only the whole image is shown. */
  readonly rows: number;
  readonly cols: number;
}

/**
 * Images of Idefics3 and SmolVLM: resized, cut into squares of the encoder's size row by row, and the whole image
 * after them; or the whole image alone.
 */
export class Idefics3Images implements ImageReader {
  private readonly values: readonly Float32Array[];

  constructor(
    readonly image_token: string,
    private readonly settings: Idefics3Preprocessor,
    private readonly tokens_per_view: number,
  ) {
    this.values = byteValues(settings);
  }

  prepare(image: RgbImage): PreparedImage {
    const { images, rows, cols } = this.views(image);
    const side = this.side_px;
    const n = images.length;
    const data = new Float32Array(n * 3 * side * side);
    images.forEach(({ rgb }, view) => {
      for (let c = 0; c < 3; c++) {
        const value = this.values[c] as Float32Array;
        const base = (view * 3 + c) * side * side;
        for (let p = 0; p < side * side; p++) data[base + p] = value[rgb[p * 3 + c] as number] as number;
      }
    });
    const mask = new Uint8Array(n * side * side).fill(1);
    return {
      feeds: {
        pixel_values: { data, dims: [1, n, 3, side, side] },
        pixel_attention_mask: { data: mask, dims: [1, n, side, side] },
      },
      tokens: n * this.tokens_per_view,
      text: this.text(rows, cols),
      grid: null,
    };
  }

  private get side_px(): number {
    return this.settings.max_image_size.longest_edge;
  }

  private views(image: RgbImage): Views {
    const { size, resample: kernel = LANCZOS, do_image_splitting } = this.settings;
    const side = this.side_px;
    const first = longestEdge(image, size.longest_edge);
    const resized = resample(image, first.width, first.height, kernel);
    if (!do_image_splitting) return { images: [resample(resized, side, side, kernel)], rows: 0, cols: 0 };
    const whole = wholeSquares(resized, side);
    const cut = resample(resized, whole.width, whole.height, kernel);
    const [rows, cols] = [cut.height / side, cut.width / side];
    if (rows === 1 && cols === 1) return { images: [cut], rows: 0, cols: 0 };
    const parts = Array.from({ length: rows * cols }, (_, i) =>
      crop(cut, (i % cols) * side, Math.floor(i / cols) * side, side),
    );
    return { images: [...parts, resample(cut, side, side, kernel)], rows, cols };
  }

  private text(rows: number, cols: number): string {
    const view = this.image_token.repeat(this.tokens_per_view);
    const whole = `${FAKE}${GLOBAL}${view}${FAKE}`;
    if (rows === 0) return whole;
    const row = (r: number): string =>
      Array.from({ length: cols }, (_, c) => `${FAKE}<row_${r + 1}_col_${c + 1}>${view}`).join("");
    return `${Array.from({ length: rows }, (_, r) => `${row(r)}\n`).join("")}\n${whole}`;
  }
}

/** The size with the longest edge as asked, the other one even. */
function longestEdge({ width, height }: RgbImage, longest_px: number): { width: number; height: number } {
  const aspect = width / height;
  let sized: { width: number; height: number };
  if (width >= height) {
    const short = Math.trunc(longest_px / aspect);
    sized = { width: longest_px, height: Math.max(1, short + (short % 2)) };
  } else {
    const short = Math.trunc(longest_px * aspect);
    sized = { width: Math.max(1, short + (short % 2)), height: longest_px };
  }
  return belowLimit(sized);
}

function belowLimit({ width, height }: { width: number; height: number }): { width: number; height: number } {
  const aspect = width / height;
  if (width >= height && width > LONGEST_PX) {
    return { width: LONGEST_PX, height: Math.max(1, Math.trunc(LONGEST_PX / aspect)) };
  }
  if (height > width && height > LONGEST_PX) {
    return { width: Math.max(1, Math.trunc(LONGEST_PX * aspect)), height: LONGEST_PX };
  }
  return { width, height };
}

/** The next size that whole squares fill. */
function wholeSquares({ width, height }: RgbImage, side: number): { width: number; height: number } {
  const up = (length: number): number => Math.ceil(length / side) * side;
  const aspect = width / height;
  if (width >= height) return { width: up(width), height: up(Math.trunc(up(width) / aspect)) };
  return { width: up(Math.trunc(up(height) * aspect)), height: up(height) };
}

function crop({ rgb, width }: RgbImage, left: number, top: number, side: number): RgbImage {
  const out = new Uint8Array(side * side * 3);
  for (let y = 0; y < side; y++) {
    const from = ((top + y) * width + left) * 3;
    out.set(rgb.subarray(from, from + side * 3), y * side * 3);
  }
  return { width: side, height: side, rgb: out };
}
