/** Writes pictures of one invented place at several dates, for training and for looking at. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import sharp from "sharp";
import { errorMessage, UserError } from "../tiles/errors.js";
import { makeEpoch } from "./world/epoch.js";
import type { LandUse } from "./world/layout/model.js";
import { World } from "./world/world.js";

const LAND_USES: readonly LandUse[] = ["urban", "suburban", "rural", "forest", "mixed"];

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      seed: { type: "string", default: "1" },
      "size-px": { type: "string", default: "1536" },
      gsd: { type: "string", default: "0.4" },
      epochs: { type: "string", default: "3" },
      "land-use": { type: "string" },
      out: { type: "string" },
    },
  });
  if (values.out === undefined) throw new UserError("--out DIR is missing: name the folder to write to");
  const seed = whole("--seed", values.seed);
  const size_px = whole("--size-px", values["size-px"]);
  const epochs = whole("--epochs", values.epochs);
  const gsd_m = Number(values.gsd);
  if (!(gsd_m >= 0.05 && gsd_m <= 5))
    throw new UserError(`--gsd ${values.gsd}: give metres per pixel between 0.05 and 5`);
  const landUse = LAND_USES.find((use) => use === values["land-use"]);
  if (values["land-use"] !== undefined && landUse === undefined)
    throw new UserError(`--land-use ${values["land-use"]}: one of ${LAND_USES.join(", ")}`);
  const size_m = size_px * gsd_m;
  const world = new World({ seed, size_m, style: landUse === undefined ? {} : { landUse } });
  mkdirSync(values.out, { recursive: true });
  const dates = [];
  for (let e = 0; e < epochs; e++) {
    const epoch = makeEpoch(seed, e, world.origin.lat_deg);
    const rgb = world.render({
      epoch,
      north_m: size_m / 2,
      east_m: -size_m / 2,
      width_px: size_px,
      height_px: size_px,
      gsd_m,
    });
    const file = `world_${seed}_e${e}.png`;
    await sharp(rgb, { raw: { width: size_px, height: size_px, channels: 3 } })
      .png({ compressionLevel: 4 })
      .toFile(join(values.out, file));
    dates.push({ file, epoch });
  }
  const description = { seed, size_px, gsd_m, style: world.style, counts: world.counts, dates };
  writeFileSync(join(values.out, `world_${seed}.json`), `${JSON.stringify(description, null, 1)}\n`);
}

function whole(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0) throw new UserError(`${name} ${text}: give a whole number`);
  return value;
}

main().catch((thrown: unknown) => {
  process.stderr.write(`error: ${errorMessage(thrown)}\n`);
  process.exitCode = thrown instanceof UserError ? 2 : 1;
});
