import type { ImageEmbedder } from "../../../models/runtime/embedder.js";
import { resizeSquares } from "../../../models/runtime/resize.js";
import type { QueryDescriber } from "../encode/query-encoder.js";
import type { RectifiedQuery } from "../rectify/rectifier.js";

/** Describes rectified patches with a retriever, exactly as `flash pack --retriever` described the map's cells. */
export class QueryEmbedder implements QueryDescriber {
  /** @param batch patches embedded in one call, so that memory stays bounded when many hypotheses are tried */
  constructor(
    private readonly embedder: ImageEmbedder,
    private readonly batch: number,
  ) {}

  get width(): number {
    return this.embedder.width;
  }

  /** @throws UserError when the retriever gives no finite vectors of its width */
  async describe(query: RectifiedQuery): Promise<Float32Array> {
    const { side_px, fillColour } = this.embedder;
    const pixels = query.side_px * query.side_px;
    const out = new Float32Array(query.n * this.width);
    for (let from = 0; from < query.n; from += this.batch) {
      const n = Math.min(this.batch, query.n - from);
      const rgb = query.rgb.slice(from * pixels * 3, (from + n) * pixels * 3);
      for (let pixel = 0; pixel < n * pixels; pixel++) {
        if (query.valid[from * pixels + pixel] === 0) rgb.set(fillColour, pixel * 3);
      }
      out.set(await this.embedder.embed(resizeSquares(rgb, n, query.side_px, side_px), n), from * this.width);
    }
    return out;
  }
}
