import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { writeGeoTiff } from "../../sim/geotiff-writer.js";
import { projector } from "../../tiles/geodesy/projector.js";
import { writeFlight } from "./flight-folder.js";
import { readRaster } from "./raster.js";

const EPSG = 32632;
const GSD_M = 0.1815185546875;
const HALF_SIDE_M = 92.83;

const intrinsicsFile = z.object({ intrinsics: z.array(z.array(z.number())) });
const poseFile = z.object({ pose_w2c: z.array(z.array(z.number())) });

/** Which of the two orthophotos is the map: of the same flight, or of another source and season. */
export type OrtholocMap = "DOP" | "xDOP";

/**
 * The real drone frame of ortholoc_pair over one of its orthophotos. The local metre frame of the set (x east, y north,
 * z up) is laid at a place of our own in UTM 32N; height is the camera's above z = 0.
 */
export async function buildOrtholoc(
  sharedData: string,
  out: string,
  map: OrtholocMap,
): Promise<{ queries: number; agl_m: number; hfov_deg: number }> {
  const folder = join(sharedData, "ortholoc_pair");
  mkdirSync(out, { recursive: true });
  const ortho = await readRaster(join(folder, `urban_residential_${map}.tif`));
  const centre = { x: 500_000, y: 5_400_000 };
  await writeGeoTiff(join(out, "map.tif"), {
    width: ortho.width,
    height: ortho.height,
    channels: 3,
    data: ortho.data,
    epsg: EPSG,
    origin: { x: centre.x - HALF_SIDE_M, y: centre.y + HALF_SIDE_M },
    pixelSize: { x: GSD_M, y: GSD_M },
  });
  const k = intrinsicsFile.parse(JSON.parse(readFileSync(join(folder, "urban_residential_intrinsics.json"), "utf8")));
  const pose = poseFile.parse(JSON.parse(readFileSync(join(folder, "urban_residential_extrinsics.json"), "utf8")));
  const w = (row: number, column: number): number => pose.pose_w2c[row]?.[column] ?? Number.NaN;
  const camera = [0, 1, 2].map((axis) => -(w(0, axis) * w(0, 3) + w(1, axis) * w(1, 3) + w(2, axis) * w(2, 3)));
  const [east = 0, north = 0, up = 0] = camera;
  // Camera axes are rows of the rotation; with a zero mount the body's nose is the image top (-y), its right wing x.
  const pitch_deg = (Math.asin(-w(1, 2)) * 180) / Math.PI;
  const yaw_deg = (Math.atan2(-w(1, 0), -w(1, 1)) * 180) / Math.PI;
  const roll_deg = (Math.atan2(-w(0, 2), -w(2, 2)) * 180) / Math.PI;
  const image = await readRaster(join(folder, "urban_residential.jpg"));
  const at = projector(EPSG).toLonLat(centre.x + east, centre.y + north);
  const kk = (row: number, column: number): number => k.intrinsics[row]?.[column] ?? Number.NaN;
  await writeFlight(
    join(out, "flight"),
    { width_px: image.width, height_px: image.height, fx: kk(0, 0), fy: kk(1, 1), cx: kk(0, 2), cy: kk(1, 2) },
    [
      {
        file: "urban_residential.png",
        image,
        roll_deg,
        pitch_deg,
        yaw_deg: (yaw_deg + 360) % 360,
        agl_m: up,
        yaw_sigma_deg: 5,
        agl_sigma_m: up * 0.05,
        lat_deg: at.lat_deg,
        lon_deg: at.lon_deg,
      },
    ],
  );
  return { queries: 1, agl_m: up, hfov_deg: (2 * Math.atan(image.width / 2 / kk(0, 0)) * 180) / Math.PI };
}
