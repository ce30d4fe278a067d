import type { EncodedQuery } from "../encode/query-encoder.js";
import type { MapSource } from "../map-source.js";
import type { Hit } from "./merge.js";

/**
 * Compares all that the frame shows, not only the patch in its middle: where the patch lies on a cell, the patches
 * beside it lie on the cells beside that one.
 */
export class FrameSimilarity {
  private readonly rows = new Map<number, Float32Array>();
  private readonly cells: ReturnType<MapSource["cells"]>;

  constructor(
    private readonly query: EncodedQuery,
    private readonly map: MapSource,
    level: number,
  ) {
    this.cells = map.cells(level);
  }

  /**
   * Mean cosine of the cell and those around it with the patches that lie on them, each weighed by the part of it that
   * was seen; patches without a cell under them do not count.
   */
  of({ row, hypothesis, similarity }: Omit<Hit, "frame_similarity">): number {
    const { surroundings, descriptorWidth: width } = this.query;
    if (surroundings === undefined) return similarity;
    const { steps, visible, descriptors, stride_px } = surroundings;
    const { col_px, row_px } = this.cells.centre(row);
    let weight = surroundings.centre_visible[hypothesis] as number;
    let sum = weight * similarity;
    for (const [i, { east, south }] of steps.entries()) {
      const seen = visible[hypothesis * steps.length + i] as number;
      if (seen === 0) continue;
      const beside = this.cells.at(col_px + east * stride_px, row_px + south * stride_px);
      if (beside === null) continue;
      sum += seen * dot(this.row(beside), descriptors, (hypothesis * steps.length + i) * width);
      weight += seen;
    }
    return sum / weight;
  }

  private row(row: number): Float32Array {
    const known = this.rows.get(row) ?? this.map.index.row(row);
    this.rows.set(row, known);
    return known;
  }
}

function dot(row: Float32Array, vectors: Float32Array, base: number): number {
  let sum = 0;
  for (let i = 0; i < row.length; i++) sum += (row[i] as number) * (vectors[base + i] as number);
  return sum;
}
