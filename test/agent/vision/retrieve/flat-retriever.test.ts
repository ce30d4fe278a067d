import assert from "node:assert/strict";
import { test } from "node:test";
import { DEFAULT_VISION_CONFIG } from "../../../../agent/vision/config.js";
import type { EncodedQuery } from "../../../../agent/vision/encode/query-encoder.js";
import type { MapSource } from "../../../../agent/vision/map-source.js";
import { FlatRetriever } from "../../../../agent/vision/retrieve/flat-retriever.js";

/** A row of cells 56 px apart, each with a two-dimensional descriptor; rows 10 to 10 + n of the index. */
function lineMap(angles_deg: readonly number[]): MapSource {
  const row0 = 10;
  const unit = (angle_deg: number) => [Math.cos((angle_deg * Math.PI) / 180), Math.sin((angle_deg * Math.PI) / 180)];
  const centre = (row: number) => ({
    lat_deg: 46,
    lon_deg: 7 + (row - row0) * 1e-3,
    col_px: 112 + (row - row0) * 56,
    row_px: 112,
  });
  const at = (col_px: number, row_px: number): number | null => {
    const cell = (col_px - 112) / 56;
    return row_px === 112 && cell in angles_deg ? row0 + cell : null;
  };
  return {
    manifest: { levels: [{ level: 2, index_row0: row0, cells: angles_deg.length }] },
    index: {
      searchMany: (queries, k, { from = 0, to = 0, subset }) =>
        queries.map((query) => {
          const rows = (subset === undefined ? Array.from({ length: to - from }, (_, i) => from + i) : [...subset])
            .map((row) => {
              const [x = 0, y = 0] = unit(angles_deg[row - row0] ?? 0);
              return { row, score: x * (query[0] ?? 0) + y * (query[1] ?? 0) };
            })
            .sort((a, b) => b.score - a.score)
            .slice(0, k);
          return {
            rows: Uint32Array.from(rows, ({ row }) => row),
            scores: Float32Array.from(rows, ({ score }) => score),
          };
        }),
      row: (row) => Float32Array.from(unit(angles_deg[row - row0] ?? 0)),
    },
    level: () => {
      const fail = (): never => {
        throw new Error("not used");
      };
      return { level: 2, gsd_m: 1, cell_px: 224, pxToLonLat: fail, metresPerPx: fail };
    },
    cells: () => ({ centre, at }),
    cellsWithin: (_level, _lat, lon_deg, radius_m) =>
      Uint32Array.from(
        angles_deg.map((_, i) => row0 + i).filter((row) => Math.abs(centre(row).lon_deg - lon_deg) * 1e5 <= radius_m),
      ),
    featureWindow: () => new Int8Array(0),
  };
}

function query(...angles_deg: number[]): EncodedQuery {
  return {
    hypotheses: angles_deg.map((_, i) => ({ heading_deg: (i - 1) * 10, scale: 1 })),
    side: 28,
    channels: 1,
    features: new Float32Array(0),
    valid: new Uint8Array(0),
    descriptors: Float32Array.from(
      angles_deg.flatMap((a) => [Math.cos((a * Math.PI) / 180), Math.sin((a * Math.PI) / 180)]),
    ),
    descriptorWidth: 2,
  };
}

const config = DEFAULT_VISION_CONFIG.retrieve;

test("all headings are searched; neighbours of a better cell are dropped", () => {
  // Cells 0..9; heading 1 (second) fits cell 4 exactly, heading 0 fits cell 9.
  const map = lineMap([90, 90, 80, 10, 0, 12, 80, 90, 60, 50]);
  const found = new FlatRetriever(map, config).retrieve(query(52, 0), 2, 3).candidates;
  assert.deepEqual(
    found.map(({ row, hypothesis, heading_deg }) => [row, hypothesis, heading_deg]),
    [
      [14, 1, 0],
      [19, 0, -10],
      [12, 0, -10],
    ],
  );
  assert.ok(Math.abs((found[0]?.similarity ?? 0) - 1) < 1e-6);
  assert.equal(found[0]?.level, 2);
});

test("a neighbourhood gets up to half of the places, the whole level the rest", () => {
  const map = lineMap([0, 90, 90, 90, 90, 40, 90, 90, 90, 90]);
  const near = { lat_deg: 46, lon_deg: 7.005, radius_m: 50 };
  const alone = new FlatRetriever(map, config).retrieve(query(0), 2, 2).candidates;
  assert.equal(alone[0]?.row, 10);
  const found = new FlatRetriever(map, config).retrieve(query(0), 2, 2, near).candidates;
  assert.deepEqual(
    found.map(({ row }) => row),
    [10, 15],
  );
  const nowhere = { lat_deg: 46, lon_deg: 9, radius_m: 10 };
  const empty = new FlatRetriever(map, config).retrieve(query(0), 2, 2, nowhere).candidates;
  assert.deepEqual(
    empty.map(({ row }) => row),
    alone.map(({ row }) => row),
  );
});

