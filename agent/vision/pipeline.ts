import { type ImageEmbedder, loadEmbedder } from "../../models/runtime/embedder.js";
import { Encoder } from "../../models/runtime/encoder.js";
import { shippedModel } from "../../models/runtime/paths.js";
import type { Provider } from "../../models/runtime/session.js";
import { lonLatToOffset, offsetToLonLat } from "../../tiles/geodesy/wgs84.js";
import { PackReader } from "../../tiles/pack/reader.js";
import { DEFAULT_VISION_CONFIG, type VisionConfig } from "./config.js";
import { type Hypothesis, queryHypotheses } from "./encode/hypotheses.js";
import { type EncodedQuery, QueryEncoder } from "./encode/query-encoder.js";
import { estimatePosition } from "./estimate.js";
import type { CameraRig, Frame } from "./frame.js";
import { FrameRun } from "./frame-run.js";
import { centrePatches } from "./rectify/centre-patches.js";
import { contrast } from "./rectify/contrast.js";
import { HomographyRectifier } from "./rectify/homography-rectifier.js";
import type { RectifiedQuery, Rectifier } from "./rectify/rectifier.js";
import { CorrelationRegistrar } from "./register/correlation-registrar.js";
import type { Registrar, Registration } from "./register/registrar.js";
import { loadReranker } from "./rerank/load-reranker.js";
import { type PromptValues, seasonOf } from "./rerank/prompt.js";
import { type Reranker, RetrievalOrder } from "./rerank/reranker.js";
import type { FrameResult, Match, NoFixReason, RankedCandidate } from "./result.js";
import { encoderSimilarity } from "./retrieve/encoder-similarity.js";
import { FlatRetriever } from "./retrieve/flat-retriever.js";
import { QueryEmbedder } from "./retrieve/query-embedder.js";
import type { Neighbourhood, Retriever } from "./retrieve/retriever.js";
import { planQuery, type QueryPlan, rectifiedSide } from "./view.js";

/** What a pipeline is made of; plain data, so that it can be sent to a worker. */
export interface PipelineOptions {
  readonly pack: string;
  readonly rig: CameraRig;
  /** Model folders; those shipped with the package unless given. `reranker: null` leaves re-ranking out. */
  readonly encoder?: string;
  readonly reranker?: string | null;
  readonly registrar?: string;
  /** Folder of the retriever that made the pack's descriptors; not given: the encoder made them. */
  readonly retriever?: string;
  readonly config?: VisionConfig;
  /** Threads inside one network. */
  readonly threads?: number;
  readonly providers?: readonly Provider[];
  /** Folder of the engines that `skylink-agent warmup` made for TensorRT. */
  readonly engines?: string;
}

/** What a pipeline was opened with, for reports and logs. */
export interface PipelineInfo {
  readonly pack: { readonly name: string; readonly created: string; readonly cells: number };
  /** Model ids; the re-ranker's is null when re-ranking is left out. */
  readonly encoder: string;
  readonly reranker: string | null;
  readonly registrar: string;
  /** Only where the pack's descriptors are not the encoder's. */
  readonly retriever?: string;
}

/** The parts that a pipeline runs, each replaceable behind its interface. */
export interface PipelineParts {
  readonly pack: PackReader;
  readonly encoder: Encoder;
  readonly rectifier: Rectifier;
  readonly retriever: Retriever;
  /** Embeds the query where the pack's descriptors are not the encoder's. */
  readonly embedder?: ImageEmbedder;
  readonly reranker: Reranker;
  readonly registrar: Registrar;
}

/**
 * One frame to one judged position: rectify, encode, retrieve, re-rank, register, estimate.
 *
 * It keeps nothing between frames. Runs of the networks block the calling thread, so the agent holds it in a worker
 * (worker.ts) and talks to it through VisionClient (client.ts).
 */
export class VisionPipeline {
  private readonly queryEncoder: QueryEncoder;
  private readonly imagery_date: string | null;

  constructor(
    private readonly parts: PipelineParts,
    private readonly rig: CameraRig,
    private readonly config: VisionConfig = DEFAULT_VISION_CONFIG,
  ) {
    const embedder = parts.embedder === undefined ? undefined : new QueryEmbedder(parts.embedder, config.encode.batch);
    this.queryEncoder = new QueryEncoder(parts.encoder, config.encode, embedder);
    // The newest layer is on top: its date stands for the map's.
    const dates = parts.pack.manifest.layers.flatMap((layer) => layer.imagery_date ?? []).sort();
    this.imagery_date = dates.at(-1) ?? null;
  }

