import { existsSync, readFileSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import sharp from "sharp";
import { errorMessage, UserError } from "../../tiles/errors.js";
import { errorAt } from "../text/place.js";
import type { CameraRig, Frame } from "../vision/frame.js";
import { parseFlightToml } from "./flight-toml.js";
import { type FrameRow, parseFramesCsv } from "./frames-csv.js";

/** One frame of a recorded flight: what the agent would have been given, and the truth where it is known. */
export interface FlightFrame {
  readonly frame: Frame;
  /** Name of the image inside `frames/`. */
  readonly file: string;
  /** Where the vehicle really was, or null. Never given to the pipeline: only the report uses it. */
  readonly truth: { readonly lat_deg: number; readonly lon_deg: number } | null;
}

/** A recorded flight, read and checked. */
export interface Flight {
  readonly name: string;
  readonly rig: CameraRig;
  readonly frames: readonly FlightFrame[];
}

/** How many image headers are read at the same time. */
const HEADERS_AT_ONCE = 8;

/**
 * Reads a flight folder (`flight.toml`, `frames.csv`, `frames/`) and checks all of it before anything is run: every
 * value of both files, and that each image exists, can be decoded and has the size that flight.toml says.
 *
 * @throws UserError naming file, line and column
 */
export async function readFlight(dir: string): Promise<Flight> {
  if (!existsSync(dir) || !statSync(dir).isDirectory()) {
    throw new UserError(`${dir}: no such flight folder; expected a folder with flight.toml, frames.csv and frames/`);
  }
  const tomlPath = join(dir, "flight.toml");
  const csvPath = join(dir, "frames.csv");
  const rig = parseFlightToml(readText(tomlPath), tomlPath);
  const rows = parseFramesCsv(readText(csvPath), csvPath);
  for (const row of rows) {
    if (!existsSync(join(dir, "frames", row.file))) {
      throw errorAt(
        { file: csvPath, line: row.line, column: row.fileColumn },
        `image frames/${row.file} does not exist in ${dir}`,
      );
    }
  }
  for (let i = 0; i < rows.length; i += HEADERS_AT_ONCE) {
    const checks = rows.slice(i, i + HEADERS_AT_ONCE).map((row) => checkImage(dir, csvPath, row, rig));
    // Settled, so that the error is that of the first wrong line however the reads finish.
    for (const check of await Promise.allSettled(checks)) {
      if (check.status === "rejected") throw check.reason;
    }
  }
  return { name: basename(dir), rig, frames: rows.map((row) => toFrame(dir, row)) };
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (thrown) {
    throw new UserError(`${path}: cannot be read (${errorMessage(thrown)}); a flight folder needs it`);
  }
}

async function checkImage(dir: string, csvPath: string, row: FrameRow, rig: CameraRig): Promise<void> {
  const place = { file: csvPath, line: row.line, column: row.fileColumn };
  let width: number;
  let height: number;
  try {
    ({ width, height } = await sharp(join(dir, "frames", row.file)).metadata());
  } catch (thrown) {
    throw errorAt(place, `image frames/${row.file} cannot be decoded: ${errorMessage(thrown)}`);
  }
  const { width_px, height_px } = rig.intrinsics;
  if (width !== width_px || height !== height_px) {
    throw errorAt(
      place,
      `image frames/${row.file} is ${width}x${height}, but flight.toml describes a camera of ${width_px}x${height_px}`,
    );
  }
}

function toFrame(dir: string, row: FrameRow): FlightFrame {
  return {
    frame: {
      t_us: row.t_us,
      image: { kind: "file", path: join(dir, "frames", row.file) },
      attitude: { roll_deg: row.roll_deg, pitch_deg: row.pitch_deg, yaw_deg: row.yaw_deg },
      agl_m: row.agl_m,
      yaw_sigma_deg: row.yaw_sigma_deg,
      agl_sigma_m: row.agl_sigma_m,
    },
    file: row.file,
    truth: row.truth,
  };
}
