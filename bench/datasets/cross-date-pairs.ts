import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { writeGeoTiff } from "../../sim/geotiff-writer.js";
import { projector } from "../../tiles/geodesy/projector.js";
import { type FlightRow, writeFlight } from "./flight-folder.js";
import { drawViews, FRAME, FX, frameOf, PAIRS_GSD_M as GSD_M, readPairs } from "./pair-views.js";
import { seeded } from "./raster.js";

const EPSG = 32634;

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
    for (const [k, view] of drawViews(pair, options.queriesEach, random).entries()) {
      const { x, y, heading_deg, side } = view;
      const place = project.toLonLat(origin.x + (left + x) * GSD_M, origin.y - (top + y) * GSD_M);
      const agl_m = FX * GSD_M * options.heightFactor;
      frames.push({
        file: `${pair.name}_${String(k).padStart(2, "0")}.png`,
        image: frameOf(pair, view),
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
