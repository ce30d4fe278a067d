import { createHash } from "node:crypto";
import { type EncoderCard, encoderCard, loadModelFolder, type ModelFolder } from "./model-folder.js";
import { OnnxSession, outputOf, type SessionOptions } from "./session.js";

/** Unit-norm features of n images: [n, channels, height, width], one position for each stride_px x stride_px pixels. */
export interface DenseFeatures {
  data: Float32Array;
  /** What descriptors are pooled of, on the same grid: [n, coarseChannels, height, width]. */
  coarse: Float32Array;
  coarseChannels: number;
  n: number;
  channels: number;
  height: number;
  width: number;
}

/**
 * sha256 that names what an encoder computes: its files' hashes and how they are used. Not what the card says of it: a
 * corrected card must not orphan packs.
 */
export function encoderIdentity({ dense, descriptor, cell_px, files }: EncoderCard): string {
  return createHash("sha256").update(JSON.stringify({ dense, descriptor, cell_px, files })).digest("hex");
}

/**
 * The encoder: images to dense features, pooled grids of features to descriptors.
 *
 * One network serves the map (whole windows of it, cells pooled afterwards) and the camera (one patch).
 */
export class Encoder {
  readonly id: string;
  /** Names the network exactly (its files' hashes and how they are used); a pack remembers it. */
  readonly sha256: string;
  readonly channels: number;
  readonly coarseChannels: number;
  readonly stride_px: number;
  readonly cell_px: number;
  readonly grid: number;
  readonly descriptorWidth: number;
  readonly featureScale: number;
  readonly multiple_px: number;

  private constructor(
    readonly folder: ModelFolder<EncoderCard>,
    private readonly dense: OnnxSession,
    private readonly head: OnnxSession | undefined,
  ) {
    const { card } = folder;
    this.id = card.id;
    this.sha256 = encoderIdentity(card);
    this.channels = card.dense.channels;
    this.coarseChannels = card.dense.coarse?.channels ?? card.dense.channels;
    this.stride_px = card.dense.stride_px;
    this.cell_px = card.cell_px;
    this.grid = card.descriptor.grid;
    this.descriptorWidth = card.descriptor.width;
    this.featureScale = card.dense.feature_scale;
    this.multiple_px = card.dense.multiple_px;
  }

  /** @throws UserError when the folder or its graphs cannot be used */
  static async load(dir: string, options: SessionOptions = {}): Promise<Encoder> {
    const folder = loadModelFolder(dir, encoderCard);
    const dense = await OnnxSession.open(folder, folder.card.dense.file, options);
    const headFile = folder.card.descriptor.file;
    const head = headFile === undefined ? undefined : await OnnxSession.open(folder, headFile, options);
    return new Encoder(folder, dense, head);
  }

  /** Mean colour of the training images, 0..255: what unseen pixels are filled with, so that they are zero inside. */
  get fillColour(): readonly [number, number, number] {
    const [r, g, b] = this.folder.card.dense.mean;
    return [Math.round(r * 255), Math.round(g * 255), Math.round(b * 255)];
  }

