import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { z } from "zod";
import { drawFlight } from "../demo/picture.js";
import { makePlace } from "../demo/place.js";
import { demoScene } from "../demo/scene.js";
import { Interrupted } from "../demo/steps.js";
import { autopilotTable, failures } from "../demo/verdict.js";
import { checkWritable, writeFileAtomic } from "../report/atomic-file.js";
import type { JudgedFrame } from "../report/report.js";
import { reportTable } from "../report/table.js";
import { wholeNumber } from "./options.js";

interface DemoFlags {
  readonly headless?: true;
  readonly port: number;
  readonly json?: string;
  readonly picture?: string;
  readonly keep?: string;
  readonly seed: number;
}

/** As a shell says of a program that Ctrl-C has ended. */
const EXIT_INTERRUPTED = 130;

const packManifest = z.looseObject({
  bbox: z.looseObject({ west: z.number(), south: z.number(), east: z.number(), north: z.number() }),
});

/** `skylink-agent demo`: an invented place, its pack, and a flight over it that loses GPS, watched on the status page. */
export function demoCommand(): Command {
  return new Command("demo")
    .summary("watch a simulated flight lose GPS and go on with the shipped models")
    .description(
      "Invents a place, packs the map of one season, and flies a simulated ArduPilot copter over it in another. GPS is\n" +
        "jammed after a minute; from then on the autopilot flies on the positions that the agent finds in the pictures of\n" +
        "a simulated camera. The status page shows it, the report at the end says how well it went.\n" +
        "Needs no hardware, no network and no Python. All imagery is synthetic: the figures say that the whole way works,\n" +
        "not how it does over a real place.",
    )
    .option("--headless", "for scripts: no status page")
    .option("--port <n>", "port of the status page; 0 takes a free one", wholeNumber(0), 0)
    .option("--json <file>", "write the report as JSON")
    .option("--picture <file>", "draw map, true track and positions (PNG or JPEG)")
    .option("--keep <folder>", "keep map, pack, configuration and logs here (default: removed at the end)")
    .option("--seed <n>", "which place is invented", wholeNumber(0), 6)
    .addHelpText(
      "after",
      "\nExit codes: 0 done, 1 the flight went wrong (it says what), 2 wrong input, 130 interrupted.",
    )
    .action(async (flags: DemoFlags) => {
      process.exitCode = await demo(flags);
      // Whatever still holds the process (native code in a worker) must not hold it longer.
      process.exit();
    });
}

async function demo(flags: DemoFlags): Promise<number> {
  for (const file of [flags.json, flags.picture]) if (file !== undefined) checkWritable(file);
  const folder = flags.keep ?? mkdtempSync(join(tmpdir(), "skylink-demo-"));
  const end = new AbortController();
  const interrupt = (): void => end.abort();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, interrupt);
  try {
    mkdirSync(folder, { recursive: true });
    return await run(flags, folder, end.signal);
  } catch (thrown) {
    if (!(thrown instanceof Interrupted)) throw thrown;
    process.stderr.write("interrupted\n");
    return EXIT_INTERRUPTED;
  } finally {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.off(signal, interrupt);
    if (flags.keep === undefined) rmSync(folder, { recursive: true, force: true });
  }
}

async function run(flags: DemoFlags, folder: string, signal: AbortSignal): Promise<number> {
  const scene = demoScene(flags.seed);
  const { map, pack } = await makePlace(scene, folder, {
    inventing: () => say("1/3 inventing a place and photographing it from above (the map)"),
    packing: () => say("2/3 flash pack: encoding the map"),
    signal,
  });
  say("3/3 a copter flies over the place in another season; GPS will be jammed");
  // The daemon and its models are loaded only now: the two steps before need the computer's memory for themselves.
  const { flyDemo } = await import("../demo/flight.js");
  const statusPort = flags.headless === true ? null : flags.port;
  const { report, frames } = await flyDemo({ scene, folder, pack, statusPort, say, signal });

  process.stdout.write(`\nAll imagery is synthetic.\n\n${reportTable(report)}\n\n${autopilotTable(report)}\n`);
  if (flags.json !== undefined) writeFileAtomic(flags.json, `${JSON.stringify(report, null, 2)}\n`);
  if (flags.picture !== undefined) await draw(flags.picture, map, pack, frames);
  const wrong = failures(report);
  for (const line of wrong) process.stderr.write(`demo failed: ${line}\n`);
  return wrong.length === 0 ? 0 : 1;
}

async function draw(out: string, map: string, pack: string, frames: readonly JudgedFrame[]): Promise<void> {
  const { bbox } = packManifest.parse(JSON.parse(readFileSync(join(pack, "pack.json"), "utf8")));
  await drawFlight(
    {
      map,
      northWest: { lat_deg: bbox.north, lon_deg: bbox.west },
      southEast: { lat_deg: bbox.south, lon_deg: bbox.east },
      truth: frames.flatMap(({ truth }) => truth ?? []),
      fixes: frames.flatMap(({ published }) => published ?? []),
      side_px: 900,
    },
    out,
  );
}

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}
