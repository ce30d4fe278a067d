/**
 * Writes the registered cross-date pairs as a map and a flight, for replaying by hand and for calibration.
 *
 *     node dist/bench/make-pairs.js --data DIR --out DIR [--from held-out|seen] [--queries N] [--heading-error DEG] [--seed N]
 */
import { parseArgs } from "node:util";
import { buildPairs } from "./datasets/cross-date-pairs.js";

const { values } = parseArgs({
  options: {
    data: { type: "string" },
    out: { type: "string" },
    from: { type: "string", default: "held-out" },
    queries: { type: "string", default: "24" },
    "heading-error": { type: "string", default: "0" },
    seed: { type: "string", default: "7" },
  },
});
if (values.data === undefined || values.out === undefined || !["held-out", "seen"].includes(values.from)) {
  process.stderr.write("error: give --data DIR and --out DIR; --from is held-out or seen\n");
  process.exit(2);
}
const { queries } = await buildPairs(values.data, values.out, {
  queriesEach: Number(values.queries),
  seed: Number(values.seed),
  headingError_deg: Number(values["heading-error"]),
  headingSigma_deg: 5 + Number(values["heading-error"]),
  heightFactor: 1,
  queriesFrom: values.from === "seen" ? "seen" : "held-out",
});
process.stdout.write(`${values.out}: map.tif and a flight of ${queries} frames\n`);
