/**
 * How far the outputs of the networks are from their golden ones when the CPU computes them otherwise: on more threads,
 * with fewer graph optimisations, or on another processor. The tolerances of models/runtime/golden-recipes.ts come from it.
 *
 *     node dist/bench/kernels.js [--models DIR,DIR,...] [--small] [--as-flown] [--json FILE]
 *     qemu-x86_64 -cpu Haswell-v4 $(which node) dist/bench/kernels.js --small --as-flown
 *
 * --small runs only the smallest golden case, --as-flown only one thread with all optimisations. Differences are given as
 * parts of the standard deviation of the output.
 */
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { writeFileAtomic } from "../agent/report/atomic-file.js";
import { compare, type GoldenGraph, goldenFeeds } from "../models/runtime/golden.js";
import { anyCard } from "../models/runtime/golden-recipes.js";
import { loadModelFolder } from "../models/runtime/model-folder.js";
import { openNative, type SessionRequest } from "../models/runtime/native-session.js";
import { shippedModel } from "../models/runtime/paths.js";
import { UserError } from "../tiles/errors.js";
import { commandLine } from "./command-line.js";

const { values } = commandLine({
  options: {
    models: { type: "string" },
    small: { type: "boolean", default: false },
    "as-flown": { type: "boolean", default: false },
    json: { type: "string" },
  },
});

type Way = Required<Pick<SessionRequest, "threads" | "optimisation">> & Pick<SessionRequest, "config">;

/** onnxruntime's default, with which an x86 without VNNI may saturate. */
const SATURATING = { "session.x64quantprecision": "0" };

/**
 * As flown; on more threads; with less and less of the graph rewritten: the last is the graph as its file says; and as
 * onnxruntime would compute it if it were not told otherwise.
 */
const WAYS: readonly Way[] = [
  { threads: 1, optimisation: "all" },
  { threads: Math.max(2, availableParallelism()), optimisation: "all" },
  { threads: 1, optimisation: "extended" },
  { threads: 1, optimisation: "basic" },
  { threads: 1, optimisation: "disabled" },
  { threads: 1, optimisation: "all", config: SATURATING },
];

interface Row extends Way {
  readonly file: string;
  readonly output: string;
  /** The worst of all cases. */
  readonly cosine: number;
  readonly difference_over_std: number;
}

async function rowsOf(path: string, file: string, golden: GoldenGraph, way: Way): Promise<Row[]> {
  const session = await openNative({ path, provider: "cpu", ...way });
  const rows = new Map<string, Row>();
  for (const one of golden.cases.slice(0, values.small ? 1 : undefined)) {
    const outputs = await session.run(goldenFeeds(one));
    for (const [output, fingerprint] of Object.entries(one.outputs)) {
      const single = { ...one, outputs: { [output]: fingerprint } };
      const { min_cosine, max_difference } = compare(outputs, single, golden.tolerance);
      const worst = rows.get(output) ?? { cosine: 1, difference_over_std: 0 };
      rows.set(output, {
        file,
        output,
        ...way,
        cosine: Math.min(worst.cosine, min_cosine),
        difference_over_std: Math.max(worst.difference_over_std, max_difference / fingerprint.std),
      });
    }
  }
  await session.release();
  return [...rows.values()];
}

async function main(): Promise<void> {
  const folders = values.models?.split(",") ?? [
    shippedModel("encoder"),
    shippedModel("registrar"),
    shippedModel("reranker"),
  ];
  const models = folders.map((dir) => loadModelFolder(dir, anyCard));
  const rows: Row[] = [];
  process.stdout.write("graph           output      threads  optimisation      cosine    largest difference / std\n");
  for (const { dir, card } of models) {
    if (card.golden === undefined) throw new UserError(`${dir}/model.json has no golden output`);
    for (const [file, golden] of Object.entries(card.golden.graphs)) {
      for (const way of values["as-flown"] ? WAYS.slice(0, 1) : WAYS) {
        for (const row of await rowsOf(join(dir, file), file, golden, way)) {
          rows.push(row);
          const { output, threads, cosine, difference_over_std } = row;
          const optimisation = row.config === undefined ? row.optimisation : `${row.optimisation}, default`;
          process.stdout.write(
            `${file.padEnd(15)} ${output.padEnd(11)} ${String(threads).padEnd(8)} ${optimisation.padEnd(17)} ` +
              `${cosine.toFixed(6)}  ${difference_over_std.toFixed(4)}\n`,
          );
        }
      }
    }
  }
  if (values.json !== undefined) writeFileAtomic(values.json, `${JSON.stringify(rows, null, 2)}\n`);
}

await main();
