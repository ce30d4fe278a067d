import { availableParallelism } from "node:os";
import { Command, InvalidArgumentError } from "commander";
import { shippedModel } from "../../models/runtime/paths.js";
import type { Provider } from "../../models/runtime/session.js";
import { UserError } from "../../tiles/errors.js";
import { DATASETS, datasetReader } from "../eval/datasets/registry.js";
import { evaluateTask, figures, pooled, type TaskSums } from "../eval/evaluate.js";
import { FITS, type Fit } from "../eval/images.js";
import { GalleryReranker, openRetriever } from "../eval/model.js";
import { ProgressBar } from "../eval/progress.js";
import { type EvalReport, reportJson, reportTable } from "../eval/report.js";
import { type DatasetOptions, DIRECTIONS, type Direction, type OpenDataset } from "../eval/task.js";
import { checkWritable, writeFileAtomic } from "../report/atomic-file.js";
import { unknownWord } from "../text/nearest.js";
import { providerLadder, wholeNumber } from "./options.js";

interface EvalFlags {
  readonly model?: string;
  readonly reranker?: string;
  /** commander turns --no-rerank into rerank = false. */
  readonly rerank: boolean;
  readonly rerankK: number;
  readonly headings: number;
  readonly northUp?: true;
  readonly fit: Fit;
  readonly direction?: Direction;
  readonly heights?: readonly number[];
  readonly flights?: readonly string[];
  readonly limit?: number;
  readonly json?: string;
  readonly threads: number;
  readonly providers: readonly Provider[];
}

/** More threads than this bring nothing to networks of this size. */
const MOST_THREADS = 4;

/** Signals that stop a run, and the exit codes that shells expect of them. */
const INTERRUPTS = [
  ["SIGINT", 130],
  ["SIGTERM", 143],
] as const;

/** `skylink-agent eval`: a retriever on a benchmark, by the benchmark's own protocol. */
export function evalCommand(): Command {
  return new Command("eval")
    .summary("measure retrieval and re-ranking on a public benchmark")
    .description(
      "Measures a retriever, before and after re-ranking, on a benchmark in its own folder layout and by its own " +
        `protocol: ${DATASETS.map(({ title }) => title).join(", ")}.`,
    )
    .argument("<dataset>", DATASETS.map(({ name }) => name).join(", "))
    .argument("<folder>", "the data set as downloaded and unpacked")
    .option("--model <folder>", "model folder of kind encoder or retriever, instead of the shipped encoder")
    .option(
      "--reranker <folder>",
      "re-ranker instead of the shipped one: a model folder, or a Hugging Face ONNX export",
    )
    .option("--no-rerank", "leave the re-ranker out")
    .option("--rerank-k <k>", "how many of the best images of a query are re-ranked", wholeNumber(1), 20)
    .option("--headings <n>", "try each query at n headings, evenly around; the best counts", wholeNumber(1), 1)
    .option("--north-up", "turn queries to north-up where the data set tells the heading (uav-visloc)")
    .option("--fit <how>", `pictures that are not square: ${FITS.join(" or ")}`, oneOf("--fit", FITS), "squeeze")
    .option("--direction <which>", `only ${DIRECTIONS.join(" or ")}`, oneOf("direction", DIRECTIONS))
    .option("--heights <list>", "sues-200: only these heights in metres, such as 150,200", heightList)
    .option("--flights <list>", "uav-visloc: only these flights, such as 03,04", nameList)
    .option("--limit <n>", "only n queries of each task, evenly spread: a quick look", wholeNumber(1))
    .option("--json <file>", "write the report as JSON")
    .option("--threads <n>", "threads for the networks", wholeNumber(1), Math.min(MOST_THREADS, availableParallelism()))
    .option(
      "--providers <list>",
      "where networks run, tried in this order; each that fails is reported: tensorrt,cuda,cpu",
      providerLadder,
      ["cpu"],
    )
    .addHelpText(
      "after",
      [
        "",
        "Examples:",
        "  $ skylink-agent eval university-1652 data/University-1652 --json report.json",
        "  $ skylink-agent eval sues-200 data/SUES-200 --heights 150,300 --headings 36",
        "  $ skylink-agent eval denseuav data/DenseUAV --model models/my-retriever --no-rerank",
        "  $ skylink-agent eval uav-visloc data/UAV-VisLoc --flights 04 --north-up --fit crop",
        "",
        "Exit codes: 0 done, 2 wrong input (the message says what and where), 1 a fault of this program.",
      ].join("\n"),
    )
    .action(async (dataset: string, folder: string, flags: EvalFlags) => {
      await run(dataset, folder, flags);
    });
}

