import type { Encoder } from "../../../models/runtime/encoder.js";
import { loadModelFolder, type RegistrarCard, registrarCard } from "../../../models/runtime/model-folder.js";
import { OnnxSession, outputOf, type SessionOptions } from "../../../models/runtime/session.js";
import { UserError } from "../../../tiles/errors.js";
import type { VisionConfig } from "../config.js";
import type { Hypothesis } from "../encode/hypotheses.js";
import type { EncodedQuery } from "../encode/query-encoder.js";
import { unpackFeatures } from "../map-features.js";
import type { MapSource } from "../map-source.js";
import type { Measures, RankedCandidate } from "../result.js";
import { Acceptance } from "./acceptance.js";
import {
  bestPerShift,
  findPeak,
  moments,
  parabolaTop,
  probabilities,
  relativeEntropy,
  type ScoreVolume,
  spread,
  type VolumePeak,
} from "./peak.js";
import type { Registrar, Registration, Registrations } from "./registrar.js";
import { triedScales } from "./tried-scales.js";
import { makeVariants, type Variants } from "./variants.js";
import { bestOutside, divideByOverlap, marginals, refineAxis } from "./volume.js";

/** One candidate's search: where its window lies on the map and how well each shift fits. */
interface Search {
  readonly candidate: RankedCandidate;
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
}

/**
 * Registers by correlating the query's dense features, turned and scaled in several ways, with the map's stored
 * features around the best candidates. The value at a shift is the mean cosine over the positions that both sides know.
 */
export class CorrelationRegistrar implements Registrar {
  private constructor(
    private readonly card: RegistrarCard,
    private readonly session: OnnxSession,
    private readonly acceptance: Acceptance,
    private readonly map: MapSource,
    private readonly stride_px: number,
    private readonly config: VisionConfig["register"],
  ) {}

  /** @throws UserError when the folder cannot be used or reads features of another encoder */
  static async load(
    dir: string,
    encoder: Pick<Encoder, "id" | "stride_px">,
    map: MapSource,
    config: VisionConfig["register"],
    options: SessionOptions,
  ): Promise<CorrelationRegistrar> {
    const folder = loadModelFolder(dir, registrarCard);
    const { card } = folder;
    if (card.encoder_id !== encoder.id) {
      throw new UserError(`${dir}: is fitted to encoder ${card.encoder_id}, the encoder in use is ${encoder.id}`);
    }
    const acceptance = new Acceptance(card.acceptance, `${dir}/model.json`);
    const session = await OnnxSession.open(folder, card.graph.file, options);
    return new CorrelationRegistrar(card, session, acceptance, map, encoder.stride_px, config);
  }

  get id(): string {
    return this.card.id;
  }

  async register(
    query: EncodedQuery,
    ranked: readonly RankedCandidate[],
    agl_sigma_ratio: number,
    isNear?: (candidate: RankedCandidate) => boolean,
  ): Promise<Registrations> {
    const scales = this.config.scales.filter(
      (scale) => Math.abs(scale - 1) <= this.config.scale_sigmas * agl_sigma_ratio + 1e-9,
    );
    const variantsOf = new Map<number, Variants>();
    const searches: Search[] = [];
    const close = isNear === undefined ? [] : ranked.filter(isNear);
    const foremost = new Set(ranked.slice(0, this.config.candidates));
    const chosen = new Set([...foremost, ...close.slice(0, this.config.near_candidates)]);
    for (const candidate of chosen) {
      let variants = variantsOf.get(candidate.hypothesis);
      if (variants === undefined) {
        // What the hypothesis has made up for need not be made up for again.
        const tried = triedScales(scales, candidate.scale, query.hypotheses).map((one) => one / candidate.scale);
        variants = makeVariants(query, candidate.hypothesis, this.config.headings_deg, tried);
        variantsOf.set(candidate.hypothesis, variants);
      }
      const search = await this.search(query, candidate, variants);
      if (search !== null) searches.push(search);
    }
    const among = (set: ReadonlySet<RankedCandidate>): Search[] =>
      searches.filter(({ candidate }) => set.has(candidate));
    return {
      best: this.best(query, among(foremost), ranked),
      near: this.best(query, among(new Set(close)), close),
    };
  }

  async release(): Promise<void> {
    await this.session.release();
  }

