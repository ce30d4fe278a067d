import { UserError } from "../../../tiles/errors.js";
import { unknownWord } from "../../text/nearest.js";
import type { DatasetOptions, DatasetReader } from "../task.js";
import { denseUav } from "./denseuav.js";
import { sues200 } from "./sues.js";
import { university1652 } from "./university.js";
import { uavVisLoc } from "./visloc.js";

/** The benchmarks whose layouts and protocols are known. */
export const DATASETS: readonly DatasetReader[] = [university1652, sues200, denseUav, uavVisLoc];

/** The option of the command line that fills each of DatasetOptions. */
const FLAGS: Readonly<Record<keyof DatasetOptions, string>> = {
  direction: "--direction",
  heights_m: "--heights",
  flights: "--flights",
};

/**
 * The reader of a benchmark by its name on the command line.
 *
 * @throws UserError for an unknown name, with the nearest one, or an option that the benchmark does not have
 */
export function datasetReader(name: string, options: DatasetOptions): DatasetReader {
  const simple = (text: string): string => text.toLowerCase().replace(/[^a-z0-9]/g, "");
  const reader = DATASETS.find((one) => simple(one.name) === simple(name));
  if (reader === undefined) {
    throw new UserError(
      unknownWord(
        "data set",
        name,
        DATASETS.map((one) => one.name),
      ),
    );
  }
  for (const key of Object.keys(FLAGS) as (keyof DatasetOptions)[]) {
    if (options[key] === undefined || reader.takes.includes(key)) continue;
    const valid = reader.takes.map((one) => FLAGS[one]).join(", ");
    throw new UserError(`${FLAGS[key]} means nothing for ${reader.name}; it takes ${valid}`);
  }
  return reader;
}
