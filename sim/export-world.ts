/**
 * Pictures of one invented place at several dates, for training and for looking at:
 * `node dist/sim/export-world.js --seed 7 --size-px 1536 --gsd 0.4 --epochs 3 --out DIR`
 * writes DIR/world_7_e0.png, _e1.png, ... on one pixel grid, and world_7.json.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { Options, PLACE_OPTIONS, runCommand, worldOf } from "./options.js";
import { makeEpoch } from "./world/epoch.js";

runCommand(async () => {
  const given = process.argv.slice(2);
  const options = new Options(
    { ...PLACE_OPTIONS, "size-m": undefined, "size-px": "1536", gsd: "0.4", epochs: "3", out: undefined },
    given,
  );
  const out = options.text("out");
  const size_px = options.whole("size-px", 16, 20000);
  const gsd_m = options.number("gsd", 0.05, 5);
  const size_m = options.optional("size-m") === undefined ? size_px * gsd_m : options.number("size-m", 50, 20000);
  const seed = options.whole("seed", 0, 0xffffffff);
  const world = worldOf(
    new Options({ ...PLACE_OPTIONS, "size-px": "", gsd: "", epochs: "", out: "" }, [
      ...given,
      "--size-m",
      String(size_m),
    ]),
  );
  mkdirSync(out, { recursive: true });
  const half = (size_px * gsd_m) / 2;
  const dates = [];
  for (let e = 0; e < options.whole("epochs", 1, 100); e++) {
    const epoch = makeEpoch(seed, e, Math.abs(world.origin.lat_deg));
    const rgb = world.render({ epoch, north_m: half, east_m: -half, width_px: size_px, height_px: size_px, gsd_m });
    const file = `world_${seed}_e${e}.png`;
    await sharp(rgb, { raw: { width: size_px, height: size_px, channels: 3 } })
      .png({ compressionLevel: 4 })
      .toFile(join(out, file));
    dates.push({ file, epoch });
  }
  const description = { seed, size_px, gsd_m, style: world.style, counts: world.counts, dates };
  writeFileSync(join(out, `world_${seed}.json`), `${JSON.stringify(description, null, 1)}\n`);
});
