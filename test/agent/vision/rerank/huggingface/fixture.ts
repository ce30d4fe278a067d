import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { RgbImage } from "../../../../../agent/vision/rerank/huggingface/images/image.js";
import type { PromptValues } from "../../../../../agent/vision/rerank/prompt.js";
import { packageRoot } from "../../../../../models/runtime/paths.js";

/** A tensor of the reference: shape, sums, and every `step`th value. */
export interface TensorSummary {
  readonly shape: readonly number[];
  readonly sum: number;
  readonly sum_of_squares: number;
  readonly step: number;
  readonly values: readonly number[];
}

/** What transformers computed for a fixture (train/skylink_train/tiny_vlm/reference.py). */
export interface Reference {
  readonly values: PromptValues;
  readonly side_px: number;
  readonly query_seed: number;
  readonly candidate_seeds: readonly number[];
  readonly odd: { readonly width_px: number; readonly height_px: number; readonly seed: number };
  readonly answers: { readonly yes: readonly number[]; readonly no: readonly number[] };
  readonly candidates: readonly {
    readonly yes?: readonly number[];
    readonly no?: readonly number[];
    readonly score: number;
  }[];
  readonly text: string;
  readonly input_ids: readonly number[];
  readonly position_ids?: readonly (readonly number[])[];
  readonly pixels: {
    readonly patch: TensorSummary & {
      readonly rows?: number;
      readonly cols?: number;
      readonly grid?: readonly number[];
    };
    readonly odd: TensorSummary & { readonly rows?: number; readonly cols?: number; readonly grid?: readonly number[] };
  };
}

export type FixtureName = "smolvlm" | "smolvlm-score" | "qwen2-vl";

export function fixtureFolder(name: FixtureName): string {
  return join(packageRoot(), "test", "fixtures", "vlm", name);
}

/** Why tests with tiny models cannot run here, or false when they can. */
export const missing: string | false = existsSync(join(fixtureFolder("smolvlm"), "config.json"))
  ? false
  : "test/fixtures/vlm is not there; in train/: python -m skylink_train.tiny_vlm --out ../test/fixtures/vlm";

export function reference(name: FixtureName): Reference {
  return JSON.parse(readFileSync(join(fixtureFolder(name), "reference.json"), "utf8")) as Reference;
}

/** The pattern of tiny_vlm/prompt.py, to the last bit. */
export function picture(width: number, height: number, seed: number): RgbImage {
  const rgb = new Uint8Array(width * height * 3);
  for (let y = 0, to = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (let c = 0; c < 3; c++, to++) {
        rgb[to] = (x * (2 * seed + 1) + y * (3 * seed + 2) + Math.floor((x * y * seed) / 16) + c * 60) % 256;
      }
    }
  }
  return { width, height, rgb };
}

/** The query and the candidates that the reference was computed for. */
export function pictures(of: Reference): { query: RgbImage; candidates: RgbImage[] } {
  const make = (seed: number): RgbImage => picture(of.side_px, of.side_px, seed);
  return { query: make(of.query_seed), candidates: of.candidate_seeds.map(make) };
}
