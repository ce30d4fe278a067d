/**
 * Writes the registered cross-date pairs as a map and a flight, for replaying by hand and for calibration.
 *
 *     node dist/bench/make-pairs.js --data DIR --out DIR [--from held-out|seen] [--queries N] [--heading-error DEG] [--seed N]
 */
import { UserError } from "../tiles/errors.js";
import { commandLine, numberWithin, required, wholeNumber } from "./command-line.js";
import { buildPairs } from "./datasets/cross-date-pairs.js";

const { values } = commandLine({
  options: {
    data: { type: "string" },
    out: { type: "string" },
    from: { type: "string", default: "held-out" },
    queries: { type: "string", default: "24" },
    "heading-error": { type: "string", default: "0" },
    seed: { type: "string", default: "7" },
  },
});
const data = required("--data", values.data, "the folder with sztaki_airchange and change_pairs");
const out = required("--out", values.out, "the folder to write");
if (values.from !== "held-out" && values.from !== "seen")
  throw new UserError(`--from ${values.from}: give held-out or seen`);
const headingError_deg = numberWithin("--heading-error", values["heading-error"], 0, 180);
const { queries } = await buildPairs(data, out, {
  queriesEach: wholeNumber("--queries", values.queries),
  seed: wholeNumber("--seed", values.seed, 0),
  headingError_deg,
  headingSigma_deg: 5 + headingError_deg,
  heightFactor: 1,
  queriesFrom: values.from,
});
process.stdout.write(`${out}: map.tif and a flight of ${queries} frames\n`);