  /** The search with the highest peak, compared with the others that are given. */
  private best(
    query: EncodedQuery,
    searches: readonly Search[],
    ranked: readonly RankedCandidate[],
  ): Registration | null {
    let winner: Search | null = null;
    for (const search of searches) if (winner === null || search.peak.score > winner.peak.score) winner = search;
    return winner === null ? null : this.refine(query, winner, searches, ranked);
  }

  /** Correlates one candidate's surroundings with all variants; null when no shift overlaps the map enough. */
  private async search(query: EncodedQuery, candidate: RankedCandidate, variants: Variants): Promise<Search | null> {
    const { side, channels } = query;
    const mapSide = side + 2 * this.config.margin_features;
    const shifts = mapSide - side + 1;
    const j0 = Math.round(candidate.col_px / this.stride_px - side / 2) - this.config.margin_features;
    const i0 = Math.round(candidate.row_px / this.stride_px - side / 2) - this.config.margin_features;
    const window = this.map.featureWindow(candidate.level, j0, i0, mapSide, mapSide);
    const map = unpackFeatures(window, mapSide * mapSide, channels);
    const { graph } = this.card;
    const outputs = await this.session.run({
      [graph.map]: { data: map.data, dims: [1, channels, mapSide, mapSide] },
      [graph.query]: { data: variants.features, dims: [variants.count, channels, side, side] },
    });
    const sums = outputOf(outputs, graph.score, [1, variants.count, shifts, shifts], this.session.path);
    const overlap = divideByOverlap(sums, variants, side, map, mapSide, this.config.min_overlap);
    const volume: ScoreVolume = { data: sums, variants: variants.count, shifts };
    const peak = findPeak(volume);
    if (peak === null) return null;
    const atPeak = overlap === null ? 1 : (overlap[(peak.variant * shifts + peak.y) * shifts + peak.x] ?? 0);
    const total = variants.positions[peak.variant] ?? 1;
    return {
      candidate,
      j0,
      i0,
      variants,
      volume,
      best: bestPerShift(volume),
      peak,
      overlap: overlap === null ? 1 : atPeak / total,
    };
  }

  private refine(
    query: EncodedQuery,
    winner: Search,
    searches: readonly Search[],
    ranked: readonly RankedCandidate[],
  ): Registration {
    const { candidate, volume, peak, variants } = winner;
    const { shifts } = volume;
    const at = (variant: number, y: number, x: number): number =>
      variant < 0 || y < 0 || x < 0 || variant >= volume.variants || y >= shifts || x >= shifts
        ? Number.NaN
        : (volume.data[(variant * shifts + y) * shifts + x] as number);
    const { variant, score: top } = peak;
    const x = peak.x + (parabolaTop(at(variant, peak.y, peak.x - 1), top, at(variant, peak.y, peak.x + 1), 0.5) ?? 0);
    const y = peak.y + (parabolaTop(at(variant, peak.y - 1, peak.x), top, at(variant, peak.y + 1, peak.x), 0.5) ?? 0);

    const p = probabilities(volume, this.card.beta, peak.score);
    const marginal = marginals(p, volume, variants);
    const turn = refineAxis(variants.headings_deg, Math.floor(peak.variant / variants.scales.length), (h) =>
      at(h * variants.scales.length + (peak.variant % variants.scales.length), peak.y, peak.x),
    );
    const scale = refineAxis(variants.scales, peak.variant % variants.scales.length, (s) =>
      at(peak.variant - (peak.variant % variants.scales.length) + s, peak.y, peak.x),
    );
    const headingIndex = Math.floor(peak.variant / variants.scales.length);
    const scaleIndex = peak.variant % variants.scales.length;
    const headingSpread = Math.sqrt(moments(variants.headings_deg, marginal.headings).variance);
    const scaleSpread = Math.sqrt(moments(variants.scales, marginal.scales).variance);

    const side_px = query.side * this.stride_px;
    const col_px = (winner.j0 + x) * this.stride_px + side_px / 2;
    const row_px = (winner.i0 + y) * this.stride_px + side_px / 2;
    const level = this.map.level(candidate.level);
    const { lat_deg, lon_deg } = level.pxToLonLat(col_px, row_px);
    const metres = level.metresPerPx(lat_deg);
    const moment = spread(marginal.shifts, shifts, x, y, this.config.moment_radius_features);
    const { scale: factor, floor_px } = this.card.covariance;
    const north_m = metres.north_m * this.stride_px;
    const east_m = metres.east_m * this.stride_px;
    const cov_ne_m2 = {
      nn: factor * moment.yy * north_m ** 2 + (floor_px * metres.north_m) ** 2,
      // Rows count to the south: the sign of the mixed moment turns.
      ne: -factor * moment.xy * north_m * east_m,
      ee: factor * moment.xx * east_m ** 2 + (floor_px * metres.east_m) ** 2,
    };
    const measures = this.measure(query, winner, searches, ranked, relativeEntropy(marginal.shifts));
    return {
      candidate,
      lat_deg,
      lon_deg,
      cov_ne_m2,
      heading_deg: candidate.heading_deg + turn,
      heading_sigma_deg: Math.hypot(headingSpread, this.config.heading_floor_deg),
      heading_at_end: headingAtEnd(query.hypotheses, candidate, headingIndex, variants.headings_deg.length),
      scale_at_end:
        variants.scales.length > 1 &&
        outermost(
          query.hypotheses.map((one) => one.scale),
          candidate.scale,
          scaleIndex,
          variants.scales.length,
        ),
      scale: candidate.scale * scale,
      scale_sigma:
        variants.scales.length > 1 ? Math.hypot(candidate.scale * scaleSpread, this.config.scale_floor) : null,
      measures,
      ...this.acceptance.judge(measures),
    };
  }

