import { REPORTED } from "../../../agent/vision/encode/hypotheses.js";
import type { EncodedQuery } from "../../../agent/vision/encode/query-encoder.js";
import type { MapSource } from "../../../agent/vision/map-source.js";
import type { RankedCandidate } from "../../../agent/vision/result.js";
import { LevelGrid, levelForBbox } from "../../../tiles/pack/level-grid.js";

export const CHANNELS = 16;
export const SIDE = 28;
const STRIDE_PX = 8;
const SCALE = 120;

/** Smooth unit-norm feature field, defined at every point of the plane (in features): sums of a few waves. */
function waves(seed: number): (x: number, y: number, out: Float32Array) => void {
  let state = seed;
  const random = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  const terms = Array.from({ length: CHANNELS }, () =>
    Array.from({ length: 6 }, () => {
      const direction = random() * 2 * Math.PI;
      const k = (2 * Math.PI) / (7 + 14 * random());
      return { kx: k * Math.cos(direction), ky: k * Math.sin(direction), phase: random() * 2 * Math.PI };
    }),
  );
  return (x, y, out) => {
    let sum = 0;
    terms.forEach((waveList, c) => {
      let value = 0;
      for (const { kx, ky, phase } of waveList) value += Math.cos(kx * x + ky * y + phase);
      out[c] = value;
      sum += value * value;
    });
    const norm = 1 / Math.sqrt(sum);
    for (let c = 0; c < CHANNELS; c++) out[c] = (out[c] ?? 0) * norm;
  };
}

const field = waves(3);

/** 1000 x 1000 features of the field at 0.5 m per pixel near 46 N, 7 E. */
export const GRID = new LevelGrid(
  levelForBbox(
    { west: 7, south: 46, east: 7.0513, north: 46.0359 },
    { level: 0, gsd_m: 0.5, cell_px: SIDE * STRIDE_PX, stride_px: 56 },
  ),
);

/** A map of the field; no data where `hole` says so (features). */
export function featureMap(hole: (x: number, y: number) => boolean = () => false): MapSource {
  const vector = new Float32Array(CHANNELS);
  return {
    manifest: { levels: [{ level: 0, index_row0: 0, cells: 1 }] },
    index: { searchMany: () => [], row: () => new Float32Array(0) },
    level: () => GRID,
    cells: () => ({
      centre: () => {
        throw new Error("not used");
      },
      at: () => null,
    }),
    cellsWithin: () => new Uint32Array(0),
    featureWindow: (_level, j0, i0, w, h) => {
      const out = new Int8Array(w * h * CHANNELS);
      for (let i = 0; i < h; i++) {
        for (let j = 0; j < w; j++) {
          if (hole(j0 + j, i0 + i)) continue;
          field(j0 + j, i0 + i, vector);
          for (let c = 0; c < CHANNELS; c++) {
            const value = Math.round((vector[c] ?? 0) * SCALE);
            out[(i * w + j) * CHANNELS + c] = Math.max(-127, Math.min(127, value));
          }
        }
      }
      return out;
    },
  };
}

/**
 * A query as rectification would make it when the true heading is `heading_deg` more than reported and the true height
 * `scale` times the reported one, centred on a point of the map (features, continuous; a feature's centre is at .5).
 */
export function queryAt(
  centreX: number,
  centreY: number,
  heading_deg = 0,
  scale = 1,
  seen: (row: number, col: number) => boolean = () => true,
): EncodedQuery {
  const features = new Float32Array(CHANNELS * SIDE * SIDE);
  const valid = new Uint8Array(SIDE * SIDE);
  const vector = new Float32Array(CHANNELS);
  const cos = Math.cos((heading_deg * Math.PI) / 180);
  const sin = Math.sin((heading_deg * Math.PI) / 180);
  for (let row = 0; row < SIDE; row++) {
    for (let col = 0; col < SIDE; col++) {
      if (!seen(row, col)) continue;
      const south = (row - (SIDE - 1) / 2) * scale;
      const east = (col - (SIDE - 1) / 2) * scale;
      // The field is sampled at the centres of features, which have whole-number coordinates there.
      field(centreX - 0.5 + east * cos - south * sin, centreY - 0.5 + south * cos + east * sin, vector);
      const p = row * SIDE + col;
      for (let c = 0; c < CHANNELS; c++) features[c * SIDE * SIDE + p] = vector[c] ?? 0;
      valid[p] = 1;
    }
  }
  return {
    hypotheses: [REPORTED],
    side: SIDE,
    channels: CHANNELS,
    features,
    valid,
    descriptors: new Float32Array(0),
    descriptorWidth: 0,
  };
}

/** A candidate whose cell is centred on a point of the map (features). */
export function candidateAt(x: number, y: number, row = 0): RankedCandidate {
  const col_px = x * STRIDE_PX;
  const row_px = y * STRIDE_PX;
  const { lat_deg, lon_deg } = GRID.pxToLonLat(col_px, row_px);
  return {
    row,
    level: 0,
    lat_deg,
    lon_deg,
    col_px,
    row_px,
    hypothesis: 0,
    ...REPORTED,
    similarity: 0.9,
    frame_similarity: 0.9,
    relevance: 0.8,
    logit: 1.4,
    score: 10,
  };
}
