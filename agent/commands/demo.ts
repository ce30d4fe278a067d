import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { z } from "zod";
import { UserError } from "../../tiles/errors.js";
import { drawFlight } from "../demo/picture.js";
import { publishedFixes } from "../demo/published.js";
import { runStep } from "../demo/steps.js";
import { readFlight } from "../flight/flight.js";
import { type ListenerReport, startListener } from "../mavlink/listener.js";
import { checkWritable, writeFileAtomic } from "../report/atomic-file.js";
import { wholeNumber } from "./options.js";

interface DemoFlags {
  readonly headless?: true;
  readonly json?: string;
  readonly picture?: string;
  readonly keep?: string;
  readonly seed: number;
}

const SIZE_M = 900;
const AGL_M = 120;
const HFOV_DEG = 66;
const FRAMES = 90;

const packManifest = z.looseObject({
  bbox: z.looseObject({ west: z.number(), south: z.number(), east: z.number(), north: z.number() }),
});

/** `skylink-agent demo`: an invented place, its pack, a flight over it a season later, fixes on a MAVLink link. */
export function demoCommand(): Command {
  return new Command("demo")
    .summary("fly a simulated GPS-denied flight with the shipped models")
    .description(
      "Invents a place, packs the map of one season, flies over it in another, finds the aircraft in every frame with\n" +
        "the shipped models, sends the fixes to a MAVLink listener that checks them, and prints the report.\n" +
        "Needs no hardware, no network and no Python. All imagery is synthetic: the figures say that the whole way works,\n" +
        "not how it does over a real place.",
    )
    .option("--headless", "for scripts; the demo has no window yet, so this changes nothing")
    .option("--json <file>", "write the report as JSON")
    .option("--picture <file>", "draw map, true track and fixes (PNG or JPEG)")
    .option("--keep <folder>", "keep map, pack, flight and results here (default: removed at the end)")
    .option("--seed <n>", "which place is invented", wholeNumber(0), 6)
    .action(async (flags: DemoFlags) => {
      await demo(flags);
    });
}

async function demo(flags: DemoFlags): Promise<void> {
  for (const file of [flags.json, flags.picture]) if (file !== undefined) checkWritable(file);
  const folder = flags.keep ?? mkdtempSync(join(tmpdir(), "skylink-demo-"));
  try {
    mkdirSync(folder, { recursive: true });
    await fly(flags, folder);
  } finally {
    if (flags.keep === undefined) rmSync(folder, { recursive: true, force: true });
  }
}

async function fly(flags: DemoFlags, folder: string): Promise<void> {
  const map = join(folder, "map.tif");
  const pack = join(folder, "area.skypack");
  const flight = join(folder, "flight");
  const reportFile = join(folder, "report.json");
  const framesFile = join(folder, "frames.csv");
  const place = ["--seed", String(flags.seed), "--size-m", String(SIZE_M)];

  say("1/4 inventing a place and photographing it from above (the map)");
  await runStep({ title: "map", entry: "sim/make-map.js", args: [...place, "--epoch", "0", "--out", map] });
  say("2/4 flash pack: encoding the map");
  const optics = ["--agl", String(AGL_M), "--hfov", String(HFOV_DEG)];
  await runStep({
    title: "pack",
    entry: "flash/cli.js",
    args: ["pack", map, "--out", pack, "--overwrite", "--source", "synthetic world", ...optics],
  });
  say("3/4 flying over the place in another season, without GPS");
  await runStep({
    title: "flight",
    entry: "sim/make-flight.js",
    args: [
      ...[...place, "--epoch", "1", "--pattern", "square", "--agl", String(AGL_M), "--hfov", String(HFOV_DEG)],
      ...["--frames", String(FRAMES), "--out", flight],
    ],
  });
  say("4/4 skylink-agent replay: camera → rectify → encode → retrieve → re-rank → register → fix → MAVLink");
  const listener = await startListener();
  let heard: ListenerReport;
  try {
    const args = ["replay", flight, "--pack", pack, "--json", reportFile, "--frames-csv", framesFile];
    const table = await runStep({
      title: "replay",
      entry: "agent/cli.js",
      args: [...args, "--mavlink", listener.url],
    });
    process.stdout.write(`\nAll imagery below is synthetic.\n\n${table}`);
  } finally {
    heard = await listener.close();
  }

  const fixes = publishedFixes(readFileSync(framesFile, "utf8"));
  const positions = heard.positions.filter(({ message }) => message === "GLOBAL_POSITION_SENSOR").length;
  process.stdout.write(
    `\n  MAVLink listener: ${heard.frames} frames, ${positions} positions, ${heard.lost} lost, ${heard.problemCount} problems\n`,
  );
  if (!heard.ok) throw new Error(`the MAVLink listener found problems: ${heard.problems.join("; ")}`);
  if (positions !== fixes.length)
    throw new Error(`${fixes.length} fixes were published, ${positions} positions arrived`);
  if (flags.picture !== undefined) await draw(flags.picture, map, pack, flight, fixes);
  if (flags.json !== undefined) writeFileAtomic(flags.json, readFileSync(reportFile, "utf8"));
}

async function draw(
  out: string,
  map: string,
  pack: string,
  flight: string,
  fixes: ReturnType<typeof publishedFixes>,
): Promise<void> {
  const { bbox } = packManifest.parse(JSON.parse(readFileSync(join(pack, "pack.json"), "utf8")));
  const truth = (await readFlight(flight)).frames.flatMap((frame) => (frame.truth === null ? [] : [frame.truth]));
  if (truth.length === 0) throw new UserError(`${flight}: has no true positions to draw`);
  await drawFlight(
    {
      map,
      northWest: { lat_deg: bbox.north, lon_deg: bbox.west },
      southEast: { lat_deg: bbox.south, lon_deg: bbox.east },
      truth,
      fixes,
      side_px: 900,
    },
    out,
  );
}

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}
