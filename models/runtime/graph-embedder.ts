import { createHash } from "node:crypto";
import { errorMessage, UserError } from "../../tiles/errors.js";
import type { ImageEmbedder } from "./embedder.js";
import type { ModelFolder, RetrieverCard } from "./model-folder.js";
import { OnnxSession, type SessionOptions, type TensorData } from "./session.js";
import { unitRows } from "./unit-rows.js";

/**
 * sha256 that names what a retriever computes: its files' hashes and how they are used. Not what the card says of it: a
 * corrected card must not orphan packs.
 */
export function retrieverIdentity({ graph, descriptor, files }: RetrieverCard): string {
  return createHash("sha256").update(JSON.stringify({ graph, descriptor, files })).digest("hex");
}

/** One ONNX graph as an embedder: whatever maps an image to a vector, described by its card. */
export class GraphEmbedder implements ImageEmbedder {
  readonly id: string;
  readonly sha256: string;
  readonly width: number;
  readonly side_px: number;
  readonly fillColour: readonly [number, number, number];

  private constructor(
    private readonly card: RetrieverCard,
    private readonly session: OnnxSession,
  ) {
    this.id = card.id;
    this.sha256 = retrieverIdentity(card);
    this.width = card.descriptor.width;
    this.side_px = card.graph.side_px;
    const { mean, range } = card.graph;
    const byte = (value: number): number =>
      Math.min(255, Math.max(0, Math.round((255 * (value - range[0])) / (range[1] - range[0]))));
    this.fillColour = [byte(mean[0]), byte(mean[1]), byte(mean[2])];
  }

  /** @throws UserError when no provider can load the graph, or it has no such input */
  static async create(folder: ModelFolder<RetrieverCard>, options: SessionOptions): Promise<GraphEmbedder> {
    const { graph } = folder.card;
    const session = await OnnxSession.open(folder, graph.file, options);
    if (!session.inputNames.includes(graph.input)) {
      await session.release();
      throw new UserError(
        `${session.path}: has no input ${graph.input}; it has ${session.inputNames.join(", ")}. Mend graph.input in model.json`,
      );
    }
    return new GraphEmbedder(folder.card, session);
  }

  async embed(rgb: Uint8Array, n: number): Promise<Float32Array> {
    const bytes = this.side_px * this.side_px * 3;
    if (rgb.length !== n * bytes) throw new RangeError("embed: wrong number of bytes");
    const batch = this.card.graph.batch ?? n;
    const out = new Float32Array(n * this.width);
    for (let from = 0; from < n; from += batch) {
      const here = Math.min(batch, n - from);
      // A graph of a fixed batch gets black pictures for the places that are left; their rows are dropped.
      const feed = this.pixels(rgb.subarray(from * bytes, (from + here) * bytes), batch);
      const rows = await this.run(feed, batch);
      out.set(rows.subarray(0, here * this.width), from * this.width);
    }
    return unitRows(out, n, this.width, this.id);
  }

  async release(): Promise<void> {
    await this.session.release();
  }

  /** Bytes to the graph's input: range, mean and std of the card, in its layout. */
  private pixels(rgb: Uint8Array, n: number): TensorData {
    const { layout, mean, std, range, side_px } = this.card.graph;
    const plane = side_px * side_px;
    const data = new Float32Array(n * 3 * plane);
    const planar = layout === "nchw";
    for (let channel = 0; channel < 3; channel++) {
      const scale = (range[1] - range[0]) / 255 / (std[channel] ?? 1);
      const shift = (range[0] - (mean[channel] ?? 0)) / (std[channel] ?? 1);
      for (let image = 0; image < n; image++) {
        let from = image * plane * 3 + channel;
        let to = planar ? (image * 3 + channel) * plane : from;
        const step = planar ? 1 : 3;
        for (let p = 0; p < plane; p++, from += 3, to += step) data[to] = (rgb[from] ?? 0) * scale + shift;
      }
    }
    return { data, dims: planar ? [n, 3, side_px, side_px] : [n, side_px, side_px, 3] };
  }

  /** One run of the graph: [n, width], not yet of unit length. */
  private async run(feed: TensorData, n: number): Promise<Float32Array> {
    const { input, output, tokens } = this.card.graph;
    const outputs = await this.session.run({ [input]: feed }).catch((thrown: unknown) => {
      const reason = errorMessage(thrown).split("\n")[0] ?? "";
      throw new UserError(
        `${this.session.path}: does not take [${feed.dims.join(",")}] (${reason}). Mend graph.side_px, graph.layout or graph.batch in model.json`,
      );
    });
    const tensor = outputs[output];
    if (tensor === undefined) {
      throw new UserError(
        `${this.session.path}: has no output ${output}; it has ${Object.keys(outputs).join(", ")}. Mend graph.output in model.json`,
      );
    }
    const { data, dims } = tensor;
    const width = tokens === undefined ? dims.slice(1).reduce((a, b) => a * b, 1) : dims[2];
    const fits = dims[0] === n && width === this.width && (tokens === undefined || dims.length === 3);
    if (!fits) {
      const wanted = tokens === undefined ? `[${n},${this.width}]` : `[${n},tokens,${this.width}]`;
      throw new UserError(
        `${this.session.path}: output ${output} is [${dims.join(",")}], expected ${wanted}. Mend descriptor.width, graph.tokens or graph.batch in model.json`,
      );
    }
    return tokens === undefined ? data : poolTokens(data, n, dims[1] ?? 0, this.width, tokens);
  }
}

/** [n, tokens, width] to [n, width]: the first token, or the mean of all. */
function poolTokens(data: Float32Array, n: number, tokens: number, width: number, how: "first" | "mean"): Float32Array {
  const out = new Float32Array(n * width);
  const used = how === "first" ? 1 : tokens;
  for (let image = 0; image < n; image++) {
    for (let token = 0; token < used; token++) {
      const from = (image * tokens + token) * width;
      for (let i = 0, to = image * width; i < width; i++, to++) {
        out[to] = (out[to] as number) + (data[from + i] as number) / used;
      }
    }
  }
  return out;
}
