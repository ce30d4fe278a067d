import { mkdirSync } from "node:fs";
import { availableParallelism } from "node:os";
import { resolve } from "node:path";
import { Command } from "commander";
import { shippedModel, userEngines } from "../../models/runtime/paths.js";
import { PROVIDERS, type Provider } from "../../models/runtime/session.js";
import { errorMessage, UserError } from "../../tiles/errors.js";
import type { ModelFolders } from "../config/load.js";
import { checkWritable, writeFileAtomic } from "../report/atomic-file.js";
import { warmupReport, warmupText } from "../warmup/report.js";
import { type WarmupPlan, warmUp } from "../warmup/trials.js";
import { providerLadder, wholeNumber } from "./options.js";

/** What the command line says. */
export interface WarmupFlags {
  readonly config?: string;
  readonly encoder?: string;
  readonly reranker?: string;
  readonly registrar?: string;
  readonly retriever?: string;
  /** commander turns --no-rerank into rerank = false. */
  readonly rerank: boolean;
  readonly providers?: readonly Provider[];
  readonly threads?: number;
  readonly engines?: string;
  readonly json?: string;
}

/** More threads than this bring nothing to networks of this size. */
const MOST_THREADS = 4;

/** `skylink-agent warmup`: try every network on every provider, and make TensorRT's engines. */
export function warmupCommand(): Command {
  return new Command("warmup")
    .summary("try the networks on every provider, make TensorRT's engines, check the output")
    .description(
      "Loads the networks that `run` would load, on every provider of the ladder, and compares what they compute with the\n" +
        "CPU's golden output in model.json. For TensorRT it makes the engine files that `run` and `replay` need: that takes\n" +
        "minutes, once. Stop the agent first, and run it as the agent's user, so that the agent can read the engines.",
    )
    .option("--config <file>", "take models, providers, threads and state_dir from the agent's configuration")
    .option("--encoder <folder>", "encoder model instead of the shipped one")
    .option("--reranker <folder>", "re-ranker model instead of the shipped one")
    .option("--no-rerank", "leave the re-ranker out")
    .option("--registrar <folder>", "registrar model instead of the shipped one")
    .option("--retriever <folder>", "also a retriever model")
    .option(
      "--providers <list>",
      `where to try (default: the configuration's, or ${PROVIDERS.join(",")})`,
      providerLadder,
    )
    .option("--threads <n>", "threads for the networks on the CPU", wholeNumber(1))
    .option("--engines <folder>", "where TensorRT's engines lie (default: the configuration's, or this user's cache)")
    .option("--json <file>", "write the report as JSON")
    .addHelpText(
      "after",
      [
        "",
        "Examples:",
        "  $ sudo -u skylink skylink-agent warmup --config /etc/skylink-agent/agent.toml",
        "  $ skylink-agent warmup --providers cuda,cpu --json warmup.json",
        "",
        "Exit codes: 0 every network runs on the first provider asked for, 3 some run on a lower one, 4 the CPU computes",
        "something else than the golden output, 5 some run nowhere, 2 wrong input, 1 a fault of this program.",
      ].join("\n"),
    )
    .action(async (flags: WarmupFlags) => {
      await run(flags);
    });
}

async function run(flags: WarmupFlags): Promise<void> {
  if (!flags.rerank && flags.reranker !== undefined) {
    throw new UserError("--no-rerank and --reranker contradict each other; give one of them");
  }
  if (flags.json !== undefined) checkWritable(flags.json);
  const plan = await warmupPlan(flags);
  if (plan.providers.includes("tensorrt")) makeFolder(plan.engines);
  const trials = await warmUp(plan, {
    trial: ({ provider, file, state }) => progress(`${provider}: ${file}: ${state}`),
    building: ({ path }) => progress(`tensorrt: ${path}: building an engine, this can take minutes`),
  });
  const report = warmupReport(plan, trials);
  process.stdout.write(warmupText(report));
  if (flags.json !== undefined) writeFileAtomic(flags.json, `${JSON.stringify(report, null, 2)}\n`);
  process.exitCode = report.exit_code;
}

/**
 * What is tried: the configuration's, and what the command line says instead.
 *
 * @throws UserError for a configuration that is wrong
 */
export async function warmupPlan(flags: WarmupFlags): Promise<WarmupPlan> {
  const configured = flags.config === undefined ? null : await configuredPlan(flags.config);
  const base: ModelFolders = configured?.folders ?? {
    encoder: shippedModel("encoder"),
    reranker: shippedModel("reranker"),
    registrar: shippedModel("registrar"),
  };
  const retriever = flags.retriever ?? base.retriever;
  return {
    folders: {
      encoder: flags.encoder ?? base.encoder,
      reranker: flags.rerank ? (flags.reranker ?? base.reranker) : null,
      registrar: flags.registrar ?? base.registrar,
      ...(retriever === undefined ? {} : { retriever }),
    },
    providers: flags.providers ?? configured?.providers ?? PROVIDERS,
    threads: flags.threads ?? configured?.threads ?? Math.min(MOST_THREADS, availableParallelism()),
    engines: resolve(flags.engines ?? configured?.engines ?? userEngines()),
  };
}

async function configuredPlan(file: string): Promise<WarmupPlan> {
  // Loaded only when asked for: MAVLink's catalogue comes with it.
  const { enginesFolder, loadConfig, modelFolders } = await import("../config/load.js");
  const { config } = loadConfig(file);
  const { providers, threads } = config.agent;
  return { folders: modelFolders(config), providers, threads, engines: enginesFolder(config) };
}

function makeFolder(path: string): void {
  try {
    mkdirSync(path, { recursive: true });
  } catch (thrown) {
    throw new UserError(
      `--engines: ${path} cannot be made (${errorMessage(thrown)}); name a folder that you may write`,
    );
  }
}

function progress(text: string): void {
  if (process.stderr.isTTY === true) process.stderr.write(`${text}\n`);
}
