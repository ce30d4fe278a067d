import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { writeGeoTiff } from "../../sim/geotiff-writer.js";
import { projector } from "../../tiles/geodesy/projector.js";
import { type FlightRow, writeFlight } from "./flight-folder.js";
import { readRaster } from "./raster.js";

const GSD_M = 0.3;
const EPSG = 32632;
const ORIGIN = { x: 500_000, y: 5_380_000 };
/** Ground width of a frame in map pixels: 512 frame pixels of 1.42 map pixels, measured by the data set's authors' fit. */
const FRAME_WIDTH_MAP_PX = 512 * 1.42;
const HFOV_DEG = 66;

/**
 * The ten real drone frames of the airfield over the map strip of another season, as a GeoTIFF and a flight folder.
 *
 * The imagery has no geo-reference and the camera no published intrinsics: 0.3 m/px, a place in UTM 32N and a 66 degree
 * lens are ours. Attitude is unknown and given as level; the height follows from the frame's scale.
 */
export async function buildAirfield(
  sharedData: string,
  out: string,
  options: { headingKnown: boolean },
): Promise<{ queries: number; agl_m: number; hfov_deg: number }> {
  const folder = join(sharedData, "edth_airfield");
  mkdirSync(out, { recursive: true });
  const strip = await readRaster(join(folder, "map_strip.png"));
  const project = projector(EPSG);
  await writeGeoTiff(join(out, "map.tif"), {
    width: strip.width,
    height: strip.height,
    channels: 3,
    data: strip.data,
    epsg: EPSG,
    origin: ORIGIN,
    pixelSize: { x: GSD_M, y: GSD_M },
    nodata: 0,
  });
  const agl_m = (FRAME_WIDTH_MAP_PX * GSD_M) / 2 / Math.tan((HFOV_DEG * Math.PI) / 360);
  const [head = "", ...lines] = readFileSync(join(folder, "ground_truth.csv"), "utf8").trim().split("\n");
  const column = (name: string): number => head.trim().split(",").indexOf(name);
  const rows: FlightRow[] = [];
  let width = 512;
  let height = 383;
  for (const line of lines) {
    const fields = line.trim().split(",");
    const file = fields[column("file")] ?? "";
    const x = Number(fields[column("gt_strip_x")]);
    const y = Number(fields[column("gt_strip_y")]);
    const image = await readRaster(join(folder, "drone", file));
    width = image.width;
    height = image.height;
    const place = project.toLonLat(ORIGIN.x + x * GSD_M, ORIGIN.y - y * GSD_M);
    // The data set's description: the first frames fly south, the later ones north.
    const yaw_deg = Number.parseInt(file, 10) <= 18 ? 180 : 0;
    rows.push({
      file: file.replace(/\.\w+$/, ".png"),
      image,
      roll_deg: 0,
      pitch_deg: 0,
      yaw_deg,
      agl_m,
      yaw_sigma_deg: options.headingKnown ? 5 : 180,
      agl_sigma_m: agl_m * 0.05,
      lat_deg: place.lat_deg,
      lon_deg: place.lon_deg,
    });
  }
  const fx = width / 2 / Math.tan((HFOV_DEG * Math.PI) / 360);
  const camera = { width_px: width, height_px: height, fx, fy: fx, cx: (width - 1) / 2, cy: (height - 1) / 2 };
  await writeFlight(join(out, "flight"), camera, rows);
  return { queries: rows.length, agl_m, hfov_deg: HFOV_DEG };
}

/**
 * Where the image centres of the frames lie, by the data set's own registration; only frames that it could register. The
 * aircraft's place is another one, as its tilt is unknown. By the file name that {@link buildAirfield} gives the frame.
 */
export function airfieldImageCentres(sharedData: string): Map<string, { lat_deg: number; lon_deg: number }> {
  const project = projector(EPSG);
  const [head = "", ...lines] = readFileSync(join(sharedData, "edth_airfield", "ground_truth.csv"), "utf8")
    .trim()
    .split("\n");
  const names = head.trim().split(",");
  const centres = new Map<string, { lat_deg: number; lon_deg: number }>();
  for (const line of lines) {
    const fields = line.trim().split(",");
    const value = (name: string): number => Number(fields[names.indexOf(name)]);
    if (value("reg_ok") !== 1) continue;
    // The strip is a cut of the map: the same offset takes every point from one to the other.
    const x = value("reg_center_map_x") + value("gt_strip_x") - value("gt_map_x");
    const y = value("reg_center_map_y") + value("gt_strip_y") - value("gt_map_y");
    const file = (fields[names.indexOf("file")] ?? "").replace(/\.\w+$/, ".png");
    centres.set(file, project.toLonLat(ORIGIN.x + x * GSD_M, ORIGIN.y - y * GSD_M));
  }
  return centres;
}
