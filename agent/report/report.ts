import { lonLatToOffset, offsetToLonLat } from "../../tiles/geodesy/wgs84.js";
import type { Fix } from "../fix.js";
import type { OdometryStep } from "../navigation/odometry/step.js";
import type { NavigationSolution } from "../navigation/solution.js";
import type { PipelineInfo } from "../vision/pipeline.js";
import { type Candidate, type FrameResult, STAGES, type Stage } from "../vision/result.js";
import { type NavigationReport, navigationReport } from "./navigation.js";
import { mean, part, percentile, rootMeanSquare } from "./statistics.js";

/** A position on the earth. */
interface Place {
  readonly lat_deg: number;
  readonly lon_deg: number;
}

/** One frame as the report judges it. */
export interface JudgedFrame {
  readonly t_us: number;
  readonly file: string;
  readonly truth: Place | null;
  /** What the pipeline said of the frame alone; null when vision had no time for it. */
  readonly result: FrameResult | null;
  /** What was published with this frame (its own fix with --stills), and why nothing was. */
  readonly published: Fix | null;
  readonly reason: string | null;
  /** The frame's odometry, what navigation knew, and what it said of the frame's fix; null with --stills. */
  readonly odometry: OdometryStep | null;
  readonly navigation: NavigationSolution | null;
  readonly verdict: string | null;
}

/** Part of queries whose true place is among the first k candidates. */
export interface Recall {
  readonly at_1: number | null;
  readonly at_5: number | null;
  readonly at_10: number | null;
}

/** Percentiles of a stage's time. */
export interface StagePercentiles {
  readonly p50: number | null;
  readonly p95: number | null;
  readonly p99: number | null;
}

/**
 * The report of a replay, of SITL and of a bench alike. Everything but stage_ms is the same for the same input.
 * Without truth, what needs it is null.
 */
export interface Report {
  readonly format: "skylink-report";
  readonly version: 1;
  /** stills: every frame alone, from nothing; sequence: frames in order, through odometry, belief and estimator. */
  readonly mode: "stills" | "sequence";
  readonly flight: string;
  readonly pack: PipelineInfo["pack"];
  readonly models: {
    readonly encoder: string;
    readonly reranker: string | null;
    readonly registrar: string;
    /** Only where the pack's descriptors are not the encoder's. */
    readonly retriever?: string;
  };
  readonly frames: number;
  readonly fixes: number;
  /** fixes / frames. */
  readonly availability: number;
  /** Horizontal error of the published fixes against the truth, metres. */
  readonly error_m: {
    readonly median: number | null;
    readonly p95: number | null;
    readonly rmse: number | null;
    readonly max: number | null;
  };
  /** Part of the published fixes with an error of at most so many metres. */
  readonly within_m: Readonly<Record<"5" | "10" | "25" | "50", number | null>>;
  /** Published fixes whose error exceeds max(3 eph, 50 m); null when no frame has a truth. */
  readonly false_fixes: number | null;
  /** Mean of e' P^-1 e over the published fixes; 2 when the covariances are right (two degrees of freedom). */
  readonly nees: number | null;
  /** Part of the published fixes whose error is at most 1, 2, 3 eph. */
  readonly coverage: { readonly sigma1: number | null; readonly sigma2: number | null; readonly sigma3: number | null };
  /** From the first frame to the first fix, seconds. */
  readonly time_to_first_fix_s: number | null;
  readonly recall: {
    /** Frames whose truth is known and whose true patch centre lies on the pack. */
    readonly queries: number;
    readonly before: Recall;
    /** After re-ranking; null without a re-ranker. */
    readonly after: Recall | null;
  };
  /** How many frames gave no fix, by reason: a word of vision with --stills, else the first gate that did not hold. */
  readonly no_fix: Readonly<Record<string, number>>;
  /** Gates, odometry and what became of the fixes; null with --stills. */
  readonly navigation: NavigationReport | null;
  readonly stage_ms: Readonly<Record<Stage, StagePercentiles>>;
}

/** What the report needs besides the frames. */
export interface ReportContext {
  readonly mode: Report["mode"];
  readonly flight: string;
  readonly info: PipelineInfo;
  /** The pack's area, degrees. */
  readonly bbox: { readonly west: number; readonly south: number; readonly east: number; readonly north: number };
  /** Side of a level's cells, metres. */
  readonly cell_side_m: (level: number) => number;
}

/** False fixes are those beyond this many eph, and beyond this many metres. */
const FALSE_EPH = 3;
const FALSE_M = 50;

/** Error of a fix against the truth: north, east, distance, and e' P^-1 e. */
export function fixError(fix: Fix, truth: Place): { north_m: number; east_m: number; error_m: number; nees: number } {
  const { north_m, east_m } = lonLatToOffset(truth, fix);
  const { nn, ne, ee } = fix.cov_ne_m2;
  const nees = (ee * north_m * north_m - 2 * ne * north_m * east_m + nn * east_m * east_m) / (nn * ee - ne * ne);
  return { north_m, east_m, error_m: Math.hypot(north_m, east_m), nees };
}

/** True when the error of a published fix is one that its own uncertainty does not excuse. */
export function isFalseFix(fix: Fix, error_m: number): boolean {
  return error_m > Math.max(FALSE_EPH * fix.eph_m, FALSE_M);
}

