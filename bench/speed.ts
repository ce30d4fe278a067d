/**
 * How long the whole way takes on this machine, on synthetic input: packing one square kilometre at 0.3 m/px, and frame to fix
 * at 1080p with ten candidates; re-ranking twenty; and the encoder alone on one patch.
 *
 *     node dist/bench/speed.js [--json FILE] [--frames N] [--threads N] [--float DIR] [--encoder-only]
 *
 * --float times another export of the encoder (a model folder) beside the shipped one and prints the ratio. --encoder-only
 * leaves packing and flying out.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { writeFileAtomic } from "../agent/report/atomic-file.js";
import { commandLine, wholeNumber } from "./command-line.js";
import { encoderTimesText, timeEncoders } from "./precision/encoder-speed.js";
import { runCli } from "./run-cli.js";

const { values } = commandLine({
  options: {
    json: { type: "string" },
    frames: { type: "string", default: "15" },
    threads: { type: "string", default: "2" },
    float: { type: "string" },
    "encoder-only": { type: "boolean", default: false },
  },
});
/** How often the encoder alone is timed. */
const ENCODER_RUNS = 60;
const percentiles = z.object({ p50: z.number(), p95: z.number(), p99: z.number() });
const reportShape = z.looseObject({ frames: z.number(), stage_ms: z.record(z.string(), percentiles) });

async function main(): Promise<void> {
  const threads = wholeNumber("--threads", values.threads);
  wholeNumber("--frames", values.frames);
  const whole = values["encoder-only"] ? null : wholeWay();
  const encoder = await timeEncoders(values.float ?? null, threads, ENCODER_RUNS);
  process.stdout.write(encoderTimesText(encoder));
  if (values.json !== undefined) {
    writeFileAtomic(values.json, `${JSON.stringify({ ...whole, encoder }, null, 2)}\n`);
  }
}

/** Packs and flies in processes of their own, as a user would, and prints what they took. */
function wholeWay(): {
  pack_s: number;
  frames: number;
  stage_ms: z.infer<typeof reportShape>["stage_ms"];
  rerank_20_ms: z.infer<typeof percentiles>;
} {
  const work = mkdtempSync(join(tmpdir(), "skylink-speed-"));
  try {
    const place = ["--seed", "9", "--size-m", "1000"];
    const map = join(work, "map.tif");
    const pack = join(work, "area.skypack");
    const flight = join(work, "flight");
    const report = join(work, "report.json");
    runCli("sim/make-map.js", [...place, "--gsd", "0.3", "--out", map]);
    const packing = runCli("flash/cli.js", ["pack", map, "--out", pack, "--gsd", "0.3", "--quiet"]);
    const lens = ["--width", "1920", "--height", "1080", "--hfov", "66", "--agl", "120"];
    // The sigmas that a flight has when it states none: they decide how many headings and scales are tried.
    const sigmas = ["--yaw-sigma", "5", "--agl-sigma", "6"];
    runCli("sim/make-flight.js", [...place, ...lens, ...sigmas, "--frames", values.frames, "--out", flight]);
    const replay = (candidates: string): z.infer<typeof reportShape> => {
      const replayed = ["--stills", "--candidates", candidates, "--threads", values.threads, "--json", report];
      runCli("agent/cli.js", ["replay", flight, "--pack", pack, ...replayed]);
      return reportShape.parse(JSON.parse(readFileSync(report, "utf8")));
    };
    const { frames, stage_ms } = replay("10");
    process.stdout.write(`flash pack of 1 km² at 0.3 m/px: ${packing.seconds.toFixed(1)} s\n`);
    process.stdout.write(`frame to fix, 1920 x 1080, K = 10, ${values.threads} threads, ${frames} frames, ms:\n`);
    for (const [stage, { p50, p95 }] of Object.entries(stage_ms)) {
      process.stdout.write(
        `  ${stage.padEnd(10)} p50 ${p50.toFixed(1).padStart(7)}   p95 ${p95.toFixed(1).padStart(7)}\n`,
      );
    }
    const rerank_20_ms = replay("20").stage_ms.rerank;
    if (rerank_20_ms === undefined) throw new Error("the report has no stage named rerank");
    process.stdout.write(
      `re-ranking of 20 candidates in one batch, ms: p50 ${rerank_20_ms.p50.toFixed(1)}   p95 ${rerank_20_ms.p95.toFixed(1)}\n`,
    );
    return { pack_s: packing.seconds, frames, stage_ms, rerank_20_ms };
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

await main();