test("an empty or unknown level has no candidates", () => {
  assert.deepEqual(new FlatRetriever(lineMap([]), config).retrieve(query(0), 2, 5).candidates, []);
  assert.deepEqual(new FlatRetriever(lineMap([0]), config).retrieve(query(0), 1, 5).candidates, []);
});

test("sightings keep the neighbours that suppression drops, each cell once, and say how many cells there were", () => {
  const map = lineMap([0, 10, 90, 90, 90, 40, 90, 90, 90, 90]);
  const few = { ...config, sightings: 4 };
  const near = { lat_deg: 46, lon_deg: 7.005, radius_m: 50 };
  const { candidates, sightings, cells } = new FlatRetriever(map, few).retrieve(query(0), 2, 2, near);
  assert.equal(cells, 10);
  assert.equal(candidates.length, 2);
  assert.equal(sightings.length, 4);
  assert.equal(new Set(sightings.map(({ lon_deg }) => lon_deg)).size, 4);
  const order = sightings.map(({ similarity }) => similarity);
  assert.deepEqual(
    order,
    [...order].sort((a, b) => b - a),
  );
});

test("in a pack of another retriever, sightings carry the encoder's cosines and candidates the retriever's", () => {
  // The encoder finds cell 12 likest, the retriever cell 10.
  const angles = [50, 30, 0];
  const map = {
    ...lineMap([0, 40, 60]),
    encoderDescriptor: (row: number) => {
      const angle = ((angles[row - 10] ?? 0) * Math.PI) / 180;
      return Float32Array.of(Math.cos(angle), Math.sin(angle));
    },
  };
  const described = { ...query(0), encoders: Float32Array.of(1, 0) };
  const { candidates, sightings } = new FlatRetriever(map, { ...config, suppression: 0 }).retrieve(described, 2, 3);
  assert.deepEqual(
    candidates.map(({ row }) => row),
    [10, 11, 12],
  );
  assert.ok(Math.abs((candidates[0]?.similarity ?? 0) - 1) < 1e-6);
  const cosines = sightings.map(({ similarity }) => similarity);
  [0, 30, 50].forEach((angle, i) => {
    assert.ok(Math.abs((cosines[i] ?? 0) - Math.cos((angle * Math.PI) / 180)) < 1e-6, `${cosines}`);
  });
});

test("cells beside a cell count with what the frame shows beside the patch; sightings stay those of the patch", () => {
  // The patch alone looks most like cell 10; what lies east of it looks like cell 15, beside cell 14.
  const map = lineMap([0, 90, 90, 90, 20, 50, 90]);
  const unit = (angle_deg: number) => [Math.cos((angle_deg * Math.PI) / 180), Math.sin((angle_deg * Math.PI) / 180)];
  const alone = query(0);
  const beside = (visible: number) => ({
    ...alone,
    surroundings: {
      steps: [
        { east: 1, south: 0 },
        { east: 0, south: 1 },
      ],
      stride_px: 56,
      descriptors: Float32Array.from([50, 0].flatMap(unit)),
      // The map has no cells to the south: that patch never counts.
      visible: Float32Array.of(visible, 1),
      centre_visible: Float32Array.of(1),
      features: new Float32Array(0),
      side: 42,
    },
  });
  const retriever = new FlatRetriever(map, config);
  assert.equal(retriever.retrieve(beside(0), 2, 2).candidates[0]?.row, 10);
  const found = retriever.retrieve(beside(0.8), 2, 2);
  const [first, second] = found.candidates;
  assert.deepEqual([first?.row, second?.row], [14, 10]);
  const cos = (angle_deg: number) => Math.cos((angle_deg * Math.PI) / 180);
  assert.ok(Math.abs((first?.similarity ?? 0) - cos(20)) < 1e-6);
  assert.ok(Math.abs((first?.frame_similarity ?? 0) - (cos(20) + 0.8) / 1.8) < 1e-6);
  assert.ok(Math.abs((second?.frame_similarity ?? 0) - (1 + 0.8 * cos(40)) / 1.8) < 1e-6);
  assert.deepEqual(found.sightings, retriever.retrieve(alone, 2, 2).sightings);
});

test("a cell at the edge of the map is judged by the patches that have cells under them", () => {
  const map = lineMap([40, 90, 90, 0]);
  const steps = [{ east: 1, south: 0 }];
  const features = new Float32Array(0);
  const visible = Float32Array.of(1);
  const surroundings = {
    steps,
    stride_px: 56,
    descriptors: Float32Array.of(0, 1),
    visible,
    centre_visible: visible,
    features,
    side: 42,
  };
  const [first] = new FlatRetriever(map, config).retrieve({ ...query(0), surroundings }, 2, 2).candidates;
  assert.equal(first?.row, 13);
  assert.equal(first?.frame_similarity, first?.similarity);
});
