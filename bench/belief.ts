/**
 * What an update of the belief costs against the size of the map: a vehicle that starts lost and is found, and one that
 * never is (every frame fits somewhere else), with the sightings of one frame a second.
 *
 *     node dist/bench/belief.js [--json FILE] [--updates N]
 */
import { writeFileSync } from "node:fs";
import { Belief, type PlaceSighting } from "../agent/navigation/belief/belief.js";
import { DEFAULT_NAVIGATION_CONFIG } from "../agent/navigation/config.js";
import { percentile } from "../agent/report/statistics.js";
import { DEFAULT_VISION_CONFIG } from "../agent/vision/config.js";
import { Rng } from "../sim/world/random.js";
import { commandLine, wholeNumber } from "./command-line.js";

const { values } = commandLine({ options: { json: { type: "string" }, updates: { type: "string", default: "200" } } });
const updates = wholeNumber("--updates", values.updates);
const SPACING_M = 17;
const HEADINGS = 36;

function clutter(random: Rng, count: number, side_m: number): PlaceSighting[] {
  return Array.from({ length: count }, () => ({
    north_m: (random.next() - 0.5) * side_m,
    east_m: (random.next() - 0.5) * side_m,
    heading_deg: 10 * Math.floor(random.next() * HEADINGS) - 180,
    similarity: 0.4 + 0.1 * random.next(),
  })).sort((a, b) => b.similarity - a.similarity);
}

const results = [];
for (const found of [true, false]) {
  for (const cells of [10_000, 100_000, 1_000_000]) {
    const random = new Rng(cells);
    const side_m = Math.sqrt(cells) * SPACING_M;
    const belief = new Belief(DEFAULT_NAVIGATION_CONFIG.belief, SPACING_M);
    const times: number[] = [];
    let most = 0;
    for (let i = 0; i < updates; i++) {
      const others = clutter(random, DEFAULT_VISION_CONFIG.retrieve.sightings - 1, side_m);
      const here = { north_m: 14 * i, east_m: 0, heading_deg: 0, similarity: 0.8 };
      const started = performance.now();
      belief.move({ north_m: 14, east_m: 0 }, 1, 1);
      belief.observe({
        sightings: found ? [here, ...others] : others,
        places: cells * HEADINGS,
        spacing_m: SPACING_M,
        accepted: false,
        novelty: 0.4,
      });
      times.push(performance.now() - started);
      most = Math.max(most, belief.size);
    }
    results.push({ found, cells, p50_ms: percentile(times, 0.5), p95_ms: percentile(times, 0.95), most_bins: most });
  }
}
process.stdout.write("start      cells    p50 ms   p95 ms   most bins\n");
for (const { found, cells, p50_ms, p95_ms, most_bins } of results) {
  const name = found ? "found" : "never";
  const ms = [p50_ms, p95_ms].map((value) => (value ?? 0).toFixed(2).padStart(9)).join("");
  process.stdout.write(`${name} ${String(cells).padStart(9)} ${ms} ${String(most_bins).padStart(11)}\n`);
}
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(results, null, 2)}\n`);