async function run(name: string, folder: string, flags: EvalFlags): Promise<void> {
  if (!flags.rerank && flags.reranker !== undefined) {
    throw new UserError("--no-rerank and --reranker contradict each other; give one of them");
  }
  const wanted: DatasetOptions = {
    ...(flags.direction === undefined ? {} : { direction: flags.direction }),
    ...(flags.heights === undefined ? {} : { heights_m: flags.heights }),
    ...(flags.flights === undefined ? {} : { flights: flags.flights }),
  };
  const reader = datasetReader(name, wanted);
  if (flags.json !== undefined) checkWritable(flags.json);
  // Leaves through process.exit, so that temporary files go.
  for (const [signal, code] of INTERRUPTS) process.once(signal, () => process.exit(code));
  const dataset = await reader.read(folder, wanted);
  const report = await evaluate(dataset, reader.title, folder, flags);
  if (flags.json !== undefined) writeFileAtomic(flags.json, reportJson(report));
  process.stdout.write(`${reportTable(report)}\n`);
}

async function evaluate(dataset: OpenDataset, title: string, folder: string, flags: EvalFlags): Promise<EvalReport> {
  const session = {
    threads: flags.threads,
    providers: flags.providers,
    log: (line: string) => process.stderr.write(`provider failed: ${line}\n`),
  };
  const retriever = await openRetriever(flags.model ?? shippedModel("encoder"), session);
  const reranker = flags.rerank
    ? await GalleryReranker.load(flags.reranker ?? shippedModel("reranker"), flags.fit, session)
    : null;
  const bar = new ProgressBar(process.stderr);
  const options = {
    retriever,
    reranker,
    rerank_k: flags.rerankK,
    headings: flags.headings,
    northUp: flags.northUp === true,
    fit: flags.fit,
    limit: flags.limit ?? null,
  };
  try {
    const done: { name: string; sums: TaskSums }[] = [];
    for (const { name, open } of dataset.tasks) {
      bar.show(`${name}  opening`, 0, 1);
      const { task, close } = await open();
      try {
        const onProgress = (what: string, count: number, total: number): void =>
          bar.show(`${name}  ${what}`, count, total);
        done.push({ name, sums: await evaluateTask(task, { ...options, onProgress }) });
      } finally {
        close();
      }
    }
    const poolName = dataset.pooled;
    return {
      dataset: title,
      folder,
      models: { retriever: { id: retriever.id, sha256: retriever.sha256 }, reranker: reranker?.id ?? null },
      options: {
        rerank_k: reranker === null ? null : options.rerank_k,
        headings: options.headings,
        north_up: options.northUp,
        fit: options.fit,
        limit: options.limit,
      },
      left_out: dataset.leftOut,
      tasks: done.map(({ name, sums }) => figures(name, sums)),
      pooled: poolName === null || done.length < 2 ? null : figures(poolName, pooled(done.map(({ sums }) => sums))),
    };
  } finally {
    bar.end();
    await retriever.release();
    await reranker?.release();
  }
}

/** Parser of an option that takes one of a few words. */
function oneOf<Word extends string>(what: string, words: readonly Word[]): (text: string) => Word {
  return (text) => {
    const word = words.find((one) => one === text);
    if (word === undefined) throw new InvalidArgumentError(unknownWord(what, text, words));
    return word;
  };
}

function nameList(text: string): string[] {
  const names = text.split(",").map((part) => part.trim());
  if (names.some((name) => name === "")) throw new InvalidArgumentError("expected names with commas between them.");
  return [...new Set(names)];
}

function heightList(text: string): number[] {
  return nameList(text).map((part) => wholeNumber(1)(part.replace(/\s*m$/, "")));
}
