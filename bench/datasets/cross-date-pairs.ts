import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { writeGeoTiff } from "../../sim/geotiff-writer.js";
import { projector } from "../../tiles/geodesy/projector.js";
import { type FlightRow, writeFlight } from "./flight-folder.js";
import { cutRight, cutView, type Raster, readRaster, seeded } from "./raster.js";

/** The pairs that no shipped weight has seen; the same list stands in train/skylink_train/data.py. */
const HELD_OUT = new Set([
  ...["szada_2", "szada_5", "tiszadob_2", "tiszadob_4", "archieve"],
  ...["test_121_0768_0256", "test_2_0000_0512", "test_55_0256_0000", "test_77_0512_0256"],
  ...["0_2", "4_4", "8_3"],
]);

/**
 * Left out: they show the ground of `archieve` and part of that of `szada_2` again, so that a right answer there would count
 * as wrong (seen when fixes of `archieve` all lay on the same spot of `szada_1`, and checked by eye).
 */
const SAME_GROUND = new Set(["szada_1", "szada_3"]);
/** For the same reason tiszadob_2 is cut where tiszadob_4 begins, pixels from the left. */
const CUT_AT_PX = new Map([["tiszadob_2", 695]]);

/** One scale for all: pixels are what counts here, so every pair is laid out as if it had this GSD. */
const GSD_M = 1.5;
const EPSG = 32634;
const FRAME = { width_px: 320, height_px: 256 };
const FX = 277;

export interface PairsOptions {
  /** Queries from each large pair; small ones give a sixth. */
  queriesEach: number;
  seed: number;
  /** The stated heading is off by this much, to either side. */
  headingError_deg: number;
  headingSigma_deg: number;
  /** The stated height is the true one times this. */
  heightFactor: number;
  /** Queries from the pairs that training has not seen, or from those that it has (for calibration). */
  queriesFrom: "held-out" | "seen";
}

interface Pair {
  name: string;
  first: Raster;
  second: Raster;
  heldOut: boolean;
}

/**
 * The registered cross-date pairs as a map and a flight: the map is a mosaic of all first looks, the frames are cut from
 * the second looks with a camera looking straight down. Image coordinates are exact, the geo-reference is made up.
 */
export async function buildPairs(sharedData: string, out: string, options: PairsOptions): Promise<{ queries: number }> {
  const pairs = await readPairs(sharedData);
  mkdirSync(out, { recursive: true });
  const slotWidth = 1120;
  const slotHeight = 800;
  const columns = 6;
  const rows = Math.ceil(pairs.length / columns);
  const width = columns * slotWidth;
  const height = rows * slotHeight;
  const rgba = new Uint8Array(width * height * 4);
  const origin = { x: 495_000, y: 5_280_000 };
  const project = projector(EPSG);
  const random = seeded(options.seed);
  const frames: FlightRow[] = [];
  for (const [index, pair] of pairs.entries()) {
    const left = (index % columns) * slotWidth;
    const top = Math.floor(index / columns) * slotHeight;
    for (let y = 0; y < pair.first.height; y++) {
      for (let x = 0; x < pair.first.width; x++) {
        const from = (y * pair.first.width + x) * 3;
        const to = ((top + y) * width + left + x) * 4;
        rgba[to] = pair.first.data[from] ?? 0;
        rgba[to + 1] = pair.first.data[from + 1] ?? 0;
        rgba[to + 2] = pair.first.data[from + 2] ?? 0;
        rgba[to + 3] = 255;
      }
    }
    if (pair.heldOut !== (options.queriesFrom === "held-out")) continue;
    const small = Math.min(pair.second.width, pair.second.height) < 600;
    const count = small ? Math.max(1, Math.round(options.queriesEach / 6)) : options.queriesEach;
    const reach = Math.hypot(FRAME.width_px, FRAME.height_px) / 2;
    for (let k = 0; k < count; k++) {
      const x = reach + random() * (pair.second.width - 2 * reach);
      const y = reach + random() * (pair.second.height - 2 * reach);
      const heading_deg = random() * 360;
      const side = random() < 0.5 ? -1 : 1;
      const view = { x, y, heading_deg, step: 1, width: FRAME.width_px, height: FRAME.height_px };
      const place = project.toLonLat(origin.x + (left + x) * GSD_M, origin.y - (top + y) * GSD_M);
      const agl_m = FX * GSD_M * options.heightFactor;
      frames.push({
        file: `${pair.name}_${String(k).padStart(2, "0")}.png`,
        image: cutView(pair.second, view),
        roll_deg: 0,
        pitch_deg: 0,
        yaw_deg: (((heading_deg + side * options.headingError_deg) % 360) + 360) % 360,
        agl_m,
        yaw_sigma_deg: options.headingSigma_deg,
        agl_sigma_m: agl_m * Math.max(0.03, Math.abs(1 - options.heightFactor) * 0.75),
        lat_deg: place.lat_deg,
        lon_deg: place.lon_deg,
      });
    }
  }
  await writeGeoTiff(join(out, "map.tif"), {
    width,
    height,
    channels: 4,
    data: rgba,
    epsg: EPSG,
    origin,
    pixelSize: { x: GSD_M, y: GSD_M },
  });
  const camera = { ...FRAME, fx: FX, fy: FX, cx: (FRAME.width_px - 1) / 2, cy: (FRAME.height_px - 1) / 2 };
  await writeFlight(join(out, "flight"), camera, frames);
  return { queries: frames.length };
}

async function readPairs(sharedData: string): Promise<Pair[]> {
  const pairs: Pair[] = [];
  const sztaki = join(sharedData, "sztaki_airchange");
  for (const file of readdirSync(sztaki).sort()) {
    if (!/_im1\./.test(file)) continue;
    const name = file.replace(/_im1\..*$/, "");
    if (SAME_GROUND.has(name)) continue;
    const width = CUT_AT_PX.get(name);
    const first = cutRight(await readRaster(join(sztaki, file)), width);
    const second = cutRight(await readRaster(join(sztaki, file.replace("_im1", "_im2"))), width);
    pairs.push({ name, first, second, heldOut: HELD_OUT.has(name.toLowerCase()) });
  }
  for (const set of ["levir_samples", "dsifn_samples"]) {
    const folder = join(sharedData, "change_pairs", set);
    const others = readdirSync(join(folder, "B"));
    for (const file of readdirSync(join(folder, "A")).sort()) {
      const stem = file.replace(/\.\w+$/, "");
      const other = others.find((candidate) => candidate.replace(/\.\w+$/, "") === stem);
      if (other === undefined) continue;
      const first = await readRaster(join(folder, "A", file), 2);
      const second = await readRaster(join(folder, "B", other), 2);
      pairs.push({ name: stem, first, second, heldOut: HELD_OUT.has(stem) });
    }
  }
  return pairs;
}
