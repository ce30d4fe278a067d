import type { VisionConfig } from "../config.js";
import { REPORTED } from "../encode/hypotheses.js";
import type { EncodedQuery } from "../encode/query-encoder.js";
import type { MapSource } from "../map-source.js";
import type { Candidate, Sighting } from "../result.js";
import { encoderSimilarity } from "./encoder-similarity.js";
import { FrameSimilarity } from "./frame-similarity.js";
import { type Hit, type Measure, mergeHits, suppress } from "./merge.js";
import type { Neighbourhood, Retrieval, Retriever } from "./retriever.js";

/** What a search found, each cell once: best first by its patch alone, which the belief weighs, and by the whole frame. */
interface Found {
  readonly byPatch: readonly Candidate[];
  readonly byFrame: readonly Candidate[];
}

const NOTHING: Found = { byPatch: [], byFrame: [] };

/**
 * Exact search of all hypotheses over the pack's flat index; the best cells of each are then compared with all that the
 * frame shows.
 */
export class FlatRetriever implements Retriever {
  constructor(
    private readonly map: MapSource,
    private readonly config: VisionConfig["retrieve"],
  ) {}

  retrieve(query: EncodedQuery, level: number, k: number, near?: Neighbourhood): Retrieval {
    const manifest = this.map.manifest.levels.find((one) => one.level === level);
    if (manifest === undefined || manifest.cells === 0) return { candidates: [], sightings: [], cells: 0 };
    const range = { from: manifest.index_row0, to: manifest.index_row0 + manifest.cells };
    const distance_px = this.config.suppression * this.map.level(level).cell_px;
    const everywhere = this.search(query, level, range);
    const { cells } = manifest;
    if (near === undefined) {
      return {
        candidates: suppress(everywhere.byFrame, distance_px, k),
        sightings: this.sightings(query, everywhere.byPatch),
        cells,
      };
    }
    const subset = this.map.cellsWithin(level, near.lat_deg, near.lon_deg, near.radius_m);
    const close = subset.length === 0 ? NOTHING : this.search(query, level, { ...range, subset });
    const kept = suppress(close.byFrame, distance_px, Math.ceil(k / 2));
    const rest = suppress(everywhere.byFrame, distance_px, k - kept.length, kept);
    const known = new Set(close.byPatch.map(({ row }) => row));
    const others = everywhere.byPatch.filter(({ row }) => !known.has(row));
    return {
      candidates: [...kept, ...rest].sort(bestFirst("frame_similarity")),
      sightings: this.sightings(query, [...close.byPatch, ...others].sort(bestFirst("similarity"))),
      cells,
    };
  }

  /** The best cells as the belief weighs them: by the encoder's own cosines, to which it was fitted. */
  private sightings(query: EncodedQuery, found: readonly Candidate[]): Sighting[] {
    return found
      .slice(0, this.config.sightings)
      .map((cell) => {
        const { lat_deg, lon_deg, heading_deg, similarity } = cell;
        return { lat_deg, lon_deg, heading_deg, similarity: encoderSimilarity(query, cell, this.map) ?? similarity };
      })
      .sort((a, b) => b.similarity - a.similarity);
  }

  private search(
    query: EncodedQuery,
    level: number,
    options: { from: number; to: number; subset?: Uint32Array },
  ): Found {
    const width = query.descriptorWidth;
    const descriptors = query.hypotheses.map((_, i) => query.descriptors.subarray(i * width, (i + 1) * width));
    const results = this.map.index.searchMany(descriptors, this.config.per_hypothesis, options);
    const hits: Hit[] = [];
    const frame = new FrameSimilarity(query, this.map, level);
    results.forEach(({ rows, scores }, hypothesis) => {
      rows.forEach((row, i) => {
        const hit = { row, hypothesis, similarity: scores[i] ?? Number.NEGATIVE_INFINITY };
        hits.push({ ...hit, frame_similarity: frame.of(hit) });
      });
    });
    const cells = this.map.cells(level);
    const placed = (hit: Hit): Candidate => {
      const { lat_deg, lon_deg, col_px, row_px } = cells.centre(hit.row);
      const { heading_deg, scale } = query.hypotheses[hit.hypothesis] ?? REPORTED;
      return { ...hit, level, lat_deg, lon_deg, col_px, row_px, heading_deg, scale };
    };
    const byPatch = mergeHits(hits, "similarity").map(placed);
    const byFrame = query.surroundings === undefined ? byPatch : mergeHits(hits, "frame_similarity").map(placed);
    return { byPatch, byFrame };
  }
}

function bestFirst(by: Measure): (a: Candidate, b: Candidate) => number {
  return (a, b) => b[by] - a[by] || a.row - b.row;
}
