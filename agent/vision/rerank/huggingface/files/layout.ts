import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { UserError } from "../../../../../tiles/errors.js";

/** The three graphs of a vision-language model. */
export const GRAPHS = ["vision_encoder", "embed_tokens", "decoder_model_merged"] as const;
export type GraphName = (typeof GRAPHS)[number];

/** Precisions and how their files end, the most exact first. */
const SUFFIXES = {
  fp32: "",
  fp16: "_fp16",
  int8: "_int8",
  uint8: "_uint8",
  q8: "_quantized",
  q4: "_q4",
  q4f16: "_q4f16",
  bnb4: "_bnb4",
} as const;
export type Precision = keyof typeof SUFFIXES;

export const PRECISIONS = Object.keys(SUFFIXES) as [Precision, ...Precision[]];

/** One precision for all graphs, or one for each; a graph that is not named takes the most exact file there is. */
export type PrecisionChoice = Precision | { readonly [Graph in GraphName]?: Precision | undefined };

/** Does a folder look like a Hugging Face model exported to ONNX? */
export function isHuggingFaceFolder(dir: string): boolean {
  return (
    existsSync(join(dir, "config.json")) &&
    (statSync(join(dir, "onnx"), { throwIfNoEntry: false })?.isDirectory() ?? false)
  );
}

/**
 * The file of each graph.
 *
 * @throws UserError when a graph has no file of the wanted precision, or parts of its weights are missing
 */
export function graphFiles(dir: string, choice: PrecisionChoice | undefined): Record<GraphName, string> {
  const present = new Set(readdirSync(join(dir, "onnx")));
  const file = (graph: GraphName): string => {
    const wanted = typeof choice === "string" ? choice : choice?.[graph];
    const name = wanted === undefined ? mostExact(graph, present) : `${graph}${SUFFIXES[wanted]}.onnx`;
    if (name === undefined || !present.has(name)) {
      const there = precisionsOf(graph, present);
      const what =
        name === undefined ? `no ${graph}` : `no ${name}${wanted === undefined ? "" : ` (precision ${wanted})`}`;
      const instead =
        there.length === 0
          ? `there are ${[...present].sort().join(", ") || "no files"}`
          : `${graph} is there in ${there.join(", ")}`;
      throw new UserError(`${join(dir, "onnx")}: has ${what}; ${instead}`);
    }
    const path = join(dir, "onnx", name);
    refusePointer(path);
    return path;
  };
  return {
    vision_encoder: file("vision_encoder"),
    embed_tokens: file("embed_tokens"),
    decoder_model_merged: file("decoder_model_merged"),
  };
}

function precisionsOf(graph: GraphName, present: ReadonlySet<string>): Precision[] {
  return PRECISIONS.filter((precision) => present.has(`${graph}${SUFFIXES[precision]}.onnx`));
}

function mostExact(graph: GraphName, present: ReadonlySet<string>): string | undefined {
  const [first] = precisionsOf(graph, present);
  return first === undefined ? undefined : `${graph}${SUFFIXES[first]}.onnx`;
}

/** A repository cloned without git-lfs holds small text files in the place of the weights. */
function refusePointer(path: string): void {
  const { size } = statSync(path);
  if (size < 1024 && readFileSync(path, "latin1").startsWith("version https://git-lfs")) {
    throw new UserError(`${path}: a pointer of git-lfs, not the file itself; run \`git lfs pull\` in the model folder`);
  }
}