  private measure(
    query: EncodedQuery,
    winner: Search,
    searches: readonly Search[],
    ranked: readonly RankedCandidate[],
    entropy: number,
  ): Measures {
    const { candidate, peak, volume } = winner;
    const { shifts } = volume;
    const radius = this.config.peak_radius_features;
    const second = bestOutside(winner.best, shifts, peak.x, peak.y, radius);
    let other = Number.NEGATIVE_INFINITY;
    for (const search of searches) {
      if (search === winner) continue;
      // The winner's peak as a shift of this window: the same ground seen through it is not another place.
      const x = peak.x + winner.j0 - search.j0;
      const y = peak.y + winner.i0 - search.i0;
      other = Math.max(other, bestOutside(search.best, shifts, x, y, radius));
    }
    const rivals = ranked.filter((one) => one !== candidate).map((one) => one.logit ?? 0);
    const logit = candidate.logit ?? 0;
    const area = query.side * query.side;
    // Where nothing is there to compare with, nothing was beaten: no other place counts as a lead no better than over the
    // second peak of the window, no second peak as no lead.
    const peak_to_second = Number.isFinite(second) ? peak.score - second : 0;
    const peak_to_other = Number.isFinite(other) ? peak.score - other : peak_to_second;
    let seen = 0;
    for (const v of query.valid.subarray(candidate.hypothesis * area, (candidate.hypothesis + 1) * area)) seen += v;
    return {
      peak: peak.score,
      peak_to_second,
      peak_to_other,
      entropy,
      similarity: candidate.similarity,
      logit,
      logit_margin: rivals.length === 0 ? 0 : logit - Math.max(...rivals),
      visible: seen / area,
      overlap: winner.overlap,
      at_border: peak.x === 0 || peak.y === 0 || peak.x === shifts - 1 || peak.y === shifts - 1 ? 1 : 0,
    };
  }
}

/**
 * Is a heading the last one tried: at an end of the offsets of the outermost hypothesis of its height? Offsets of the
 * others overlap those of their neighbours; where all directions were tried there is no end.
 */
function headingAtEnd(
  hypotheses: readonly Hypothesis[],
  { heading_deg, scale }: Hypothesis,
  index: number,
  offsets: number,
): boolean {
  const headings_deg = hypotheses.filter((one) => one.scale === scale).map((one) => one.heading_deg);
  const range_deg = Math.max(...headings_deg) - Math.min(...headings_deg);
  const step_deg = headings_deg.length > 1 ? range_deg / (headings_deg.length - 1) : 360;
  if (headings_deg.length > 1 && range_deg + step_deg > 359) return false;
  return outermost(headings_deg, heading_deg, index, offsets);
}

/** Is it the first one tried of the lowest hypothesis, or the last one of the highest? */
function outermost(hypotheses: readonly number[], hypothesis: number, index: number, tried: number): boolean {
  return (
    (hypothesis === Math.min(...hypotheses) && index === 0) ||
    (hypothesis === Math.max(...hypotheses) && index === tried - 1)
  );
}
