import type { GeoPoint } from "../../tiles/geodesy/wgs84.js";

/** A picture of a benchmark. */
export interface EvalImage {
  readonly path: string;
}

/** What the re-ranker's prompt is told about a query; nominal values where the benchmark does not say. */
export interface ViewFacts {
  /** Height above ground, metres. */
  readonly agl_m: number;
  /** Side of the ground that the picture shows, metres. */
  readonly footprint_m: number;
  /** Angle of the optical axis from straight down, degrees. */
  readonly off_nadir_deg: number;
}

/** A query and the gallery images that show the same place. */
export interface EvalQuery extends EvalImage {
  /** Indices into the task's gallery; shared between queries of one place. */
  readonly positives: readonly number[];
  readonly view: ViewFacts;
  /** Where the top of the picture points, degrees clockwise from north; absent where the benchmark does not say. */
  readonly yaw_deg?: number;
}

/**
 * How average precision is taken from a ranking.
 *
 * "trapezoid": the area under the precision-recall curve by the trapezoid rule, as University-1652, SUES-200 and
 * DenseUAV publish it. "step": the mean of the precisions at the true images, as UAV-VisLoc's retrieval protocol does.
 */
export type PrecisionRule = "trapezoid" | "step";

/** Where queries and gallery images lie, for benchmarks that measure distances. */
export interface Positions {
  readonly query: readonly GeoPoint[];
  readonly gallery: readonly GeoPoint[];
  /** Distance by the benchmark's own formula, metres. */
  distance_m(a: GeoPoint, b: GeoPoint): number;
  /** s * d of SDM@K's exp(-s * d), by the benchmark's own formula. */
  decay(a: GeoPoint, b: GeoPoint): number;
  /** The K of SDM@K. */
  readonly sdm_at: readonly number[];
  /** Radii within which the best image must lie, metres. */
  readonly within_m: readonly number[];
}

/** One row of a benchmark's table: queries, a gallery, and which belong together. */
export interface EvalTask {
  readonly queries: readonly EvalQuery[];
  readonly gallery: readonly EvalImage[];
  /** Gallery images that count neither as right nor as wrong: they are taken out of every ranking. */
  readonly junk: ReadonlySet<number>;
  readonly precision: PrecisionRule;
  readonly positions: Positions | null;
}

/** A task whose files were checked; `open` makes what it needs on disk. */
export interface TaskSource {
  readonly name: string;
  open(): Promise<{ readonly task: EvalTask; close(): void }>;
}

/** What of a benchmark is wanted. */
export interface DatasetOptions {
  readonly direction?: Direction;
  /** SUES-200: metres. */
  readonly heights_m?: readonly number[];
  /** UAV-VisLoc: folder names. */
  readonly flights?: readonly string[];
}

export const DIRECTIONS = ["drone-to-satellite", "satellite-to-drone"] as const;
export type Direction = (typeof DIRECTIONS)[number];

/** A benchmark on disk. */
export interface OpenDataset {
  readonly tasks: readonly TaskSource[];
  /** What was left out, and why: one line each. */
  readonly leftOut: readonly string[];
  /** Name of the row that sums up all tasks, or null where the benchmark has none. */
  readonly pooled: string | null;
}

/** Reads one benchmark's folder layout. */
export interface DatasetReader {
  /** The word on the command line. */
  readonly name: string;
  readonly title: string;
  /** Which of DatasetOptions mean something here. */
  readonly takes: readonly (keyof DatasetOptions)[];
  /** @throws UserError when a folder or a file is not where the layout has it, or does not say what it must */
  read(root: string, options: DatasetOptions): Promise<OpenDataset>;
}
