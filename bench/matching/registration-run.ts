import { join } from "node:path";
import { ephOf } from "../../agent/fix.js";
import { DEFAULT_VISION_CONFIG } from "../../agent/vision/config.js";
import { isReported, REPORTED } from "../../agent/vision/encode/hypotheses.js";
import type { EncodedQuery } from "../../agent/vision/encode/query-encoder.js";
import { CorrelationRegistrar } from "../../agent/vision/register/correlation-registrar.js";
import type { RankedCandidate } from "../../agent/vision/result.js";
import { FlatRetriever } from "../../agent/vision/retrieve/flat-retriever.js";
import type { Encoder } from "../../models/runtime/encoder.js";
import { lonLatToOffset } from "../../tiles/geodesy/wgs84.js";
import type { PackReader } from "../../tiles/pack/reader.js";
import { seeded } from "../datasets/raster.js";
import { cpu_ms, type FrameEncoder } from "./encode.js";
import { type PeerMatch, type PeerPair, runPeers } from "./peers.js";
import type { Scene, Shot } from "./scenes.js";
import { heightSigma, type Setting } from "./settings.js";
import {
  MARGIN_FEATURES,
  type MapPictures,
  type MapWindow,
  placeInWindow,
  windowAt,
  windowNear,
  writeMask,
  writePng,
} from "./windows.js";

/** One method's answer on one window. */
export interface Registered {
  readonly scene: string;
  readonly setting: string;
  readonly shot: string;
  readonly seen: boolean;
  /** Whether the window shows the query's place. */
  readonly right: boolean;
  readonly method: string;
  /** Distance from the truth; null for wrong windows and where there is no fit. */
  readonly error_m: number | null;
  readonly error_px: number | null;
  /** Registration's own 1-sigma; null for peers and where there is no fit. */
  readonly eph_m: number | null;
  /** What a gate looks at. */
  readonly score: number;
  /** Our own, shipped gate; null for peers. */
  readonly accepted: boolean | null;
  readonly cpu_ms: number;
  readonly map_cpu_ms: number | null;
}

/** Name of our method in the tables. */
export const OURS = "ours";
/** Wrong windows for each query: the two most similar other places by our own retrieval, and one anywhere. */
const WRONG_BY_RETRIEVAL = 2;

/** Opens our registrar so that it searches exactly the window. */
export async function windowRegistrar(dir: string, encoder: Encoder, pack: PackReader): Promise<CorrelationRegistrar> {
  const config = { ...DEFAULT_VISION_CONFIG.register, margin_features: MARGIN_FEATURES, candidates: 1 };
  return CorrelationRegistrar.load(dir, encoder, pack, config, { threads: 1 }, pack);
}

/** Registers all shots of a scene at a setting, on the right window and on three wrong ones, by every method. */
export async function registerScene(
  scene: Scene,
  setting: Setting,
  tools: {
    frames: FrameEncoder;
    registrar: CorrelationRegistrar;
    pictures: MapPictures;
    python: string | null;
    folder: string;
  },
): Promise<Registered[]> {
  const { pack } = scene;
  const random = seeded(23);
  const retriever = new FlatRetriever(pack, DEFAULT_VISION_CONFIG.retrieve);
  const out: Registered[] = [];
  const pairs: PeerPair[] = [];
  const asked = new Map<string, { shot: Shot; window: MapWindow; right: boolean; level: number }>();
  for (const shot of await scene.shots(setting)) {
    const { plan, rectified, encoded, encode_cpu_ms } = await tools.frames.encode(shot.frame, shot.rig, pack);
    const grid = pack.level(plan.level);
    const windows = [
      { window: windowNear(grid, shot.truth, random), right: true },
      ...wrongWindows(pack, plan.level, shot, encoded, retriever, random).map((window) => ({ window, right: false })),
    ];
    const middle = encoded.hypotheses.findIndex(isReported);
    const query = `${shot.id}-${setting.name}.png`;
    const mask = `${shot.id}-${setting.name}-mask.png`;
    if (tools.python !== null) {
      const pixels = rectified.side_px ** 2;
      const rgb = rectified.rgb.subarray(middle * pixels * 3, (middle + 1) * pixels * 3);
      await writePng(join(tools.folder, query), { width: rectified.side_px, height: rectified.side_px, data: rgb });
      await writeMask(
        join(tools.folder, mask),
        rectified.valid.subarray(middle * pixels, (middle + 1) * pixels),
        rectified.side_px,
      );
    }
    for (const [i, { window, right }] of windows.entries()) {
      const id = `${shot.id}-${setting.name}-${i}`;
      const started = cpu_ms();
      const candidate = candidateAt(pack, plan.level, window, encoded);
      const { best: found } = await tools.registrar.register(encoded, [candidate], heightSigma(setting));
      const spent = cpu_ms() - started + encode_cpu_ms;
      const base = { scene: scene.name, setting: setting.name, shot: shot.id, seen: shot.seen, right };
      const error_m = found === null || !right ? null : distance(shot.truth, found);
      out.push({
        ...base,
        method: OURS,
        error_m,
        error_px: error_m === null ? null : error_m / grid.gsd_m,
        eph_m: found === null ? null : ephOf(found.cov_ne_m2),
        score: found?.quality ?? 0,
        accepted: found?.accepted ?? false,
        cpu_ms: spent,
        map_cpu_ms: null,
      });
      if (tools.python === null) continue;
      const name = `${id}-window.png`;
      await writePng(join(tools.folder, name), await tools.pictures.window(window));
      const { headingSigma_deg: heading_sigma_deg } = setting;
      pairs.push({ id, query, mask, window: name, heading_sigma_deg, scale_sigma: heightSigma(setting) });
      asked.set(id, { shot, window, right, level: plan.level });
    }
  }
  const matches = tools.python === null ? [] : runPeers(tools.python, tools.folder, { pairs, map: null });
  for (const match of matches) {
    const question = asked.get(match.id);
    if (question !== undefined) out.push(peerAnswer(scene, setting, question, match));
  }
  return out;
}

