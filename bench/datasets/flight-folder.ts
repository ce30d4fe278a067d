import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import type { Raster } from "./raster.js";

export interface FlightCamera {
  width_px: number;
  height_px: number;
  fx: number;
  fy: number;
  cx: number;
  cy: number;
}

export interface FlightRow {
  file: string;
  image: Raster;
  roll_deg: number;
  pitch_deg: number;
  yaw_deg: number;
  agl_m: number;
  yaw_sigma_deg: number;
  agl_sigma_m: number;
  lat_deg: number;
  lon_deg: number;
}

/** Writes a flight folder (see docs) whose frames are given as rasters; one frame a second. */
export async function writeFlight(dir: string, camera: FlightCamera, rows: FlightRow[]): Promise<void> {
  mkdirSync(join(dir, "frames"), { recursive: true });
  const keys = Object.entries(camera).map(([key, value]) => `${key} = ${value}`);
  writeFileSync(
    join(dir, "flight.toml"),
    `[camera]\n${keys.join("\n")}\nk1 = 0\nk2 = 0\np1 = 0\np2 = 0\nk3 = 0\n\n[mount]\nroll_deg = 0\npitch_deg = 0\nyaw_deg = 0\n`,
  );
  const lines = ["t_us,file,roll_deg,pitch_deg,yaw_deg,agl_m,yaw_sigma_deg,agl_sigma_m,lat_deg,lon_deg"];
  for (const [index, row] of rows.entries()) {
    await sharp(row.image.data, { raw: { width: row.image.width, height: row.image.height, channels: 3 } })
      .png({ compressionLevel: 1 })
      .toFile(join(dir, "frames", row.file));
    lines.push(
      [
        index * 1_000_000,
        row.file,
        row.roll_deg.toFixed(3),
        row.pitch_deg.toFixed(3),
        row.yaw_deg.toFixed(3),
        row.agl_m.toFixed(3),
        row.yaw_sigma_deg,
        row.agl_sigma_m.toFixed(3),
        row.lat_deg.toFixed(8),
        row.lon_deg.toFixed(8),
      ].join(","),
    );
  }
  writeFileSync(join(dir, "frames.csv"), `${lines.join("\n")}\n`);
}
