import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { z } from "zod";
import { type Machine, thisMachine } from "./machine.js";
import { RUNTIME_VERSION } from "./native-session.js";

const stamp = z.strictObject({
  format: z.literal(1),
  /** Of the `_ctx.onnx` file itself. */
  sha256: z.string(),
  /** Of the graph that the engine was made from. */
  model_sha256: z.string(),
  provider: z.string(),
  onnxruntime: z.string(),
  gpu: z.string().nullable(),
  driver: z.string().nullable(),
  tensorrt: z.string().nullable(),
});
type Stamp = z.infer<typeof stamp>;

/** What lies in the store for a graph. */
export interface Engine {
  /** The EPContext file, there or not. */
  readonly path: string;
  /** unstamped: made by hand; `skylink-agent warmup` checks it and writes the stamp. */
  readonly state: "valid" | "stale" | "unstamped" | "none";
  /** What differs; null unless stale. */
  readonly why: string | null;
}

/** Why an engine cannot be used, and what to do. */
export function engineProblem({ path, state, why }: Engine): string {
  const advice = "run `skylink-agent warmup`";
  if (state === "stale") return `its engine ${path} is stale (${why ?? ""}); ${advice}`;
  if (state === "unstamped") return `its engine ${path} was never checked; ${advice}`;
  return `there is no engine ${path}; ${advice}`;
}

/**
 * TensorRT's engines: onnxruntime EPContext files, `<engine folder>/<graph's sha256>/<name>_ctx.onnx`, each with a stamp
 * `<name>_ctx.json` of what it was made from and for. An engine fits one graph, one onnxruntime, one TensorRT and one GPU.
 */
export class EngineStore {
  constructor(
    readonly dir: string,
    private readonly machine: Machine = thisMachine(),
  ) {}

  /** Where the engine of a graph lies or will lie. */
  pathFor({ path, sha256 }: { readonly path: string; readonly sha256: string }): string {
    return join(this.dir, sha256.slice(0, 16), `${basename(path, ".onnx")}_ctx.onnx`);
  }

  /** Looks at the engine of a graph without loading it. */
  find(graph: { readonly path: string; readonly sha256: string }): Engine {
    const path = this.pathFor(graph);
    const bytes = read(path);
    if (bytes === null) return { path, state: "none", why: null };
    const text = read(stampPath(path));
    if (text === null) return { path, state: "unstamped", why: null };
    const why = this.stale(text, bytes, graph.sha256);
    return { path, state: why === null ? "valid" : "stale", why };
  }

  /** Removes a graph's engine, whole or not, its stamp, and the folder if nothing else is in it. */
  discard(graph: { readonly path: string; readonly sha256: string }): void {
    const path = this.pathFor(graph);
    for (const file of [stampPath(path), path]) rmSync(file, { force: true });
    try {
      rmdirSync(dirname(path));
    } catch {
      // Another graph's engine lies there, or there is no folder.
    }
  }

  /** Makes room for a new engine of a graph: an old one is gone, the folder is there. */
  prepare(graph: { readonly path: string; readonly sha256: string }): string {
    this.discard(graph);
    const path = this.pathFor(graph);
    mkdirSync(dirname(path), { recursive: true });
    return path;
  }

  /** Says of an engine that lies in its place that it was checked here. */
  stamp(graph: { readonly path: string; readonly sha256: string }): void {
    const path = this.pathFor(graph);
    const written = { format: 1, sha256: sha256(readFileSync(path)), ...this.expected(graph.sha256) } satisfies Stamp;
    const target = stampPath(path);
    const temporary = `${target}.tmp-${process.pid}`;
    writeFileSync(temporary, `${JSON.stringify(written, null, 2)}\n`);
    renameSync(temporary, target);
  }

  private expected(model_sha256: string): Omit<Stamp, "format" | "sha256"> {
    return { model_sha256, provider: "tensorrt", onnxruntime: RUNTIME_VERSION, ...this.machine };
  }

  private stale(text: Buffer, bytes: Buffer, model_sha256: string): string | null {
    const parsed = parseStamp(text);
    if (parsed === null) return "its stamp cannot be read";
    const here = this.expected(model_sha256);
    for (const key of ["model_sha256", "provider", "onnxruntime", "gpu", "driver", "tensorrt"] as const) {
      if (parsed[key] !== here[key])
        return `made for ${key} ${parsed[key] ?? "unknown"}, here is ${here[key] ?? "unknown"}`;
    }
    return parsed.sha256 === sha256(bytes) ? null : "the file has changed since it was checked";
  }
}

function stampPath(path: string): string {
  return path.replace(/\.onnx$/, ".json");
}

function parseStamp(text: Buffer): Stamp | null {
  try {
    return stamp.parse(JSON.parse(text.toString("utf8")));
  } catch {
    return null;
  }
}

function read(path: string): Buffer | null {
  try {
    return readFileSync(path);
  } catch {
    return null;
  }
}

function sha256(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}
