import { readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { errorMessage, UserError } from "../../../tiles/errors.js";
import type { GeoPoint } from "../../../tiles/geodesy/wgs84.js";
import { errorAt } from "../../text/place.js";
import type { DatasetReader, Positions } from "../task.js";
import { checkRoot, contentsOf, type LabelledImage } from "./folders.js";
import { findTwoViews, twoViewTasks } from "./two-views.js";

/** Names of the file with the positions of all places, and of the same cut in two. */
const GPS_ALL = "Dense_GPS_ALL.txt";
const GPS_PARTS = ["Dense_GPS_train.txt", "Dense_GPS_test.txt"] as const;

/** SDM's scale: the score of an image falls to 1/e at 1/5000 of a degree, which is 22 m along a meridian. */
const SDM_PER_DEG = 5e3;
/** The sphere of evaluateDistance.py. */
const EARTH_RADIUS_M = 6378137;

/**
 * DenseUAV (Dai et al., IEEE TIP 2024): ROOT/Dense_GPS_ALL.txt and ROOT/test/{query_drone, gallery_satellite}/NNNNNN/*
 * (H80, H90, H100 .JPG and .tif, _old.tif for an older satellite image); satellite → drone where query_satellite and
 * gallery_drone are there. Recall and AP as in University-1652; SDM@K and the part of queries within so many metres as
 * in evaluateDistance.py of github.com/Dmmm1997/DenseUAV, in double precision (the script rounds positions to float32,
 * up to 0.4 m).
 */
export const denseUav: DatasetReader = {
  name: "denseuav",
  title: "DenseUAV",
  takes: ["direction"],
  async read(root, options) {
    checkRoot(root);
    const folder = findTwoViews(root, ["test"], "DenseUAV");
    const places = readPositions(root);
    // 80, 90 and 100 m in equal parts.
    const view = { agl_m: 90, footprint_m: 90, off_nadir_deg: 0 };
    const positions = (queries: readonly LabelledImage[], gallery: readonly LabelledImage[]): Positions => ({
      query: queries.map((image) => places.of(image)),
      gallery: gallery.map((image) => places.of(image)),
      distance_m: haversine_m,
      decay: (a, b) => SDM_PER_DEG * Math.hypot(a.lon_deg - b.lon_deg, a.lat_deg - b.lat_deg),
      sdm_at: [1, 3, 5, 10],
      within_m: [5, 10, 20, 50],
    });
    return { ...twoViewTasks({ folder, prefix: "", view, positions }, options.direction), pooled: null };
  },
};

interface PlaceTable {
  of(image: LabelledImage): GeoPoint;
}

/** Reads the positions: one file for all places, else the train and the test part. */
function readPositions(root: string): PlaceTable {
  const texts = [GPS_ALL].map((name) => readText(join(root, name)));
  const files = texts[0] !== null ? [GPS_ALL] : GPS_PARTS;
  const table = new Map<number, GeoPoint>();
  let found = false;
  for (const name of files) {
    const text = readText(join(root, name));
    if (text === null) continue;
    found = true;
    for (const [label, point] of parseDenseGps(text, join(root, name))) table.set(label, point);
  }
  if (!found) {
    throw new UserError(
      `${root}: no ${GPS_ALL} (nor ${GPS_PARTS.join(", ")}), which has the positions; ${contentsOf(root)}`,
    );
  }
  return {
    of({ path, label }) {
      const point = table.get(label);
      if (point !== undefined) return point;
      const place = basename(dirname(path));
      throw new UserError(
        `${files.map((name) => join(root, name)).join(", ")}: no position of place ${place}, which ${path} shows`,
      );
    },
  };
}

function readText(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch (thrown) {
    if (thrown instanceof Error && "code" in thrown && thrown.code === "ENOENT") return null;
    throw new UserError(`${path}: cannot be read: ${errorMessage(thrown)}`);
  }
}

/**
 * Positions by place of a Dense_GPS file: lines `PATH/000001/H80.tif E118.83 N31.94 94.6` (path, longitude, latitude,
 * height). The place is the folder of the file; what stands above it does not matter, blanks included.
 *
 * @throws UserError that names file, line and column
 */
export function parseDenseGps(text: string, file: string): Map<number, GeoPoint> {
  const table = new Map<number, GeoPoint>();
  text.split(/\r\n|\n/).forEach((line, i) => {
    if (line.trim() === "") return;
    const match = /[/\\](\d+)[/\\][^/\\]+?\s+E(-?[\d.]+)\s+N(-?[\d.]+)(?:\s+\S+)?\s*$/.exec(line);
    const lon_deg = Number(match?.[2]);
    const lat_deg = Number(match?.[3]);
    if (match === null || !(Math.abs(lon_deg) <= 180) || !(Math.abs(lat_deg) <= 90)) {
      throw errorAt(
        { file, line: i + 1, column: 1 },
        "expected PATH/PLACE/FILE Elongitude Nlatitude height, in degrees",
      );
    }
    table.set(Number(match[1]), { lat_deg, lon_deg });
  });
  return table;
}

/** Great-circle distance on the sphere that evaluateDistance.py uses, metres. */
function haversine_m(a: GeoPoint, b: GeoPoint): number {
  const rad = Math.PI / 180;
  const half = (from: number, to: number): number => Math.sin(((to - from) * rad) / 2) ** 2;
  const h =
    half(a.lat_deg, b.lat_deg) + Math.cos(a.lat_deg * rad) * Math.cos(b.lat_deg * rad) * half(a.lon_deg, b.lon_deg);
  return 2 * EARTH_RADIUS_M * Math.asin(Math.min(1, Math.sqrt(h)));
}