/**
 * Place in the list (1 = first) of the first candidate whose centre is within half a cell side, north-south and
 * east-west, of the true patch centre; null when there is none.
 */
export function hitRank(
  candidates: readonly Candidate[],
  patch: Place,
  cell_side_m: (level: number) => number,
): number | null {
  const at = candidates.findIndex((candidate) => {
    const { north_m, east_m } = lonLatToOffset(patch, candidate);
    return Math.max(Math.abs(north_m), Math.abs(east_m)) <= cell_side_m(candidate.level) / 2;
  });
  return at < 0 ? null : at + 1;
}

/** The true patch centre of a frame: its truth plus the offset computed from the reported attitude. */
export function truePatchCentre(frame: JudgedFrame): Place | null {
  if (frame.truth === null) return null;
  const offset = frame.result?.patch_offset ?? null;
  return offset === null ? frame.truth : offsetToLonLat(frame.truth, offset.north_m, offset.east_m);
}

/** Puts the report together. */
export function makeReport(frames: readonly JudgedFrame[], context: ReportContext): Report {
  const fixes = frames.filter((frame) => frame.published !== null);
  const errors = frames.flatMap(({ published, truth }) =>
    published === null || truth === null ? [] : [{ published, ...fixError(published, truth) }],
  );
  const distances = errors.map((error) => error.error_m);
  const within = (limit_m: number): number | null => rounded(part(distances, (error) => error <= limit_m));
  const covered = (sigmas: number): number | null =>
    rounded(part(errors, ({ published, error_m }) => error_m <= sigmas * published.eph_m));
  const first = fixes[0];
  const start_us = frames[0]?.t_us ?? 0;
  const reasons = new Map<string, number>();
  for (const { reason } of frames) if (reason !== null) reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
  return {
    format: "skylink-report",
    version: 1,
    mode: context.mode,
    flight: context.flight,
    pack: context.info.pack,
    models: {
      encoder: context.info.encoder,
      reranker: context.info.reranker,
      registrar: context.info.registrar,
      ...(context.info.retriever === undefined ? {} : { retriever: context.info.retriever }),
    },
    frames: frames.length,
    fixes: fixes.length,
    availability: rounded(frames.length === 0 ? 0 : fixes.length / frames.length) ?? 0,
    error_m: {
      median: rounded(percentile(distances, 0.5)),
      p95: rounded(percentile(distances, 0.95)),
      rmse: rounded(rootMeanSquare(distances)),
      max: rounded(percentile(distances, 1)),
    },
    within_m: { "5": within(5), "10": within(10), "25": within(25), "50": within(50) },
    false_fixes: frames.every((frame) => frame.truth === null)
      ? null
      : errors.filter(({ published, error_m }) => isFalseFix(published, error_m)).length,
    nees: rounded(mean(errors.map((error) => error.nees))),
    coverage: { sigma1: covered(1), sigma2: covered(2), sigma3: covered(3) },
    time_to_first_fix_s: first === undefined ? null : rounded((first.t_us - start_us) / 1e6),
    recall: recallOf(frames, context),
    no_fix: Object.fromEntries([...reasons].sort(([a], [b]) => (a < b ? -1 : 1))),
    navigation: context.mode === "stills" ? null : navigationReport(frames, publishedError_m),
    stage_ms: stagePercentiles(frames),
  };
}

function publishedError_m({ published, truth }: JudgedFrame): number | null {
  return published === null || truth === null ? null : fixError(published, truth).error_m;
}

function recallOf(frames: readonly JudgedFrame[], context: ReportContext): Report["recall"] {
  const { bbox } = context;
  const queries = frames.flatMap((frame) => {
    const patch = truePatchCentre(frame);
    const onPack =
      patch !== null &&
      patch.lat_deg >= bbox.south &&
      patch.lat_deg <= bbox.north &&
      patch.lon_deg >= bbox.west &&
      patch.lon_deg <= bbox.east;
    return onPack && frame.result !== null ? [{ result: frame.result, patch }] : [];
  });
  const recall = (list: (result: FrameResult) => readonly Candidate[]): Recall => {
    const ranks = queries.map(({ result, patch }) => hitRank(list(result), patch, context.cell_side_m));
    const at = (k: number): number | null => rounded(part(ranks, (rank) => rank !== null && rank <= k));
    return { at_1: at(1), at_5: at(5), at_10: at(10) };
  };
  return {
    queries: queries.length,
    before: recall((result) => result.retrieved),
    after: context.info.reranker === null ? null : recall((result) => result.ranked),
  };
}

/** Percentiles of each stage over the frames that reached it; of the total over all frames that vision looked at. */
function stagePercentiles(frames: readonly JudgedFrame[]): Report["stage_ms"] {
  const entries = STAGES.map((stage) => {
    const times = frames
      .flatMap(({ result }) => result?.stage_ms[stage] ?? [])
      .filter((time) => stage === "total" || time > 0);
    const at = (fraction: number): number | null => rounded(percentile(times, fraction));
    return [stage, { p50: at(0.5), p95: at(0.95), p99: at(0.99) }] as const;
  });
  return Object.fromEntries(entries) as Report["stage_ms"];
}

/** Four decimals: a tenth of a millimetre is no information. */
function rounded(value: number | null): number | null {
  return value === null ? null : Math.round(value * 1e4) / 1e4;
}
