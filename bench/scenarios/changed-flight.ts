import { copyFileSync, linkSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { parseFlightToml } from "../../agent/flight/flight-toml.js";
import { type FrameRow, parseFramesCsv } from "../../agent/flight/frames-csv.js";
import type { CameraRig } from "../../agent/vision/frame.js";
import type { Artifact } from "./artifact.js";

/** A frame as frames.csv has it. */
export type Row = Omit<FrameRow, "line" | "fileColumn">;

/** What a changed picture may depend on. */
export interface PictureContext {
  readonly row: Row;
  readonly index: number;
  readonly rig: CameraRig;
}

/** What is done to a flight: to its numbers, and to its pictures where it says so. */
export interface FlightChange {
  /** Gives the frames of the changed flight; their files name pictures of the old one. */
  readonly rows: (rows: readonly Row[]) => Row[];
  /** Changes a picture in place (three bytes a pixel) and says true; false = it stays as it is. */
  readonly picture?: (rgb: Uint8Array, context: PictureContext) => boolean;
}

/** A flight made from another one without rendering: pictures that do not change are the same files. */
export function changed(name: string, base: Artifact, recipe: unknown, change: FlightChange): Artifact {
  return {
    name: `flight-${name}`,
    suffix: "",
    recipe,
    needs: [base],
    build: (out, at) => changeFlight(at(base), out, change),
  };
}

/** Writes the changed flight folder. */
export async function changeFlight(from: string, out: string, change: FlightChange): Promise<void> {
  const toml = join(from, "flight.toml");
  const rig = parseFlightToml(readFileSync(toml, "utf8"), toml);
  mkdirSync(join(out, "frames"), { recursive: true });
  copyFileSync(toml, join(out, "flight.toml"));
  const rows = change.rows(readRows(from));
  const kept = new Set<string>();
  const written: Row[] = [];
  for (const [index, row] of rows.entries()) {
    const source = join(from, "frames", row.file);
    const picture = change.picture === undefined ? null : await decoded(source);
    if (picture !== null && change.picture?.(picture, { row, index, rig }) === true) {
      const file = `changed-${String(index).padStart(6, "0")}.jpg`;
      const { width_px: width, height_px: height } = rig.intrinsics;
      await sharp(picture, { raw: { width, height, channels: 3 } })
        .jpeg({ quality: 88 })
        .toFile(join(out, "frames", file));
      written.push({ ...row, file });
    } else {
      if (!kept.has(row.file)) link(source, join(out, "frames", row.file));
      kept.add(row.file);
      written.push(row);
    }
  }
  writeFileSync(join(out, "frames.csv"), framesCsv(written));
}

export function readRows(flight: string): Row[] {
  const path = join(flight, "frames.csv");
  return parseFramesCsv(readFileSync(path, "utf8"), path).map(({ line: _, fileColumn: __, ...row }) => row);
}

async function decoded(path: string): Promise<Uint8Array> {
  return new Uint8Array(await sharp(path).removeAlpha().raw().toBuffer());
}

/** A hard link where the file system has them, else a copy. */
function link(from: string, to: string): void {
  try {
    linkSync(from, to);
  } catch {
    copyFileSync(from, to);
  }
}

function framesCsv(rows: readonly Row[]): string {
  const lines = ["t_us,file,roll_deg,pitch_deg,yaw_deg,agl_m,yaw_sigma_deg,agl_sigma_m,lat_deg,lon_deg"];
  for (const row of rows) {
    const pose = [row.roll_deg.toFixed(3), row.pitch_deg.toFixed(3), row.yaw_deg.toFixed(3), row.agl_m.toFixed(2)];
    const truth = row.truth === null ? ["", ""] : [row.truth.lat_deg.toFixed(9), row.truth.lon_deg.toFixed(9)];
    lines.push([row.t_us, row.file, ...pose, row.yaw_sigma_deg, row.agl_sigma_m, ...truth].join(","));
  }
  return `${lines.join("\n")}\n`;
}
