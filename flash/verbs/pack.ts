import { Command } from "commander";
import sharp from "sharp";
import { UserError } from "../../tiles/errors.js";
import { writeJson } from "../json-file.js";
import { buildPack } from "../pack/build.js";
import { type PackWords, parsePackOptions } from "../pack/options.js";
import { packTable } from "../pack/report.js";

const EXAMPLES = `
How large a frame is on the ground decides the size of a cell. Say it in one way:
  --agl 120 --hfov 66     height above ground and the camera's horizontal field of view: a cell's side is
                          9/16 of the ground width (the short side of a 16:9 frame), here 87.7 m
  --footprint 88          the cell's side in metres; --footprint 60,120 makes a level for each
  --gsd 0.39              metres a pixel; a cell has 224 pixels

Examples:
  flash pack ortho.tif --out area.skypack --agl 120 --hfov 66 --imagery-date 2024-05-17
  flash pack base.mbtiles newer.tif --out area.skypack --footprint 88 --source "Survey office"
  flash pack scan.tif --epsg 32633 --nodata 0 --out area.skypack --gsd 0.3 --stride 0.5

Inputs are GeoTIFF/COG (EPSG:3857, 4326, any UTM zone, or --epsg "+proj=...") and MBTiles with images. Several are
laid over each other in the order given: a later one wins wherever it has imagery.`;

/** `flash pack`: imagery to a mission pack. */
export function packCommand(): Command {
  return new Command("pack")
    .description("turn geo-referenced imagery into a mission pack")
    .argument("<input...>", "GeoTIFF or MBTiles files, bottom layer first")
    .requiredOption("--out <dir>", "the pack to make, a folder NAME.skypack")
    .option("--agl <m>", "height above ground the mission is flown at, metres (with --hfov)")
    .option("--hfov <deg>", "the camera's horizontal field of view, degrees (with --agl)")
    .option("--footprint <m[,m...]>", "side of a cell, metres; several make several levels")
    .option("--gsd <m>", "metres a pixel of the encoded map, instead of what follows from --agl and --hfov")
    .option(
      "--stride <fraction|m>",
      "distance between cells: up to 1 a share of the side, above it metres (default: 0.25)",
    )
    .option("--model <dir>", "encoder model folder (default: the one shipped)")
    .option("--retriever <dir>", "model folder that describes the cells instead of the encoder; the agent needs it too")
    .option("--name <text>", "name of the pack (default: the folder's)")
    .option("--imagery-date <date>", "when the imagery was taken, YYYY-MM-DD or YYYY-MM")
    .option("--source <text>", "whose imagery it is (default: the file's name)")
    .option("--epsg <code>", "coordinate system of a TIFF that does not name it, or names a wrong one")
    .option("--nodata <value>", "sample value that means no imagery, over the file's own")
    .option("--bbox <w,s,e,n>", "pack only this part, degrees")
    .option("--min-zoom <z>", "coarsest zoom of the image tiles (default: the map fits in four)")
    .option("--max-zoom <z>", "finest zoom of the image tiles (default: the imagery's resolution)")
    .option("--tile-format <format>", "jpeg or webp (default: jpeg)")
    .option("--overwrite", "replace a pack that is there already")
    .option("--json <file>", "write the report as JSON too (- for standard output)")
    .option("--threads <n>", "threads of the encoder (default: all cores)")
    .option("--quiet", "no progress, no report: only warnings and errors")
    .addHelpText("after", EXAMPLES)
    .action(run);
}

async function run(inputs: string[], words: PackWords & { json?: string; quiet?: boolean }): Promise<void> {
  const warn = (line: string): void => {
    process.stderr.write(`warning: ${line}\n`);
  };
  const options = parsePackOptions(inputs, words, warn);
  // libvips would keep decoded tiles of its own; one thread an image is best when several are in work.
  sharp.cache(false);
  sharp.concurrency(1);
  const stop = new AbortController();
  const onSignal = (signal: NodeJS.Signals): void => stop.abort(new Interrupted(signal));
  process.once("SIGINT", onSignal).once("SIGTERM", onSignal);
  try {
    const report = await buildPack(options, {
      progress: words.quiet === true ? null : process.stderr,
      warn,
      signal: stop.signal,
    });
    if (words.json !== undefined) writeJson(words.json, report);
    if (words.quiet !== true && words.json !== "-") process.stdout.write(`${packTable(report)}\n`);
  } finally {
    process.off("SIGINT", onSignal).off("SIGTERM", onSignal);
  }
}

/** The user stopped the program: it cleans up and ends as one killed by the signal would. */
export class Interrupted extends UserError {
  constructor(readonly signal: NodeJS.Signals) {
    super(`stopped by ${signal}; nothing was written`);
  }
}
