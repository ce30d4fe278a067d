import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { errorMessage, UserError } from "../../../tiles/errors.js";
import { distance_m, type GeoPoint } from "../../../tiles/geodesy/wgs84.js";
import { nearestWord } from "../../text/nearest.js";
import type { DatasetReader, EvalImage, EvalQuery, EvalTask, TaskSource } from "../task.js";
import { readCsvTable } from "./csv-table.js";
import { checkRoot, contentsOf, foldersIn } from "./folders.js";
import {
  type FramePose,
  footprint,
  footprintSides_m,
  galleryLevels,
  type MapImage,
  type TileLevel,
  tileCentre,
  trueTiles,
} from "./visloc-geometry.js";
import { type CutTiles, cutTiles } from "./visloc-tiles.js";

/** The file with the maps' corners; the published archive has a blank in its name. */
const RANGES = ["satellite_coordinates_range.csv", "satellite_ coordinates_range.csv"] as const;
const RANGE_COLUMNS = ["mapname", "LT_lat_map", "LT_lon_map", "RB_lat_map", "RB_lon_map"] as const;
const FRAME_COLUMNS = ["filename", "lat", "lon", "height"] as const;
/** Heading of the aircraft, clockwise from north: the one that the benchmark trusts more. */
const HEADING = "Phi1";

/** SDM's scale in this benchmark's retrieval protocol, 1/metres. */
const SDM_PER_M = 1e-3;

/**
 * UAV-VisLoc (Xu et al., arXiv 2405.11936): ROOT/satellite_coordinates_range.csv (mapname, LT_lat_map, LT_lon_map,
 * RB_lat_map, RB_lon_map) and for each flight ROOT/NN/{NN.csv, satelliteNN.tif, drone/NN_0001.JPG}, NN.csv with
 * filename, lat, lon, height, Phi1.
 *
 * The data set comes without a retrieval protocol; this is the one of Game4Loc (Ji et al., AAAI 2025,
 * scripts/prepare_dataset/visloc.py and evaluate/visloc.py of github.com/Yux1angJi/GTA-UAV): the gallery of a flight is
 * its map at a half and a quarter of its resolution in tiles of 256 px; a tile is true when its intersection over union
 * with the frame's footprint (height, heading Phi1, 36 x 52 degrees) is above 0.39; frames without a true tile are no
 * queries; a query is compared with the map of its own flight; AP is the mean precision at the true tiles; SDM@K has
 * exp(-0.001 d), d in metres from the frame to the tiles' centres.
 */
export const uavVisLoc: DatasetReader = {
  name: "uav-visloc",
  title: "UAV-VisLoc",
  takes: ["flights"],
  async read(root, options) {
    checkRoot(root);
    const ranges = readRanges(root);
    const tasks: TaskSource[] = [];
    const leftOut: string[] = [];
    for (const flight of wantedFlights(root, options.flights)) {
      const reason = unusable(root, flight);
      if (reason !== null) {
        if (options.flights !== undefined) throw new UserError(`${join(root, flight)}: ${reason}`);
        leftOut.push(`flight ${flight}: ${reason}`);
        continue;
      }
      const map = await readMap(root, flight, ranges);
      const { queries, skipped } = readQueries(root, flight, map);
      if (queries.length === 0) throw new UserError(`${join(root, flight)}: no frame has a true tile on its map`);
      if (skipped > 0) leftOut.push(`flight ${flight}: ${skipped} frames without a true tile`);
      tasks.push({ name: `flight ${flight}`, open: () => openFlight(join(root, flight), flight, map, queries) });
    }
    if (tasks.length === 0) throw new UserError(`${root}: no flight can be evaluated: ${leftOut.join("; ")}`);
    return { tasks, leftOut, pooled: "all flights" };
  },
};

interface Ranges {
  readonly file: string;
  readonly byMap: ReadonlyMap<string, Omit<MapImage, "width_px" | "height_px">>;
}

function readRanges(root: string): Ranges {
  const file = RANGES.map((name) => join(root, name)).find((path) => existsSync(path));
  if (file === undefined) {
    throw new UserError(`${root}: not UAV-VisLoc: expected ${RANGES[0]} and 01/01.csv, …; ${contentsOf(root)}`);
  }
  const byMap = new Map<string, Omit<MapImage, "width_px" | "height_px">>();
  for (const row of readCsvTable(file, RANGE_COLUMNS).rows) {
    const edges = {
      north_deg: row.number("LT_lat_map"),
      west_deg: row.number("LT_lon_map"),
      south_deg: row.number("RB_lat_map"),
      east_deg: row.number("RB_lon_map"),
    };
    const name = row.text("mapname");
    if (edges.north_deg <= edges.south_deg || edges.east_deg <= edges.west_deg) {
      throw new UserError(`${file}: ${name}: LT must lie north-west of RB`);
    }
    byMap.set(name, edges);
  }
  return { file, byMap };
}

