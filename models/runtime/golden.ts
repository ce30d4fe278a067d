import { z } from "zod";
import { goldenInput, makeInput, xorshift } from "./golden-input.js";
import type { TensorData, TensorOutputs } from "./native-session.js";

/** Values of an output that are kept. Enough for a cosine that a wrong kernel cannot meet by chance. */
const SAMPLES = 256;

const fingerprint = z.strictObject({
  shape: z.array(z.int().positive()).min(1),
  /** Mean and standard deviation of the whole output. */
  mean: z.number(),
  std: z.number().nonnegative(),
  /** base64 of float32, little-endian: the values at the positions that `seed` draws (docs/providers.md). */
  samples: z.base64(),
  seed: z.int().nonnegative(),
});
export type Fingerprint = z.infer<typeof fingerprint>;

const goldenGraph = z.strictObject({
  /** Of the file that the outputs belong to. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  /** For each output: how far a provider may be from the samples. */
  tolerance: z.record(
    z.string(),
    z.strictObject({ min_cosine: z.number().min(-1).max(1), max_difference: z.number().positive() }),
  ),
  /** From the smallest to the largest input that is flown. */
  cases: z
    .array(
      z.strictObject({
        inputs: z.record(z.string(), goldenInput),
        outputs: z.record(z.string(), fingerprint),
      }),
    )
    .min(1),
});
/** What one graph gives on a CPU, and how near another provider must come. */
export type GoldenGraph = z.infer<typeof goldenGraph>;
export type GoldenCase = GoldenGraph["cases"][number];

/** The optional `golden` of model.json: for each graph what it gives on a CPU for inputs that anybody can make. */
export const goldenSection = z.strictObject({
  format: z.literal(1),
  /** Runtime and processor that made it. */
  made_with: z.string(),
  graphs: z.record(z.string(), goldenGraph),
});
export type GoldenSection = z.infer<typeof goldenSection>;

/** How far outputs are from the golden ones; the worst over all outputs. */
export interface Difference {
  readonly min_cosine: number;
  readonly max_difference: number;
  /** What is out of tolerance, in words; null when nothing is. */
  readonly why: string | null;
}

/** The inputs of a case. */
export function goldenFeeds({ inputs }: GoldenCase): Record<string, TensorData> {
  return Object.fromEntries(Object.entries(inputs).map(([name, recipe]) => [name, makeInput(recipe)]));
}

/** The fingerprint of an output. */
export function fingerprintOf(data: Float32Array, dims: readonly number[], seed: number): Fingerprint {
  const { mean, std } = moments(data);
  const samples = sampled(data, seed);
  const bytes = Buffer.alloc(samples.length * 4);
  samples.forEach((value, i) => {
    bytes.writeFloatLE(value, i * 4);
  });
  return { shape: [...dims], mean, std, seed, samples: bytes.toString("base64") };
}

/** Compares what a graph gave for a case with what it should have given. */
export function compare(
  outputs: TensorOutputs,
  { outputs: expected }: GoldenCase,
  tolerance: GoldenGraph["tolerance"],
): Difference {
  let [min_cosine, max_difference] = [1, 0];
  for (const [name, golden] of Object.entries(expected)) {
    const given = outputs[name];
    const wrong = (why: string): Difference => ({ min_cosine: Number.NaN, max_difference: Number.NaN, why });
    if (given === undefined) return wrong(`there is no output ${name}`);
    if (given.dims.join() !== golden.shape.join()) {
      return wrong(`${name} is [${given.dims.join(",")}] instead of [${golden.shape.join(",")}]`);
    }
    const bad = given.data.reduce((count, value) => count + (Number.isFinite(value) ? 0 : 1), 0);
    if (bad > 0) return wrong(`${bad} of ${given.data.length} values of ${name} are not finite`);
    const there = distance(given.data, golden);
    min_cosine = Math.min(min_cosine, there.cosine);
    max_difference = Math.max(max_difference, there.difference);
    const allowed = tolerance[name];
    if (allowed === undefined) return wrong(`model.json has no tolerance for ${name}`);
    if (there.cosine < allowed.min_cosine || there.difference > allowed.max_difference) {
      const why =
        `${name} has cosine ${there.cosine.toFixed(5)} (at least ${allowed.min_cosine}) and is up to ` +
        `${there.difference.toPrecision(3)} off (at most ${allowed.max_difference.toPrecision(3)})`;
      return { min_cosine, max_difference, why };
    }
  }
  return { min_cosine, max_difference, why: null };
}

/** Cosine of the samples, and the largest difference of a sample, of the mean or of the standard deviation. */
function distance(data: Float32Array, golden: Fingerprint): { cosine: number; difference: number } {
  const bytes = Buffer.from(golden.samples, "base64");
  const here = sampled(data, golden.seed);
  const { mean, std } = moments(data);
  let difference = Math.max(Math.abs(mean - golden.mean), Math.abs(std - golden.std));
  let [dot, a2, b2] = [0, 0, 0];
  for (const [i, a] of here.entries()) {
    const b = i * 4 + 4 <= bytes.length ? bytes.readFloatLE(i * 4) : Number.NaN;
    const apart = Math.abs(a - b);
    // NaN must not get lost in a comparison: a short fingerprint is a difference without bound.
    difference = apart <= difference ? difference : Number.isNaN(apart) ? Number.POSITIVE_INFINITY : apart;
    dot += a * b;
    a2 += a * a;
    b2 += b * b;
  }
  const norm = Math.sqrt(a2 * b2);
  return { cosine: norm > 0 ? dot / norm : a2 === b2 ? 1 : 0, difference };
}

/** The values at SAMPLES drawn positions; all of them where there are no more. */
function sampled(data: Float32Array, seed: number): Float32Array {
  if (data.length <= SAMPLES) return data;
  const next = xorshift(seed);
  return Float32Array.from({ length: SAMPLES }, () => data[Math.floor(next() * data.length)] ?? Number.NaN);
}

function moments(data: Float32Array): { mean: number; std: number } {
  let sum = 0;
  for (const value of data) sum += value;
  const mean = sum / data.length;
  let square = 0;
  for (const value of data) square += (value - mean) ** 2;
  return { mean, std: Math.sqrt(square / data.length) };
}