function peerAnswer(
  scene: Scene,
  setting: Setting,
  { shot, window, right, level }: { shot: Shot; window: MapWindow; right: boolean; level: number },
  match: PeerMatch,
): Registered {
  const grid = scene.pack.level(level);
  const place = match.x === null || match.y === null ? null : placeInWindow(grid, window, match.x, match.y);
  const error_m = place === null || !right ? null : distance(shot.truth, place);
  return {
    scene: scene.name,
    setting: setting.name,
    shot: shot.id,
    seen: shot.seen,
    right,
    method: match.method,
    error_m,
    error_px: error_m === null ? null : error_m / grid.gsd_m,
    eph_m: null,
    score: place === null ? 0 : match.score,
    accepted: null,
    cpu_ms: match.cpu_ms,
    map_cpu_ms: match.map_cpu_ms,
  };
}

/** Windows about places that do not show the query's ground. */
function wrongWindows(
  pack: PackReader,
  level: number,
  shot: Shot,
  encoded: EncodedQuery,
  retriever: FlatRetriever,
  random: () => number,
): MapWindow[] {
  const grid = pack.level(level);
  const elsewhere = (place: { lat_deg: number; lon_deg: number }): boolean =>
    distance(shot.truth, place) > 1.5 * grid.cell_side_m;
  const alike = retriever.retrieve(encoded, level, 10).candidates.filter(elsewhere).slice(0, WRONG_BY_RETRIEVAL);
  const windows = alike.map(({ col_px, row_px }) => windowAt(grid, col_px, row_px));
  const manifest = pack.manifest.levels.find((one) => one.level === level);
  if (manifest === undefined) return windows;
  const cells = pack.cells(level);
  for (let attempt = 0; attempt < 100; attempt++) {
    const centre = cells.centre(manifest.index_row0 + Math.floor(random() * manifest.cells));
    if (!elsewhere(centre)) continue;
    windows.push(windowAt(grid, centre.col_px, centre.row_px));
    break;
  }
  return windows;
}

/** The window as a candidate, with the hypothesis and similarity that retrieval gives the cell nearest to its centre. */
function candidateAt(pack: PackReader, level: number, window: MapWindow, encoded: EncodedQuery): RankedCandidate {
  const grid = pack.level(level);
  const { col_px, row_px } = window;
  const place = grid.pxToLonLat(col_px, row_px);
  const cells = pack.cells(level);
  const near = [...pack.cellsWithin(level, place.lat_deg, place.lon_deg, grid.cell_side_m)];
  const away = (row: number): number =>
    Math.hypot(cells.centre(row).col_px - col_px, cells.centre(row).row_px - row_px);
  near.sort((a, b) => away(a) - away(b));
  const [row] = near;
  if (row === undefined) throw new Error("no cell near a window of the benchmark");
  const width = encoded.descriptorWidth;
  const descriptors = encoded.hypotheses.map((_, i) => encoded.descriptors.subarray(i * width, (i + 1) * width));
  const scores = pack.index
    .searchMany(descriptors, 1, { subset: Uint32Array.of(row) })
    .map(({ scores: s }) => s[0] ?? -1);
  const similarity = Math.max(...scores);
  const hypothesis = scores.indexOf(similarity);
  const { heading_deg, scale } = encoded.hypotheses[hypothesis] ?? REPORTED;
  return {
    row,
    hypothesis,
    similarity,
    frame_similarity: similarity,
    level,
    ...place,
    col_px,
    row_px,
    heading_deg,
    scale,
    relevance: null,
    logit: null,
    score: similarity,
  };
}

function distance(
  a: { readonly lat_deg: number; readonly lon_deg: number },
  b: { readonly lat_deg: number; readonly lon_deg: number },
): number {
  const { north_m, east_m } = lonLatToOffset(a, b);
  return Math.hypot(north_m, east_m);
}
