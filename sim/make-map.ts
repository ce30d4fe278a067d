/** `node dist/sim/make-map.js --seed 1 --size-m 1000 --epoch 0 --gsd 0.3 --epsg 3857 --out MAP.tif` */
import { writeWorldMap } from "./map.js";
import { epochOf, Options, PLACE_OPTIONS, runCommand, worldOf } from "./options.js";

runCommand(async () => {
  const options = new Options({ ...PLACE_OPTIONS, gsd: "0.3", epsg: "3857", layout: "tiled", out: undefined });
  const out = options.text("out");
  const layout = options.choice("layout", ["tiled", "strips"]);
  const world = worldOf(options);
  const size = writeWorldMap(out, world, epochOf(options), {
    gsd_m: options.number("gsd", 0.05, 10),
    epsg: options.whole("epsg", 1024, 32767),
    layout: { tile_px: layout === "tiled" ? 256 : 0 },
  });
  process.stdout.write(`${out}: ${size.width} x ${size.height} px\n`);
});
