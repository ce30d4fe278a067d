import { performance } from "node:perf_hooks";
import { Encoder, poolGrid } from "../../models/runtime/encoder.js";
import { shippedModel } from "../../models/runtime/paths.js";
import { seeded } from "../datasets/raster.js";
import { median } from "./compare.js";

/** How long one patch takes, milliseconds: the median of the runs, and the fastest of them. */
export interface EncoderTime {
  readonly median_ms: number;
  readonly least_ms: number;
}

/** The shipped encoder's time, and that of a float export beside it where one is given. */
export interface EncoderTimes {
  readonly side_px: number;
  readonly threads: number;
  readonly runs: number;
  readonly shipped: EncoderTime;
  readonly float: EncoderTime | null;
  /** Float over shipped, of the medians; null without a float export. */
  readonly ratio: number | null;
}

/** Runs before any is timed: the first ones allocate. */
const WARM_UP = 5;

/**
 * Times one patch of the size of a cell through the encoders' graphs, features and descriptor, on random pixels; two
 * encoders run in turn, so that other work on the machine falls on both.
 *
 * @param floatDir another export of the same network; null: the shipped one alone
 * @throws UserError when a folder cannot be used
 */
export async function timeEncoders(floatDir: string | null, threads: number, runs: number): Promise<EncoderTimes> {
  const shipped = await Encoder.load(shippedModel("encoder"), { threads });
  const float = floatDir === null ? null : await Encoder.load(floatDir, { threads });
  try {
    const side_px = shipped.cell_px;
    const random = seeded(1);
    const rgb = Uint8Array.from({ length: 3 * side_px * side_px }, () => Math.floor(256 * random()));
    const times = { shipped: [] as number[], float: [] as number[] };
    for (let run = -WARM_UP; run < runs; run++) {
      const shipped_ms = await encode(shipped, rgb, side_px);
      const float_ms = float === null ? null : await encode(float, rgb, side_px);
      if (run < 0) continue;
      times.shipped.push(shipped_ms);
      if (float_ms !== null) times.float.push(float_ms);
    }
    const [a, b] = [summary(times.shipped), float === null ? null : summary(times.float)];
    return { side_px, threads, runs, shipped: a, float: b, ratio: b === null ? null : b.median_ms / a.median_ms };
  } finally {
    await shipped.release();
    await float?.release();
  }
}

async function encode(encoder: Encoder, rgb: Uint8Array, side_px: number): Promise<number> {
  const from_ms = performance.now();
  const { coarse, coarseChannels, height, width } = await encoder.encodeDense(rgb, 1, side_px, side_px);
  const grid = new Float32Array(encoder.grid * encoder.grid * coarseChannels);
  const layout = { base: 0, channelStep: height * width, rowStep: width, columnStep: 1 };
  poolGrid(coarse, layout, width, encoder.grid, coarseChannels, grid, 0);
  await encoder.describe(grid, 1);
  return performance.now() - from_ms;
}

function summary(values: readonly number[]): EncoderTime {
  return { median_ms: median(values), least_ms: Math.min(...values) };
}

/** The times as lines of a report. */
export function encoderTimesText({ side_px, threads, runs, shipped, float, ratio }: EncoderTimes): string {
  const line = (name: string, { median_ms, least_ms }: EncoderTime): string =>
    `  ${name.padEnd(10)} p50 ${median_ms.toFixed(1).padStart(7)}   least ${least_ms.toFixed(1).padStart(7)}\n`;
  const head = `encoder, one patch of ${side_px} px, ${threads} threads, ${runs} runs, ms:\n`;
  const others =
    float === null || ratio === null ? "" : `${line("float", float)}  float / shipped ${ratio.toFixed(2)}\n`;
  return head + line("shipped", shipped) + others;
}