  /**
   * Opens pack and models.
   * @throws UserError when a file is missing or damaged, or models and pack do not belong together
   */
  static async open(options: PipelineOptions): Promise<VisionPipeline> {
    const config = options.config ?? DEFAULT_VISION_CONFIG;
    const session = {
      threads: options.threads ?? 2,
      providers: options.providers ?? (["cpu"] as const),
      log: (line: string) => process.stderr.write(`provider failed: ${line}\n`),
      ...(options.engines === undefined ? {} : { engines: options.engines }),
    };
    const encoder = await Encoder.load(options.encoder ?? shippedModel("encoder"), session);
    const embedder = options.retriever === undefined ? undefined : await loadEmbedder(options.retriever, session);
    const pack = PackReader.open(options.pack, { expectEncoder: encoder, expectRetriever: embedder ?? null });
    const rerankerDir = options.reranker === undefined ? shippedModel("reranker") : options.reranker;
    const reranker =
      rerankerDir === null ? new RetrievalOrder() : await loadReranker(rerankerDir, encoder, pack, session);
    const registrarDir = options.registrar ?? shippedModel("registrar");
    const registrar = await CorrelationRegistrar.load(registrarDir, encoder, pack, config.register, session, pack);
    const retriever = new FlatRetriever(pack, config.retrieve);
    const parts = { pack, encoder, rectifier: new HomographyRectifier(), retriever, reranker, registrar };
    return new VisionPipeline(embedder === undefined ? parts : { ...parts, embedder }, options.rig, config);
  }

  /**
   * Finds one frame on the map.
   *
   * @param near where the vehicle is believed to be; the whole level is searched all the same
   * @throws UserError when the image cannot be decoded
   */
  async localise(frame: Frame, near?: Neighbourhood): Promise<FrameResult> {
    const run = new FrameRun(frame.t_us);
    const plan = planQuery(frame, this.rig, this.parts.pack.manifest.levels, this.config.view);
    if (typeof plan === "string") return run.refuse(plan);
    run.level = plan.level;
    run.patch_offset = plan.centre;
    if (frame.tilt_sigma_deg !== undefined) run.tilt = { sigma_deg: frame.tilt_sigma_deg, agl_m: frame.agl_m };
    const around = near === undefined ? undefined : this.patchNeighbourhood(plan, near);
    if (around !== undefined && this.offMap(around)) return run.refuse("off-map");

    const agl_sigma_ratio = frame.agl_sigma_m / frame.agl_m;
    const hypotheses = queryHypotheses(frame.yaw_sigma_deg, agl_sigma_ratio, this.config.retrieve);
    const { query, wider } = await run.time("rectify", () => this.rectify(frame, plan, hypotheses));
    if (contrast(query) < this.config.view.min_contrast) return run.refuse("featureless");
    const encoded = await run.time("encode", () => this.queryEncoder.encode(query, hypotheses, wider));
    const retrieval = await run.time("retrieve", async () =>
      this.parts.retriever.retrieve(encoded, plan.level, this.config.retrieve.candidates, around),
    );
    run.retrieved = retrieval.candidates;
    run.sightings = retrieval.sightings;
    run.cells = retrieval.cells;
    if (run.retrieved.length === 0) return run.refuse("no-candidates");
    run.ranked = await run.time("rerank", () =>
      this.parts.reranker.rerank(encoded, run.retrieved, this.promptValues(frame, plan), query),
    );
    const { best, near: close } = await run.time("register", () =>
      this.parts.registrar.register(
        encoded,
        this.judgeable(encoded, run.ranked),
        agl_sigma_ratio,
        around && ((candidate) => within(around, candidate)),
      ),
    );
    if (best === null) return run.refuse("off-map");
    return run
      .time("estimate", async () => {
        run.near = close === null ? null : this.match(frame, plan, close);
        return this.judge(run, frame, plan, best);
      })
      .then((refusal) => run.end(refusal));
  }

  get info(): PipelineInfo {
    const { pack, encoder, reranker, registrar, embedder } = this.parts;
    const { name, created, counts } = pack.manifest;
    return {
      pack: { name, created, cells: counts.cells },
      encoder: encoder.id,
      reranker: reranker.id,
      registrar: registrar.id,
      ...(embedder === undefined ? {} : { retriever: embedder.id }),
    };
  }

