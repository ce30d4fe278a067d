/**
 * Drift of visual odometry alone, and what a frame costs, on a synthetic flight at 1280 x 720.
 *
 *     node dist/bench/odometry.js [--json FILE] [--flight DIR] [--pattern square] [--length-m 2000]
 *         [--rate-hz 4] [--seed 5] [--size-m 1200] [--land-use forest] [--flight-only]
 *
 * Renders the flight first (about a second a frame) unless one is given; a given one needs sim's truth.csv. The same
 * pictures are then judged with several kinds of reported pose. After that come a few short scenes that odometry must get
 * through or refuse.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ODOMETRY_CONFIG } from "../agent/navigation/odometry/config.js";
import { commandLine, wholeNumber } from "./command-line.js";
import { type HardFigures, hardScenes } from "./odometry/hard.js";
import { measure, type OdometryFigures } from "./odometry/measure.js";
import { REPORTS, readTruth } from "./odometry/poses.js";
import { runCli } from "./run-cli.js";

const { values } = commandLine({
  options: {
    json: { type: "string" },
    flight: { type: "string" },
    pattern: { type: "string", default: "square" },
    "length-m": { type: "string", default: "2000" },
    "rate-hz": { type: "string", default: "4" },
    seed: { type: "string", default: "5" },
    "size-m": { type: "string", default: "1200" },
    "land-use": { type: "string" },
    "flight-only": { type: "boolean", default: false },
  },
});

const work = mkdtempSync(join(tmpdir(), "skylink-odometry-"));
try {
  const flight = values.flight ?? join(work, "flight");
  if (values.flight === undefined) {
    const land = values["land-use"] === undefined ? [] : ["--land-use", values["land-use"]];
    const place = ["--seed", values.seed, "--size-m", values["size-m"], "--epoch", "1", ...land];
    const route = ["--pattern", values.pattern, "--length-m", values["length-m"], "--rate-hz", values["rate-hz"]];
    const lens = ["--width", "1280", "--height", "720", "--hfov", "66", "--agl", "120"];
    const exact = ["--yaw-sigma", "0", "--agl-sigma", "0", "--attitude-sigma", "0"];
    runCli("sim/make-flight.js", [...place, ...route, ...lens, ...exact, "--out", flight]);
  }
  const truth = await readTruth(flight);
  const results: Record<string, OdometryFigures> = {};
  for (const [name, report] of Object.entries(REPORTS)) {
    const noise = { ...ODOMETRY_CONFIG.noise, attitude_sigma_deg: report.attitude_sigma_deg };
    const figures = await measure(truth, report, { ...ODOMETRY_CONFIG, noise });
    results[name] = figures;
    print(name, figures);
  }
  const hard = values["flight-only"] ? {} : await hardScenes(wholeNumber("--seed", values.seed, 0));
  for (const [name, figures] of Object.entries(hard)) printHard(name, figures);
  if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify({ flight: results, hard }, null, 2)}\n`);
} finally {
  rmSync(work, { recursive: true, force: true });
}

function print(name: string, f: OdometryFigures): void {
  const percent = (value: number | null): string => (value === null ? "-" : `${value.toFixed(2)} %`);
  process.stdout.write(
    `${name}\n` +
      `  frames ${f.frames}, steps ${f.steps} over ${f.distance_m.toFixed(0)} m, keyframes ${f.keyframes}, ` +
      `refused ${reasons(f.refused)}\n` +
      `  drift, of distance: at the end ${percent(f.drift_percent.end)}, mean over 100 m ${percent(f.drift_percent.mean_100m)}, ` +
      `over 1 km ${percent(f.drift_percent.mean_1km)}\n` +
      `  error of a step, rms ${f.step_error_m.toFixed(3)} m; NEES / 2 of steps ${f.nees.steps.toFixed(2)}, ` +
      `of sums over 100 m ${f.nees.sums_100m?.toFixed(2) ?? "-"}, over 1 km ${f.nees.sums_1km?.toFixed(2) ?? "-"}\n` +
      `  ms a frame: file p50 ${f.frame_ms.file.p50.toFixed(1)} p95 ${f.frame_ms.file.p95.toFixed(1)}, ` +
      `raw p50 ${f.frame_ms.raw.p50.toFixed(1)} p95 ${f.frame_ms.raw.p95.toFixed(1)}, of CPU ${f.frame_ms.raw_cpu.toFixed(1)}\n`,
  );
}

function printHard(name: string, f: HardFigures): void {
  const drift = f.drift_percent === null ? "-" : `${f.drift_percent.toFixed(2)} %`;
  const worst = f.worst_step_m === null ? "-" : `${f.worst_step_m.toFixed(2)} m`;
  process.stdout.write(
    `${name}: frames ${f.frames}, steps ${f.steps}, drift ${drift}, worst step ${worst}, refused ${reasons(f.refused)}\n`,
  );
}

function reasons(refused: Readonly<Record<string, number>>): string {
  const counts = Object.entries(refused).map(([reason, count]) => `${count} ${reason}`);
  return counts.join(", ") || "none";
}
