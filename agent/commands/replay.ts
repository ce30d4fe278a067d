import { availableParallelism } from "node:os";
import { Command } from "commander";
import { userEngines } from "../../models/runtime/paths.js";
import type { Provider } from "../../models/runtime/session.js";
import { UserError } from "../../tiles/errors.js";
import { PackReader } from "../../tiles/pack/reader.js";
import { type Flight, readFlight } from "../flight/flight.js";
import type { LinkPublisher, PublisherCounts } from "../mavlink/open-publisher.js";
import { DEFAULT_NAVIGATION_CONFIG, type NavigationConfig } from "../navigation/config.js";
import { framesTable } from "../replay/frames-table.js";
import { replay } from "../replay/replay.js";
import { checkWritable, writeFileAtomic } from "../report/atomic-file.js";
import { reportTable } from "../report/table.js";
import { VisionClient } from "../vision/client.js";
import { DEFAULT_VISION_CONFIG } from "../vision/config.js";
import type { PipelineOptions } from "../vision/pipeline.js";
import { nonNegativeNumber, positiveNumber, providerLadder, wholeNumber } from "./options.js";

interface ReplayFlags {
  readonly pack: string;
  readonly json?: string;
  readonly framesCsv?: string;
  readonly mavlink?: string;
  readonly stills?: true;
  readonly encoder?: string;
  readonly reranker?: string;
  readonly registrar?: string;
  readonly retriever?: string;
  /** commander turns --no-rerank into rerank = false. */
  readonly rerank: boolean;
  readonly candidates: number;
  readonly maxSpeed: number;
  readonly latency: number;
  readonly fixInterval: number;
  readonly threads: number;
  readonly providers: readonly Provider[];
  readonly engines?: string;
  readonly limit?: number;
}

/** More threads than this bring nothing to networks of this size. */
const MOST_THREADS = 4;

/** `skylink-agent replay`: a recorded flight through the real pipeline. */
export function replayCommand(): Command {
  return new Command("replay")
    .summary("run a recorded flight through the real pipeline and report")
    .description(
      "Runs a flight folder (flight.toml, frames.csv, frames/) through the real pipeline on a pack and prints a " +
        "report. Frames go in order, through odometry, belief, estimator and every gate, as in flight; with --stills " +
        "every frame is judged alone, from nothing, over the whole pack.",
    )
    .argument("<flight>", "flight folder")
    .requiredOption("--pack <folder>", "the map: NAME.skypack")
    .option("--stills", "judge every frame alone: no odometry, no filter, no agreement of frames")
    .option("--json <file>", "write the report as JSON")
    .option("--frames-csv <file>", "write one line of results for each frame")
    .option(
      "--mavlink <url>",
      "send the fixes as MAVLink 2: udpout:HOST:PORT or tcp:HOST:PORT (with --stills every one is a reset: never to an aircraft)",
    )
    .option(
      "--candidates <k>",
      "candidates that are re-ranked",
      wholeNumber(1),
      DEFAULT_VISION_CONFIG.retrieve.candidates,
    )
    .option("--no-rerank", "leave the re-ranker out: candidates stay in the order of retrieval")
    .option("--encoder <folder>", "encoder model instead of the shipped one (must be the pack's)")
    .option(
      "--reranker <folder>",
      "re-ranker instead of the shipped one: a model folder, or a vision-language model (docs/vlm.md)",
    )
    .option("--registrar <folder>", "registrar model instead of the shipped one")
    .option("--retriever <folder>", "retriever model (must be the one that the pack was made with)")
    .option(
      "--max-speed <mps>",
      "fastest the vehicle flies over ground, metres per second",
      positiveNumber,
      DEFAULT_NAVIGATION_CONFIG.integrity.max_speed_mps,
    )
    .option("--latency <ms>", "let the results of vision enter so much later, milliseconds", nonNegativeNumber, 0)
    .option("--fix-interval <s>", "least time between frames that vision looks at, seconds", nonNegativeNumber, 0)
    .option("--threads <n>", "threads for the networks", wholeNumber(1), Math.min(MOST_THREADS, availableParallelism()))
    .option(
      "--providers <list>",
      "where networks run, tried in this order; each that fails is reported: tensorrt,cuda,cpu",
      providerLadder,
      ["cpu"],
    )
    .option(
      "--engines <folder>",
      "TensorRT's engines, as `skylink-agent warmup` made them (default: this user's cache)",
    )
    .option("--limit <n>", "only the first n frames", wholeNumber(1))
    .addHelpText(
      "after",
      [
        "",
        "Examples:",
        "  $ skylink-agent replay flights/field --pack area.skypack --json report.json",
        "  $ skylink-agent replay flights/field --pack area.skypack --stills --frames-csv frames.csv",
        "  $ skylink-agent replay flights/field --pack area.skypack --mavlink udpout:127.0.0.1:14550",
        "",
        "Exit codes: 0 done, 2 wrong input (the message says what and where), 1 a fault of this program.",
      ].join("\n"),
    )
    .action(async (flight: string, flags: ReplayFlags) => {
      await run(flight, flags);
    });
}

