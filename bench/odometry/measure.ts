import sharp from "sharp";
import type { Covariance2 } from "../../agent/fix.js";
import type { OdometryConfig } from "../../agent/navigation/odometry/config.js";
import { VisualOdometry } from "../../agent/navigation/odometry/odometry.js";
import type { OdometryMotion } from "../../agent/navigation/odometry/step.js";
import type { Frame } from "../../agent/vision/frame.js";
import { type ReportedPoses, report, type TrueFlight } from "./poses.js";

/** What is printed of one run. */
export interface OdometryFigures {
  readonly frames: number;
  readonly steps: number;
  readonly keyframes: number;
  /** True length of the way that the steps cover. */
  readonly distance_m: number;
  readonly refused: Readonly<Record<string, number>>;
  /** Length of the error of summed steps over the true length of the way, percent; null when the flight is shorter. */
  readonly drift_percent: { readonly end: number; readonly mean_100m: number | null; readonly mean_1km: number | null };
  readonly step_error_m: number;
  /** Normalised estimation error squared over its two degrees of freedom: 1 where the covariance is true. */
  readonly nees: { readonly steps: number; readonly sums_100m: number | null; readonly sums_1km: number | null };
  /** Wall time of a frame; `raw` is grey pixels from memory, as a camera gives them. `raw_cpu`: time on the processor. */
  readonly frame_ms: { readonly file: Percentiles; readonly raw: Percentiles; readonly raw_cpu: number };
}

interface Percentiles {
  readonly p50: number;
  readonly p95: number;
}

/** Running sums at the end of a step. */
interface Sum {
  readonly distance_m: number;
  readonly north_m: number;
  readonly east_m: number;
  /** Summed displacement as odometry gave it, for the part of AGL's error. */
  readonly moved_north_m: number;
  readonly moved_east_m: number;
  readonly cov: Covariance2;
  readonly scale_sigma: number;
}

const RAW_FRAMES = 60;

/** Flies the frames with poses as reported and compares each step with the truth. */
export async function measure(
  flight: TrueFlight,
  errors: ReportedPoses,
  config: OdometryConfig,
): Promise<OdometryFigures> {
  const frames = report(flight, errors);
  const odometry = new VisualOdometry(flight.rig, config);
  const places = new Map(flight.frames.map((f) => [f.frame.t_us, f]));
  const refused: Record<string, number> = {};
  const sums: Sum[] = [
    {
      distance_m: 0,
      north_m: 0,
      east_m: 0,
      moved_north_m: 0,
      moved_east_m: 0,
      cov: { nn: 0, ne: 0, ee: 0 },
      scale_sigma: 0,
    },
  ];
  const stepNees: number[] = [];
  const times: number[] = [];
  const keyframes = new Set<number>();
  let squares = 0;
  for (const frame of frames) {
    const started = performance.now();
    const step = await odometry.observe(frame);
    times.push(performance.now() - started);
    if (step.refused !== null) {
      refused[step.refused] = (refused[step.refused] ?? 0) + 1;
      continue;
    }
    const from = places.get(step.from_t_us);
    const to = places.get(step.to_t_us);
    if (from === undefined || to === undefined) throw new Error("a step between frames that were never given");
    const north = to.north_m - from.north_m;
    const east = to.east_m - from.east_m;
    const error = { north_m: step.north_m - north, east_m: step.east_m - east };
    if (process.env.ODOMETRY_TRACE !== undefined) trace(step, error);
    keyframes.add(step.keyframe.t_us);
    squares += error.north_m ** 2 + error.east_m ** 2;
    stepNees.push(nees(error, withScale(step.cov_ne_m2, step.north_m, step.east_m, step.scale_sigma)));
    const last = sums.at(-1) as Sum;
    sums.push({
      distance_m: last.distance_m + Math.hypot(north, east),
      north_m: last.north_m + error.north_m,
      east_m: last.east_m + error.east_m,
      moved_north_m: last.moved_north_m + step.north_m,
      moved_east_m: last.moved_east_m + step.east_m,
      cov: sum(last.cov, step.cov_ne_m2, 1),
      scale_sigma: step.scale_sigma,
    });
  }
  const end = sums.at(-1) as Sum;
  const over100 = segments(sums, 100);
  const over1000 = segments(sums, 1000);
  return {
    frames: frames.length,
    steps: sums.length - 1,
    keyframes: keyframes.size,
    distance_m: end.distance_m,
    refused,
    drift_percent: {
      end: (100 * Math.hypot(end.north_m, end.east_m)) / end.distance_m,
      mean_100m: over100.drift_percent,
      mean_1km: over1000.drift_percent,
    },
    step_error_m: Math.sqrt(squares / Math.max(1, sums.length - 1)),
    nees: { steps: mean(stepNees), sums_100m: over100.nees, sums_1km: over1000.nees },
    frame_ms: { file: percentiles(times), ...(await timeRaw(flight, frames.slice(0, RAW_FRAMES), config)) },
  };
}

