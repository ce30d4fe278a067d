import type { Encoder } from "../../../models/runtime/encoder.js";
import { loadModelFolder, type RegistrarCard, registrarCard } from "../../../models/runtime/model-folder.js";
import { OnnxSession, type SessionOptions } from "../../../models/runtime/session.js";
import { UserError } from "../../../tiles/errors.js";
import type { VisionConfig } from "../config.js";
import type { EncodedQuery } from "../encode/query-encoder.js";
import type { MapPictures } from "../map-picture.js";
import type { MapSource } from "../map-source.js";
import type { RankedCandidate } from "../result.js";
import { Acceptance } from "./acceptance.js";
import { headingAtEnd, outermost } from "./ends.js";
import { featureEvidence, featurePlace, type GridPlace } from "./feature-place.js";
import { measure } from "./measures.js";
import { PixelRefiner } from "./pixel-refiner.js";
import type { Registrar, Registration, Registrations } from "./registrar.js";
import { QuerySearch, type Search } from "./search.js";

/**
 * Registers by correlating the query's dense features, turned and scaled in several ways, with the map's stored
 * features around the best candidates. The value at a shift is the mean cosine over the positions that both sides know.
 * A model with a `refine` block then refines the winner by the pictures' pixels. Whether a registration is accepted is
 * judged by the features alone.
 */
export class CorrelationRegistrar implements Registrar {
  private constructor(
    private readonly card: RegistrarCard,
    private readonly session: OnnxSession,
    private readonly acceptance: Acceptance,
    private readonly refiner: PixelRefiner | null,
    private readonly map: MapSource,
    private readonly stride_px: number,
    private readonly config: VisionConfig["register"],
  ) {}

  /**
   * @param pictures where the map's pixels come from, for models that refine by them; null: features only
   * @throws UserError when the folder cannot be used or reads features of another encoder
   */
  static async load(
    dir: string,
    encoder: Pick<Encoder, "id" | "stride_px">,
    map: MapSource,
    config: VisionConfig["register"],
    options: SessionOptions,
    pictures: MapPictures | null = null,
  ): Promise<CorrelationRegistrar> {
    const folder = loadModelFolder(dir, registrarCard);
    const { card } = folder;
    if (card.encoder_id !== encoder.id) {
      throw new UserError(`${dir}: is fitted to encoder ${card.encoder_id}, the encoder in use is ${encoder.id}`);
    }
    const acceptance = new Acceptance(card.acceptance, `${dir}/model.json`);
    const session = await OnnxSession.open(folder, card.graph.file, options);
    const refiner = pictures === null ? null : await PixelRefiner.load(folder, options, pictures);
    return new CorrelationRegistrar(card, session, acceptance, refiner, map, encoder.stride_px, config);
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
    const { session, map, stride_px, config } = this;
    const slide = new QuerySearch(query, scales, { graph: this.card.graph, session, map, stride_px, config });
    const searches: Search[] = [];
    const close = isNear === undefined ? [] : ranked.filter(isNear);
    const foremost = new Set(ranked.slice(0, this.config.candidates));
    const chosen = new Set([...foremost, ...close.slice(0, this.config.near_candidates)]);
    for (const candidate of chosen) {
      const search = await slide.around(candidate);
      if (search !== null) searches.push(search);
    }
    const among = (set: ReadonlySet<RankedCandidate>): Search[] =>
      searches.filter(({ candidate }) => set.has(candidate));
    const places = new Map<Search, Places>();
    return {
      best: await this.best(query, among(foremost), ranked, places),
      near: await this.best(query, among(new Set(close)), close, places),
    };
  }

  async release(): Promise<void> {
    await this.refiner?.release();
    await this.session.release();
  }

  /** The search with the highest peak, compared with the others that are given. */
  private async best(
    query: EncodedQuery,
    searches: readonly Search[],
    ranked: readonly RankedCandidate[],
    places: Map<Search, Places>,
  ): Promise<Registration | null> {
    let winner: Search | null = null;
    for (const search of searches) if (winner === null || search.peak.score > winner.peak.score) winner = search;
    if (winner === null) return null;
    const found = places.get(winner) ?? (await this.placesOf(query, winner));
    places.set(winner, found);
    const measures = measure(query, winner, searches, ranked, found.entropy, this.config.peak_radius_features);
    return {
      candidate: winner.candidate,
      ...this.onEarth(query, winner, found.place),
      measures,
      ...this.acceptance.judge(measures),
    };
  }

  /** Where the features put a search's winner, refined by the pixels where they tell. */
  private async placesOf(query: EncodedQuery, search: Search): Promise<Places> {
    const side_px = query.side * this.stride_px;
    const { beta, covariance } = this.card;
    const found = featurePlace(
      search,
      side_px,
      this.stride_px,
      { beta, factor: covariance.scale, floor_px: covariance.floor_px },
      this.config,
    );
    if (this.refiner === null || query.patches === undefined) return { place: found, entropy: found.entropy };
    const refined = await this.refiner.refine(query.patches, {
      level: search.candidate.level,
      patch: search.index,
      place: found,
      ...featureEvidence(search, side_px, this.stride_px),
    });
    return { place: refined === null ? found : noSurerThan(found, refined), entropy: found.entropy };
  }

  private onEarth(
    query: EncodedQuery,
    { candidate, hypothesis, variants, peak }: Search,
    place: GridPlace,
  ): Omit<Registration, "candidate" | "measures" | "quality" | "accepted"> {
    const level = this.map.level(candidate.level);
    const { lat_deg, lon_deg } = level.pxToLonLat(place.col_px, place.row_px);
    const { north_m, east_m } = level.metresPerPx(lat_deg);
    const scales = variants.scales.length;
    const headingIndex = Math.floor(peak.variant / scales);
    const scaleIndex = peak.variant % scales;
    const heights = query.hypotheses.map(({ scale }) => scale);
    return {
      lat_deg,
      lon_deg,
      // Rows count to the south: the sign of the mixed moment turns.
      cov_ne_m2: { nn: place.yy * north_m ** 2, ne: -place.xy * north_m * east_m, ee: place.xx * east_m ** 2 },
      heading_deg: hypothesis.heading_deg + place.turn_deg,
      heading_sigma_deg: Math.hypot(place.turn_sigma_deg, this.config.heading_floor_deg),
      heading_at_end: headingAtEnd(query.hypotheses, hypothesis, headingIndex, variants.headings_deg.length),
      scale_at_end: scales > 1 && outermost(heights, hypothesis.scale, scaleIndex, scales),
      scale: hypothesis.scale * place.scale,
      scale_sigma: scales > 1 ? Math.hypot(hypothesis.scale * place.scale_sigma, this.config.scale_floor) : null,
    };
  }
}

/** The place that a search came to, and how undecided the features were. */
interface Places {
  readonly place: GridPlace;
  readonly entropy: number;
}

/**
 * A refined place that claims no less uncertainty than the features did. The pixels' own covariance is that of one flat
 * picture on another; with it, fewer positions of the synthetic flights lay within one eph than should (docs/integrity.md).
 */
function noSurerThan(found: GridPlace, refined: GridPlace): GridPlace {
  const { xx, xy, yy } = refined.xx + refined.yy > found.xx + found.yy ? refined : found;
  const turn_sigma_deg = Math.max(found.turn_sigma_deg, refined.turn_sigma_deg);
  return { ...refined, xx, xy, yy, turn_sigma_deg, scale_sigma: Math.max(found.scale_sigma, refined.scale_sigma) };
}