async function run(flightDir: string, flags: ReplayFlags): Promise<void> {
  if (!flags.rerank && flags.reranker !== undefined) {
    throw new UserError("--no-rerank and --reranker contradict each other; give one of them");
  }
  for (const file of [flags.json, flags.framesCsv]) if (file !== undefined) checkWritable(file);
  const whole = await readFlight(flightDir);
  const flight = flags.limit === undefined ? whole : { ...whole, frames: whole.frames.slice(0, flags.limit) };
  const publisher = await openLink(flags.mavlink);
  try {
    await replayOn(flight, flags, publisher);
  } finally {
    await publisher?.close();
  }
}

async function replayOn(flight: Flight, flags: ReplayFlags, publisher: LinkPublisher | undefined): Promise<void> {
  const client = await VisionClient.open(pipelineOptions(flight, flags));
  const progress = new ProgressLine();
  try {
    const { frames, report } = await replay(flight, client, {
      pack: flags.pack,
      stills: flags.stills === true,
      navigation: navigationConfig(flags),
      latency_ms: flags.latency,
      fix_interval_s: flags.fixInterval,
      ...(publisher === undefined ? {} : { publisher }),
      onFrame: (frame, done, total) => {
        progress.show(`frame ${done}/${total}  ${frame.published === null ? (frame.reason ?? "") : "fix"}`);
      },
    });
    progress.end();
    if (flags.framesCsv !== undefined) writeFileAtomic(flags.framesCsv, framesTable(frames, cellSides(flags.pack)));
    if (flags.json !== undefined) writeFileAtomic(flags.json, `${JSON.stringify(report, null, 2)}\n`);
    const sent = publisher === undefined ? "" : `\n\n  ${linkSummary(publisher.counts())}`;
    process.stdout.write(`${reportTable(report)}${sent}\n`);
  } finally {
    progress.end();
    await client.close();
  }
}

function pipelineOptions(flight: Flight, flags: ReplayFlags): PipelineOptions {
  const retrieve = { ...DEFAULT_VISION_CONFIG.retrieve, candidates: flags.candidates };
  const reranker = flags.rerank ? flags.reranker : null;
  return {
    pack: flags.pack,
    rig: flight.rig,
    config: { ...DEFAULT_VISION_CONFIG, retrieve },
    threads: flags.threads,
    providers: flags.providers,
    engines: flags.engines ?? userEngines(),
    ...(flags.encoder === undefined ? {} : { encoder: flags.encoder }),
    ...(reranker === undefined ? {} : { reranker }),
    ...(flags.registrar === undefined ? {} : { registrar: flags.registrar }),
    ...(flags.retriever === undefined ? {} : { retriever: flags.retriever }),
  };
}

function navigationConfig({ maxSpeed }: ReplayFlags): NavigationConfig {
  const { integrity } = DEFAULT_NAVIGATION_CONFIG;
  return { ...DEFAULT_NAVIGATION_CONFIG, integrity: { ...integrity, max_speed_mps: maxSpeed } };
}

async function openLink(url: string | undefined): Promise<LinkPublisher | undefined> {
  if (url === undefined) return undefined;
  // Loaded only when asked for: the MAVLink catalogue is large.
  const { openPublisher, PUBLISHER_NAMES } = await import("../mavlink/open-publisher.js");
  return openPublisher(url, { messages: PUBLISHER_NAMES, origin: "first-fix" });
}

/** `mavlink: 12 fixes; sent global_position_sensor 12, …`. */
function linkSummary({ fixes, sent, skipped, notSent }: PublisherCounts): string {
  const list = (counts: Readonly<Record<string, number>>): string =>
    Object.entries(counts)
      .map(([name, count]) => `${name} ${count}`)
      .join(", ") || "nothing";
  const lost = notSent === 0 ? "" : `; ${notSent} messages not sent, the link was down`;
  const left = Object.keys(skipped).length === 0 ? "" : `; left out: ${list(skipped)}`;
  return `mavlink: ${fixes} fixes; sent ${list(sent)}${left}${lost}`;
}

function cellSides(packDir: string): (level: number) => number {
  const pack = PackReader.open(packDir);
  const sides = new Map(pack.manifest.levels.map(({ level }) => [level, pack.level(level).cell_side_m]));
  pack.close();
  return (level) => sides.get(level) ?? 0;
}

/** One line on a terminal that is written over and over; silent when stderr is no terminal. */
class ProgressLine {
  private readonly shown = process.stderr.isTTY === true;

  show(text: string): void {
    if (this.shown) process.stderr.write(`\r\x1b[K${text}`);
  }

  end(): void {
    if (this.shown) process.stderr.write("\r\x1b[K");
  }
}