function wantedFlights(root: string, wanted: readonly string[] | undefined): readonly string[] {
  const present = foldersIn(root).filter((name) => /^\d+$/.test(name));
  if (present.length === 0)
    throw new UserError(`${root}: not UAV-VisLoc: expected folders 01, 02, …; ${contentsOf(root)}`);
  for (const flight of wanted ?? []) {
    if (present.includes(flight)) continue;
    const near = nearestWord(flight, present);
    const hint = near === null ? "" : ` did you mean ${near}?`;
    throw new UserError(`--flights: no folder ${join(root, flight)};${hint} there are ${present.join(", ")}`);
  }
  return wanted ?? present;
}

/** Why a flight cannot be judged by the protocol, or null: flight 07 tells no heading, 09 has its map in four pieces. */
function unusable(root: string, flight: string): string | null {
  const table = join(root, flight, `${flight}.csv`);
  if (!existsSync(table)) return `no ${flight}.csv; ${contentsOf(join(root, flight))}`;
  const map = `satellite${flight}.tif`;
  if (!existsSync(join(root, flight, map))) return `no ${map} (a map in pieces is not taken)`;
  if (!readCsvTable(table, FRAME_COLUMNS).columns.includes(HEADING)) {
    return `${flight}.csv has no column ${HEADING}: without the heading no footprint`;
  }
  return null;
}

async function readMap(root: string, flight: string, { file, byMap }: Ranges): Promise<MapImage> {
  const name = `satellite${flight}.tif`;
  const edges = byMap.get(name);
  if (edges === undefined) throw new UserError(`${file}: no line for ${name}; it has ${[...byMap.keys()].join(", ")}`);
  const path = join(root, flight, name);
  try {
    const { width, height } = await sharp(path, { limitInputPixels: false }).metadata();
    return { ...edges, width_px: width, height_px: height };
  } catch (thrown) {
    throw new UserError(`${path}: cannot be decoded: ${errorMessage(thrown)}; copy the file again`);
  }
}

/** A query before its map is cut: its true tiles are counted level by level, row by row. */
interface FrameQuery extends EvalQuery {
  readonly place: GeoPoint;
}

function readQueries(root: string, flight: string, map: MapImage): { queries: FrameQuery[]; skipped: number } {
  const table = join(root, flight, `${flight}.csv`);
  const levels = galleryLevels(map);
  const queries: FrameQuery[] = [];
  let skipped = 0;
  for (const row of readCsvTable(table, FRAME_COLUMNS).rows) {
    const pose: FramePose = {
      lat_deg: row.number("lat"),
      lon_deg: row.number("lon"),
      height_m: row.number("height"),
      heading_deg: row.number(HEADING),
    };
    const positives = levels.flatMap((level, at) =>
      trueTiles(footprint(map, level, pose), level).map(({ column, row: r }) => tileIndex(levels, at, column, r)),
    );
    if (positives.length === 0) {
      skipped++;
      continue;
    }
    const path = join(root, flight, "drone", row.text("filename"));
    if (statSync(path, { throwIfNoEntry: false })?.isFile() !== true) {
      throw new UserError(`${path}: no such image, but ${table} lists it`);
    }
    const { along_m, across_m } = footprintSides_m(pose.height_m);
    const view = { agl_m: pose.height_m, footprint_m: Math.sqrt(along_m * across_m), off_nadir_deg: 0 };
    queries.push({ path, positives, view, yaw_deg: pose.heading_deg, place: pose });
  }
  return { queries, skipped };
}

/** Number of a tile in the gallery: level by level, row by row. */
function tileIndex(levels: readonly TileLevel[], at: number, column: number, row: number): number {
  const before = levels.slice(0, at).reduce((sum, level) => sum + level.columns * level.rows, 0);
  return before + row * (levels[at]?.columns ?? 0) + column;
}

async function openFlight(
  folder: string,
  flight: string,
  map: MapImage,
  queries: readonly FrameQuery[],
): Promise<{ task: EvalTask; close(): void }> {
  const levels = galleryLevels(map);
  const tiles: CutTiles = await cutTiles(join(folder, `satellite${flight}.tif`), levels);
  const gallery: EvalImage[] = [];
  const places: GeoPoint[] = [];
  for (const level of levels) {
    for (let row = 0; row < level.rows; row++) {
      for (let column = 0; column < level.columns; column++) {
        gallery.push({ path: tiles.path(level, column, row) });
        places.push(tileCentre(map, level, column, row));
      }
    }
  }
  const positions = {
    query: queries.map(({ place }) => place),
    gallery: places,
    distance_m,
    decay: (a: GeoPoint, b: GeoPoint) => SDM_PER_M * distance_m(a, b),
    sdm_at: [1, 3, 5],
    within_m: [50, 100, 200, 500],
  };
  return { task: { queries, gallery, junk: new Set(), precision: "step", positions }, close: () => tiles.remove() };
}
