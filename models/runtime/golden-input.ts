import { z } from "zod";
import type { TensorData } from "./native-session.js";

const shape = z.array(z.int().positive()).min(1).max(4);
const seed = z.int().nonnegative().max(0xffffffff);

/** How an input of a golden case is made, by arithmetic that gives the same bits everywhere (docs/providers.md). */
export const goldenInput = z.discriminatedUnion("fill", [
  /** Independent values between low and high. */
  z.strictObject({ fill: z.literal("uniform"), shape, seed, low: z.number(), high: z.number() }),
  /** [n, c, h, w], or [n, h, w, c] with `last`: values on a lattice of `step`, bilinear between. Looks like ground. */
  z.strictObject({
    fill: z.literal("smooth"),
    shape: z.array(z.int().positive()).length(4),
    seed,
    low: z.number(),
    high: z.number(),
    step: z.int().positive(),
    /** The channel is the last dimension. */
    last: z.boolean().optional(),
  }),
  /** int64 from low to high, both included. */
  z.strictObject({ fill: z.literal("integers"), shape, seed, low: z.int(), high: z.int() }),
  /** int64 0, 1, 2 ... and from 0 again at `below`. */
  z.strictObject({ fill: z.literal("count"), shape, below: z.int().positive() }),
]);
export type GoldenInput = z.infer<typeof goldenInput>;

/**
 * Marsaglia's xorshift32 (shifts 13, 17, 5). The state begins as `seed * 0x9E3779B1` modulo 2^32, or 1 where that is 0.
 *
 * @returns the next of its numbers divided by 2^32: above 0, below 1
 */
export function xorshift(seedOf: number): () => number {
  let state = Math.imul(seedOf, 0x9e3779b1) >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state / 4294967296;
  };
}

/** The tensor of a recipe. */
export function makeInput(recipe: GoldenInput): TensorData {
  const { shape: dims } = recipe;
  const count = dims.reduce((product, side) => product * side, 1);
  if (recipe.fill === "count") {
    return { dims, data: BigInt64Array.from({ length: count }, (_, i) => BigInt(i % recipe.below)) };
  }
  const next = xorshift(recipe.seed);
  switch (recipe.fill) {
    case "uniform":
      return {
        dims,
        data: Float32Array.from({ length: count }, () => recipe.low + (recipe.high - recipe.low) * next()),
      };
    case "integers": {
      const choices = recipe.high - recipe.low + 1;
      const data = BigInt64Array.from({ length: count }, () => BigInt(recipe.low + Math.floor(choices * next())));
      return { dims, data };
    }
    case "smooth":
      return { dims, data: smooth(recipe, next) };
  }
}

type SmoothInput = Extract<GoldenInput, { fill: "smooth" }>;

/** Plane after plane: first the lattice row by row, then the values between its corners. */
function smooth(recipe: SmoothInput, next: () => number): Float32Array {
  const { low, high, step, last = false } = recipe;
  const [n = 1, second = 1, third = 1, fourth = 1] = recipe.shape;
  const [channels, height, width] = last ? [fourth, second, third] : [second, third, fourth];
  const rows = Math.floor((height - 1) / step) + 2;
  const columns = Math.floor((width - 1) / step) + 2;
  const lattice = new Float64Array(rows * columns);
  const data = new Float32Array(n * channels * height * width);
  for (let plane = 0; plane < n * channels; plane++) {
    for (let i = 0; i < lattice.length; i++) lattice[i] = low + (high - low) * next();
    const image = Math.floor(plane / channels);
    const base = last ? image * height * width * channels + (plane % channels) : plane * height * width;
    const stride = last ? channels : 1;
    for (let y = 0; y < height; y++) {
      const fy = (y % step) / step;
      for (let x = 0; x < width; x++) {
        const fx = (x % step) / step;
        const at = Math.floor(y / step) * columns + Math.floor(x / step);
        const top = between(lattice[at], lattice[at + 1], fx);
        const bottom = between(lattice[at + columns], lattice[at + columns + 1], fx);
        data[base + (y * width + x) * stride] = between(top, bottom, fy);
      }
    }
  }
  return data;
}

function between(a = 0, b = 0, part: number): number {
  return a + (b - a) * part;
}