  async close(): Promise<void> {
    const { pack, encoder, reranker, registrar, embedder } = this.parts;
    await encoder.release();
    await embedder?.release();
    await reranker.release();
    await registrar.release();
    pack.close();
  }

  /**
   * Candidates as the registrar's acceptance may weigh them. It was fitted to the encoder's cosines; another retriever's
   * mean something else (those of HOG are high for any two places). The encoder's own take their place.
   */
  private judgeable(query: EncodedQuery, ranked: readonly RankedCandidate[]): readonly RankedCandidate[] {
    return ranked.map((candidate) => {
      const similarity = encoderSimilarity(query, candidate, this.parts.pack);
      return similarity === null ? candidate : { ...candidate, similarity };
    });
  }

  /** The patches, and with what lies around them where that is seen. Only the encoder's own descriptors use the latter. */
  private async rectify(
    frame: Frame,
    plan: QueryPlan,
    hypotheses: readonly Hypothesis[],
  ): Promise<{ query: RectifiedQuery; wider: RectifiedQuery | null }> {
    const { encoder, embedder, pack, rectifier } = this.parts;
    const level = pack.level(plan.level);
    const { gsd_m, cell_px } = level;
    const least = this.config.encode.surroundings_visible;
    const side_px = embedder === undefined ? rectifiedSide(plan, level, encoder, least) : cell_px;
    const { view, centre } = plan;
    const request = { image: frame.image, view, centre, gsd_m, side_px, hypotheses, fill: encoder.fillColour };
    const whole = await rectifier.rectify(request);
    return side_px === cell_px ? { query: whole, wider: null } : { query: centrePatches(whole, cell_px), wider: whole };
  }

  /** Where cells must lie to show what a vehicle in the neighbourhood sees. */
  private patchNeighbourhood(plan: QueryPlan, near: Neighbourhood): Neighbourhood {
    const { lat_deg, lon_deg } = offsetToLonLat(near, plan.centre.north_m, plan.centre.east_m);
    return { lat_deg, lon_deg, radius_m: near.radius_m + this.parts.pack.level(plan.level).cell_side_m / 2 };
  }

  /** True when the whole neighbourhood lies outside of the pack. */
  private offMap(around: Neighbourhood): boolean {
    const { bbox } = this.parts.pack.manifest;
    const northEast = offsetToLonLat(around, around.radius_m, around.radius_m);
    const southWest = offsetToLonLat(around, -around.radius_m, -around.radius_m);
    return (
      northEast.lat_deg < bbox.south ||
      southWest.lat_deg > bbox.north ||
      northEast.lon_deg < bbox.west ||
      southWest.lon_deg > bbox.east
    );
  }

  private promptValues(frame: Frame, plan: QueryPlan): PromptValues {
    const { gsd_m, cell_side_m } = this.parts.pack.level(plan.level);
    return {
      agl_m: frame.agl_m,
      footprint_m: cell_side_m,
      gsd_cm: gsd_m * 100,
      yaw_sigma_deg: frame.yaw_sigma_deg,
      agl_sigma_percent: (100 * frame.agl_sigma_m) / frame.agl_m,
      off_nadir_deg: plan.view.offNadirDeg(),
      ...seasonOf(frame.t_us, this.imagery_date),
    };
  }

  private match(frame: Frame, plan: QueryPlan, registration: Registration): Match {
    const { cov_ne_m2, heading_sigma_deg, scale_sigma, heading_at_end, scale_at_end } = registration;
    return {
      estimate: estimatePosition(frame, this.rig, plan.centre, registration, this.config.error_budget),
      heading_correction_deg: registration.heading_deg,
      scale: registration.scale,
      spread: { cov_ne_m2, heading_sigma_deg, scale_sigma, heading_at_end, scale_at_end },
    };
  }

  private judge(run: FrameRun, frame: Frame, plan: QueryPlan, registration: Registration): NoFixReason | null {
    const { measures } = registration;
    run.measures = measures;
    run.best = this.match(frame, plan, registration);
    if (registration.accepted) return null;
    const lead = Math.min(measures.peak_to_second, measures.peak_to_other);
    return lead < this.config.register.ambiguous_margin ? "ambiguous" : "not-this-place";
  }
}

/** Does a candidate's centre lie in a neighbourhood? */
function within(around: Neighbourhood, candidate: RankedCandidate): boolean {
  const { north_m, east_m } = lonLatToOffset(around, candidate);
  return Math.hypot(north_m, east_m) <= around.radius_m;
}