  /**
   * Encodes n images of one size.
   *
   * @param rgb interleaved RGB [n, height_px, width_px, 3]; both sides multiples of `multiple_px`
   * @returns features [n, channels, height_px/stride, width_px/stride], unit norm at every position
   */
  async encodeDense(rgb: Uint8Array, n: number, height_px: number, width_px: number): Promise<DenseFeatures> {
    if (height_px % this.multiple_px !== 0 || width_px % this.multiple_px !== 0) {
      throw new RangeError(`encodeDense: ${width_px} x ${height_px} px is not a multiple of ${this.multiple_px}`);
    }
    if (rgb.length !== n * height_px * width_px * 3) throw new RangeError("encodeDense: wrong number of bytes");
    const { mean, std, input, output } = this.folder.card.dense;
    const plane = height_px * width_px;
    const chw = new Float32Array(n * 3 * plane);
    for (let channel = 0; channel < 3; channel++) {
      const scale = 1 / (255 * (std[channel] ?? 1));
      const shift = -(mean[channel] ?? 0) / (std[channel] ?? 1);
      for (let image = 0; image < n; image++) {
        let from = image * plane * 3 + channel;
        const to = (image * 3 + channel) * plane;
        for (let p = 0; p < plane; p++, from += 3) chw[to + p] = (rgb[from] as number) * scale + shift;
      }
    }
    const outputs = await this.dense.run({ [input]: { data: chw, dims: [n, 3, height_px, width_px] } });
    const height = height_px / this.stride_px;
    const width = width_px / this.stride_px;
    const data = outputOf(outputs, output, [n, this.channels, height, width], this.dense.path);
    const { coarseChannels } = this;
    const second = this.folder.card.dense.coarse;
    const coarse =
      second === undefined
        ? data
        : outputOf(outputs, second.output, [n, coarseChannels, height, width], this.dense.path);
    return { data, coarse, coarseChannels, n, channels: this.channels, height, width };
  }

  /**
   * Pooled grids to descriptors.
   *
   * @param grids [n, grid*grid*coarseChannels] from poolGrid
   * @returns unit vectors [n, descriptorWidth]
   */
  async describe(grids: Float32Array, n: number): Promise<Float32Array> {
    const width = this.grid * this.grid * this.coarseChannels;
    if (grids.length !== n * width) throw new RangeError("describe: wrong number of values");
    const { input, output } = this.folder.card.descriptor;
    if (this.head === undefined || input === undefined || output === undefined) {
      const out = Float32Array.from(grids);
      for (let row = 0; row < n; row++) normalise(out, row * width, width, 1);
      return out;
    }
    const outputs = await this.head.run({ [input]: { data: grids, dims: [n, width] } });
    return outputOf(outputs, output, [n, this.descriptorWidth], this.head.path);
  }

  async release(): Promise<void> {
    await this.dense.release();
    await this.head?.release();
  }
}

/** Where to read one window of dense features: element (c, y, x) is at base + c*channelStep + y*rowStep + x*columnStep. */
export interface FeatureLayout {
  base: number;
  channelStep: number;
  rowStep: number;
  columnStep: number;
}

/**
 * Pools a square window of features to a grid x grid x channels vector: mean over each square, unit norm per square.
 *
 * Works on float [C,h,w] features and on int8 [h,w,C] map features alike (the scale cancels in the normalisation).
 * Positions without data are zero vectors and so do not count; a square without any stays zero.
 *
 * @param out receives grid*grid*channels values at `outBase`, ordered [grid row, grid column, channel]
 */
export function poolGrid(
  features: Float32Array | Int8Array | Uint8Array,
  layout: FeatureLayout,
  side: number,
  grid: number,
  channels: number,
  out: Float32Array,
  outBase: number,
): void {
  const step = side / grid;
  const { base, channelStep, rowStep, columnStep } = layout;
  for (let gy = 0; gy < grid; gy++) {
    for (let gx = 0; gx < grid; gx++) {
      const square = outBase + (gy * grid + gx) * channels;
      for (let c = 0; c < channels; c++) {
        let sum = 0;
        for (let y = gy * step; y < (gy + 1) * step; y++) {
          let at = base + c * channelStep + y * rowStep + gx * step * columnStep;
          for (let x = 0; x < step; x++, at += columnStep) sum += features[at] as number;
        }
        out[square + c] = sum;
      }
      normalise(out, square, channels, 1);
    }
  }
}

function normalise(values: Float32Array, from: number, count: number, step: number): void {
  let sum = 0;
  for (let i = 0, at = from; i < count; i++, at += step) sum += (values[at] as number) ** 2;
  const scale = sum > 1e-12 ? 1 / Math.sqrt(sum) : 0;
  for (let i = 0, at = from; i < count; i++, at += step) values[at] = (values[at] as number) * scale;
}