function trace(step: OdometryMotion, error: { north_m: number; east_m: number }): void {
  const { correlation, overlap, peak_ratio, scale, turn_deg } = step.quality;
  const numbers = [error.north_m, error.east_m, correlation, overlap, peak_ratio, scale, turn_deg];
  process.stderr.write(`${step.to_t_us} ${numbers.map((n) => n.toFixed(3)).join(" ")} ${step.keyframe.t_us}\n`);
}

function segments(sums: readonly Sum[], length_m: number): { drift_percent: number | null; nees: number | null } {
  const drifts: number[] = [];
  const all: number[] = [];
  let j = 0;
  for (const a of sums) {
    while (j < sums.length && (sums[j] as Sum).distance_m - a.distance_m < length_m) j++;
    const b = sums[j];
    if (b === undefined) break;
    const error = { north_m: b.north_m - a.north_m, east_m: b.east_m - a.east_m };
    drifts.push((100 * Math.hypot(error.north_m, error.east_m)) / (b.distance_m - a.distance_m));
    const moved = [b.moved_north_m - a.moved_north_m, b.moved_east_m - a.moved_east_m] as const;
    all.push(nees(error, withScale(sum(b.cov, a.cov, -1), moved[0], moved[1], b.scale_sigma)));
  }
  return drifts.length === 0 ? { drift_percent: null, nees: null } : { drift_percent: mean(drifts), nees: mean(all) };
}

/** The same frames as raw grey, as a camera would hand them over: without the time that a JPEG takes. */
async function timeRaw(
  flight: TrueFlight,
  frames: readonly Frame[],
  config: OdometryConfig,
): Promise<{ raw: Percentiles; raw_cpu: number }> {
  const odometry = new VisualOdometry(flight.rig, config);
  const { width_px, height_px } = flight.rig.intrinsics;
  const times: number[] = [];
  let cpu_us = 0;
  for (const frame of frames) {
    if (frame.image.kind !== "file") continue;
    const data = await sharp(frame.image.path).greyscale().raw().toBuffer();
    const image = { kind: "raw", width_px, height_px, channels: 1, data } as const;
    const before = process.cpuUsage();
    const started = performance.now();
    await odometry.observe({ ...frame, image });
    times.push(performance.now() - started);
    const used = process.cpuUsage(before);
    cpu_us += used.user + used.system;
  }
  return { raw: percentiles(times), raw_cpu: cpu_us / 1000 / Math.max(1, times.length) };
}

function withScale(cov: Covariance2, north_m: number, east_m: number, scale_sigma: number): Covariance2 {
  const s2 = scale_sigma * scale_sigma;
  return sum(cov, { nn: north_m * north_m, ne: north_m * east_m, ee: east_m * east_m }, s2);
}

function sum(a: Covariance2, b: Covariance2, factor: number): Covariance2 {
  return { nn: a.nn + factor * b.nn, ne: a.ne + factor * b.ne, ee: a.ee + factor * b.ee };
}

/** Over two, the degrees of freedom. */
function nees(error: { north_m: number; east_m: number }, { nn, ne, ee }: Covariance2): number {
  const { north_m: n, east_m: e } = error;
  return (ee * n * n - 2 * ne * n * e + nn * e * e) / (nn * ee - ne * ne) / 2;
}

function mean(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0) / Math.max(1, values.length);
}

function percentiles(values: readonly number[]): Percentiles {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (p: number): number => sorted[Math.min(sorted.length - 1, Math.floor(p * sorted.length))] ?? Number.NaN;
  return { p50: at(0.5), p95: at(0.95) };
}
