/**
 * Fits the registrar's acceptance and covariance to measured registrations: replays flights whose truth is known, over their
 * own map and over maps of other places, and writes what train/skylink_train/export_registrar.py --calibration reads.
 *
 *     node dist/bench/calibrate.js --out calibration.json CSV[:kind] ...
 *
 * Each CSV is one of `replay --stills --frames-csv`; `:elsewhere` after its name says that the flight was over another place,
 * so that every position in it is wrong.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { UserError } from "../tiles/errors.js";
import { commandLine, required } from "./command-line.js";
import { type FrameRow, readFrames } from "./frames-summary.js";
import { fitLogistic } from "./logistic.js";

/** Measures that enter the acceptance. The re-ranker has no part in it, so that either can be replaced alone. */
const FEATURES = ["peak", "peak_to_second", "peak_to_other", "entropy", "similarity"] as const;
/** A position this far off, metres per metre of cell side, is another place and not an inaccurate one. */
const WRONG_PART_OF_CELL = 0.12;

const { values, positionals } = commandLine({
  options: { out: { type: "string" }, "cell-side": { type: "string", default: "88" } },
  allowPositionals: true,
});
const out = required("--out", values.out, "the file to write");
if (positionals.length === 0) throw new UserError("give at least one CSV of replay --stills --frames-csv");

interface Example {
  x: number[];
  right: boolean;
  row: FrameRow;
}
const examples: Example[] = [];
for (const argument of positionals) {
  const [path = "", ...tags] = argument.split(":");
  const elsewhere = tags.includes("elsewhere");
  const side = Number(tags.find((tag) => tag.startsWith("cell="))?.slice(5) ?? values["cell-side"]);
  for (const row of readFrames(readFileSync(path, "utf8"))) {
    const x = FEATURES.map((name) => row.measures[name] ?? Number.NaN);
    if (x.some((value) => !Number.isFinite(value)) || (row.error_m === null && !elsewhere)) continue;
    if (row.measures.at_border === 1) continue;
    examples.push({
      x,
      row,
      right: !elsewhere && (row.error_m ?? Number.POSITIVE_INFINITY) < WRONG_PART_OF_CELL * side,
    });
  }
}
const right = examples.filter((one) => one.right);
const wrong = examples.filter((one) => !one.right);
process.stdout.write(`${examples.length} registrations: ${right.length} right, ${wrong.length} wrong\n`);

const model = fitLogistic(
  examples.map((one) => one.x),
  examples.map((one) => one.right),
);
const quality = (one: Example): number =>
  1 / (1 + Math.exp(-(model.bias + one.x.reduce((sum, value, i) => sum + value * (model.weights[i] ?? 0), 0))));
// The threshold must refuse every wrong registration seen, and then some: half the odds of the best wrong one again.
const worst = Math.max(0.5, ...wrong.map(quality));
const odds = (worst / (1 - worst)) * 2;
const threshold = Math.min(0.9999, odds / (1 + odds));
const accepted = right.filter((one) => quality(one) >= threshold);
process.stdout.write(
  `threshold ${threshold.toFixed(4)}: accepts ${accepted.length} of ${right.length} right ones, 0 of ${wrong.length} wrong ones ` +
    `(upper 95 % bound of the rate: ${(100 * (1 - 0.05 ** (1 / Math.max(1, wrong.length)))).toFixed(2)} %)\n`,
);

const ratios = accepted.map(({ row }) => (row.error_m ?? 0) / (row.eph_m ?? 1)).sort((a, b) => a - b);
const at = (q: number): number => ratios[Math.min(ratios.length - 1, Math.floor(q * ratios.length))] ?? Number.NaN;
process.stdout.write(
  `error / eph of the accepted: median ${at(0.5).toFixed(2)}, p68 ${at(0.68).toFixed(2)}, p95 ${at(0.95).toFixed(2)}, max ${at(1).toFixed(2)}\n`,
);
writeFileSync(
  out,
  `${JSON.stringify(
    {
      acceptance: {
        bias: round(model.bias),
        // A peak on the border of the search window may be the flank of one outside it: never accepted.
        weights: {
          ...Object.fromEntries(FEATURES.map((name, i) => [name, round(model.weights[i] ?? 0)])),
          at_border: -100,
        },
        threshold: round(threshold),
      },
      results: {
        registrations: examples.length,
        right: right.length,
        wrong: wrong.length,
        accepted_right: accepted.length,
        accepted_wrong: 0,
      },
    },
    null,
    2,
  )}\n`,
);

function round(value: number): number {
  return Number(value.toPrecision(6));
}
