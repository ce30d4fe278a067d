import type { RegistrarCard } from "../../../models/runtime/model-folder.js";
import { type OnnxSession, outputOf } from "../../../models/runtime/session.js";
import type { VisionConfig } from "../config.js";
import type { Hypothesis } from "../encode/hypotheses.js";
import type { EncodedQuery } from "../encode/query-encoder.js";
import { unpackFeatures } from "../map-features.js";
import type { MapSource } from "../map-source.js";
import type { RankedCandidate } from "../result.js";
import { bestPerShift, findPeak, type ScoreVolume, type VolumePeak } from "./peak.js";
import { triedScales } from "./tried-scales.js";
import { makeVariants, type Variants } from "./variants.js";
import { divideByOverlap } from "./volume.js";

/** One candidate's search: where its window lies on the map and how well each shift fits. */
export interface Search {
  readonly candidate: RankedCandidate;
  /** Which of the query's hypotheses was slid, and what it says: the candidate's own or one next to it. */
  readonly index: number;
  readonly hypothesis: Hypothesis;
  /** Feature indices of the window's top-left corner. */
  readonly j0: number;
  readonly i0: number;
  readonly variants: Variants;
  readonly volume: ScoreVolume;
  /** Best score per shift, over all variants. */
  readonly best: Float32Array;
  readonly peak: VolumePeak;
  /** Part of the best variant's valid positions that lies on mapped ground at the peak. */
  readonly overlap: number;
  /** The window's features a side, and for each position whether the map shows ground there. */
  readonly mapSide: number;
  readonly mapped: Uint8Array;
}

/** Slides one query over the surroundings of candidates. */
export class QuerySearch {
  private readonly variants = new Map<number, Variants>();

  /** @param scales ratios of true to reported height that its sigma allows, ascending */
  constructor(
    private readonly query: EncodedQuery,
    private readonly scales: readonly number[],
    private readonly tools: {
      readonly graph: RegistrarCard["graph"];
      readonly session: OnnxSession;
      readonly map: MapSource;
      readonly stride_px: number;
      readonly config: VisionConfig["register"];
    },
  ) {}

  /**
   * Correlates a candidate's surroundings with the variants of its hypothesis, and, where the best of them is turned as
   * far as is tried, with those of the hypothesis on that side, which needs to be turned less. Null when no shift overlaps
   * the map enough.
   */
  async around(candidate: RankedCandidate): Promise<Search | null> {
    const own = await this.slide(candidate, candidate.hypothesis);
    if (own === null) return null;
    const beyond = this.beyond(own);
    const other = beyond === null ? null : await this.slide(candidate, beyond);
    return other !== null && other.peak.score > own.peak.score ? other : own;
  }

  /** The next hypothesis, of the same height, on the side where the best heading is the last one tried. */
  private beyond({ peak, variants, hypothesis }: Search): number | null {
    const at = Math.floor(peak.variant / variants.scales.length);
    const turned = variants.headings_deg[at] ?? 0;
    if (turned === 0 || (at > 0 && at < variants.headings_deg.length - 1)) return null;
    let next: number | null = null;
    let nearest = Number.POSITIVE_INFINITY;
    this.query.hypotheses.forEach((one, i) => {
      const away = angleBetween(one.heading_deg, hypothesis.heading_deg) * Math.sign(turned);
      if (one.scale !== hypothesis.scale || away <= 0 || away >= nearest) return;
      nearest = away;
      next = i;
    });
    // Farther than twice the turn it would have to be turned back by more.
    return nearest < 2 * Math.abs(turned) ? next : null;
  }

  private async slide(candidate: RankedCandidate, index: number): Promise<Search | null> {
    const { graph, session, map: source, stride_px, config } = this.tools;
    const hypothesis = this.query.hypotheses[index];
    if (hypothesis === undefined) throw new Error(`hypothesis ${index} of ${this.query.hypotheses.length}`);
    const variants = this.variantsOf(index, hypothesis);
    const { side, channels } = this.query;
    const mapSide = side + 2 * config.margin_features;
    const shifts = mapSide - side + 1;
    const j0 = Math.round(candidate.col_px / stride_px - side / 2) - config.margin_features;
    const i0 = Math.round(candidate.row_px / stride_px - side / 2) - config.margin_features;
    const window = source.featureWindow(candidate.level, j0, i0, mapSide, mapSide);
    const map = unpackFeatures(window, mapSide * mapSide, channels);
    const outputs = await session.run({
      [graph.map]: { data: map.data, dims: [1, channels, mapSide, mapSide] },
      [graph.query]: { data: variants.features, dims: [variants.count, channels, side, side] },
    });
    const sums = outputOf(outputs, graph.score, [1, variants.count, shifts, shifts], session.path);
    const overlap = divideByOverlap(sums, variants, side, map, mapSide, config.min_overlap);
    const volume: ScoreVolume = { data: sums, variants: variants.count, shifts };
    const peak = findPeak(volume);
    if (peak === null) return null;
    const atPeak = overlap === null ? 1 : (overlap[(peak.variant * shifts + peak.y) * shifts + peak.x] ?? 0);
    const total = variants.positions[peak.variant] ?? 1;
    return {
      candidate,
      index,
      hypothesis,
      j0,
      i0,
      variants,
      volume,
      best: bestPerShift(volume),
      peak,
      overlap: overlap === null ? 1 : atPeak / total,
      mapSide,
      mapped: map.valid,
    };
  }

  private variantsOf(index: number, { scale }: Hypothesis): Variants {
    const known = this.variants.get(index);
    if (known !== undefined) return known;
    // What the hypothesis has made up for need not be made up for again.
    const tried = triedScales(this.scales, scale, this.query.hypotheses).map((one) => one / scale);
    const made = makeVariants(this.query, index, this.tools.config.headings_deg, tried);
    this.variants.set(index, made);
    return made;
  }
}

/** a - b as an angle from -180 to 180 degrees. */
function angleBetween(a_deg: number, b_deg: number): number {
  return ((((a_deg - b_deg + 180) % 360) + 360) % 360) - 180;
}
