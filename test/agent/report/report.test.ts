import assert from "node:assert/strict";
import { test } from "node:test";
import type { Fix } from "../../../agent/fix.js";
import { framesTable } from "../../../agent/replay/frames-table.js";
import { fixError, hitRank, isFalseFix, type JudgedFrame, makeReport } from "../../../agent/report/report.js";
import { mean, part, percentile, rootMeanSquare } from "../../../agent/report/statistics.js";
import { reportTable } from "../../../agent/report/table.js";
import type { Candidate, FrameResult } from "../../../agent/vision/result.js";
import { offsetToLonLat } from "../../../tiles/geodesy/wgs84.js";

const TRUTH = { lat_deg: 46, lon_deg: 7 };

function fixAt(t_us: number, north_m: number, east_m: number, cov = { nn: 4, ne: 0, ee: 4 }): Fix {
  const eph_m = Math.sqrt(cov.nn + cov.ee);
  return {
    t_us,
    ...offsetToLonLat(TRUTH, north_m, east_m),
    eph_m,
    cov_ne_m2: cov,
    alt_m: null,
    quality: 0.95,
    reset: false,
  };
}

function candidateAt(row: number, north_m: number, east_m: number): Candidate {
  return {
    row,
    level: 0,
    ...offsetToLonLat(TRUTH, north_m, east_m),
    col_px: 0,
    row_px: 0,
    hypothesis: 0,
    scale: 1,
    heading_deg: 0,
    similarity: 0.5,
    frame_similarity: 0.5,
  };
}

interface Given {
  readonly t_us: number;
  readonly published?: Fix;
  readonly reason?: string;
  readonly retrieved?: readonly Candidate[];
  readonly ranked?: readonly Candidate[];
  readonly truth?: typeof TRUTH | null;
  readonly total_ms?: number;
}

function frameOf(given: Given): JudgedFrame {
  const result: FrameResult = {
    t_us: given.t_us,
    fix: given.published ?? null,
    reason: null,
    estimate: given.published ?? null,
    level: 0,
    patch_offset: { north_m: 30, east_m: 0 },
    sightings: [],
    cells: 0,
    retrieved: given.retrieved ?? [],
    ranked: (given.ranked ?? []).map((one) => ({ ...one, relevance: null, logit: null, score: 0 })),
    measures: null,
    heading_correction_deg: null,
    near: null,
    scale: null,
    spread: null,
    stage_ms: {
      rectify: 10,
      encode: given.published === undefined ? 0 : 20,
      retrieve: 0,
      rerank: 0,
      register: 0,
      estimate: 0,
      total: given.total_ms ?? 100,
    },
  };
  return {
    t_us: given.t_us,
    file: "a.jpg",
    truth: given.truth === undefined ? TRUTH : given.truth,
    result,
    published: given.published ?? null,
    reason: given.reason ?? null,
    odometry: null,
    navigation: null,
    verdict: null,
  };
}

const context = {
  mode: "stills" as const,
  flight: "f",
  info: {
    pack: { name: "p", created: "2024-01-01T00:00:00Z", cells: 9 },
    encoder: "e",
    reranker: "r",
    registrar: "g",
  },
  bbox: { west: 6.9, south: 45.9, east: 7.1, north: 46.1 },
  cell_side_m: () => 80,
};

test("the figures of a small flight, worked by hand", () => {
  const report = makeReport(
    [
      frameOf({ t_us: 1_000_000, reason: "ambiguous", total_ms: 100 }),
      // Error 4 m (2.4, 3.2); NEES 16/4 = 4.
      frameOf({ t_us: 2_500_000, published: fixAt(2_500_000, 2.4, 3.2), total_ms: 110 }),
      // Error 10 m; NEES 100/4 = 25.
      frameOf({ t_us: 3_500_000, published: fixAt(3_500_000, 0, -10), total_ms: 120 }),
      // Error 60 m with eph 2.83 m: false. NEES 900.
      frameOf({ t_us: 4_500_000, published: fixAt(4_500_000, 60, 0), total_ms: 130 }),
      // Error 60 m with eph 28.3 m: excused. NEES 9.
      frameOf({ t_us: 5_500_000, published: fixAt(5_500_000, 60, 0, { nn: 400, ne: 0, ee: 400 }), total_ms: 140 }),
    ],
    context,
  );
  assert.equal(report.frames, 5);
  assert.equal(report.fixes, 4);
  assert.equal(report.availability, 0.8);
  // 4, 10, 60, 60: median 35, p95 60, rmse sqrt((16 + 100 + 3600 + 3600) / 4).
  assert.deepEqual(report.error_m, { median: 35, p95: 60, rmse: 42.7668, max: 60 });
  assert.deepEqual(report.within_m, { "5": 0.25, "10": 0.5, "25": 0.5, "50": 0.5 });
  assert.equal(report.false_fixes, 1);
  assert.equal(report.nees, 234.5);
  assert.equal(report.time_to_first_fix_s, 1.5);
  assert.deepEqual(report.no_fix, { ambiguous: 1 });
  assert.deepEqual(report.stage_ms.total, { p50: 120, p95: 138, p99: 139.6 });
  assert.deepEqual(report.stage_ms.encode, { p50: 20, p95: 20, p99: 20 });
  assert.deepEqual(report.stage_ms.rerank, { p50: null, p95: null, p99: null });
});

test("NEES uses the full covariance", () => {
  const fix = fixAt(0, 1, 2, { nn: 2, ne: 1, ee: 3 });
  // P^-1 = 1/5 [3 -1; -1 2]; e' P^-1 e = (3 - 4 + 8) / 5.
  assert.ok(Math.abs(fixError(fix, TRUTH).nees - 7 / 5) < 1e-6);
  assert.equal(isFalseFix(fix, 50), false);
  assert.equal(isFalseFix(fix, 50.01), true);
  assert.equal(isFalseFix({ ...fix, eph_m: 20 }, 59), false);
});

test("recall counts a candidate whose centre is within half a cell of the true patch centre", () => {
  // The patch centre is 30 m north of the vehicle; cells are 80 m.
  const side = (): number => 80;
  const patch = offsetToLonLat(TRUTH, 30, 0);
  assert.equal(hitRank([candidateAt(0, 30 + 39, -39)], patch, side), 1);
  assert.equal(hitRank([candidateAt(0, 30 + 41, 0)], patch, side), null);
  assert.equal(hitRank([candidateAt(0, 200, 0), candidateAt(1, 30, 41), candidateAt(2, 0, 0)], patch, side), 3);
  const far = [1, 2, 3, 4, 5].map((row) => candidateAt(row, 500, 0));
  const report = makeReport(
    [
      frameOf({ t_us: 1, retrieved: [candidateAt(0, 30, 0), ...far], ranked: [candidateAt(0, 30, 0)] }),
      frameOf({ t_us: 2, retrieved: [...far, candidateAt(0, 30, 0)], ranked: [candidateAt(0, 30, 0), ...far] }),
      frameOf({ t_us: 3 }),
      frameOf({ t_us: 4, truth: null, retrieved: [candidateAt(0, 30, 0)] }),
      // Truth off the pack: no query that could be answered.
      frameOf({ t_us: 5, truth: { lat_deg: 47, lon_deg: 7 } }),
    ],
    context,
  );
  assert.deepEqual(report.recall, {
    queries: 3,
    before: { at_1: 0.3333, at_5: 0.3333, at_10: 0.6667 },
    after: { at_1: 0.6667, at_5: 0.6667, at_10: 0.6667 },
  });
});

test("without truth and without fixes the report says null, not zero", () => {
  const report = makeReport([frameOf({ t_us: 1, truth: null, published: fixAt(1, 0, 0) })], context);
  assert.equal(report.false_fixes, null);
  assert.equal(report.nees, null);
  assert.equal(report.error_m.median, null);
  assert.equal(report.within_m["5"], null);
  assert.equal(report.recall.before.at_1, null);
  const nothing = makeReport([frameOf({ t_us: 1, reason: "off-map" })], context);
  assert.equal(nothing.false_fixes, 0);
  assert.equal(nothing.time_to_first_fix_s, null);
  assert.equal(nothing.availability, 0);
  assert.equal(makeReport([], context).availability, 0);
  assert.equal(makeReport([], { ...context, info: { ...context.info, reranker: null } }).recall.after, null);
});

test("the table shows every figure", () => {
  const report = makeReport(
    [frameOf({ t_us: 1, published: fixAt(1, 3, 4) }), frameOf({ t_us: 2, reason: "off-map" })],
    context,
  );
  const table = reportTable(report);
  for (const word of ["1 (50.0 %)", "median 5.00 m", "false fixes", "NEES", "no fix: off-map", "rectify", "total"]) {
    assert.ok(table.includes(word), `${word} is not in\n${table}`);
  }
});

test("the table of frames has one line each, with empty fields for what is unknown", () => {
  const table = framesTable(
    [
      frameOf({ t_us: 1, published: fixAt(1, 3, 4), retrieved: [candidateAt(0, 30, 0)] }),
      frameOf({ t_us: 2, reason: "off-map" }),
    ],
    () => 80,
  );
  const [header = "", first = "", second = ""] = table.split("\n");
  const names = header.split(",");
  const value = (line: string, name: string): string | undefined => line.split(",")[names.indexOf(name)];
  assert.equal(value(first, "published"), "1");
  assert.equal(value(first, "error_m"), "5.00000");
  assert.equal(value(first, "rank_before"), "1");
  assert.equal(value(second, "reason"), "off-map");
  assert.equal(value(second, "error_m"), "");
  assert.equal(first.split(",").length, names.length);
});

test("percentiles interpolate, and nothing comes from nothing", () => {
  assert.equal(percentile([4, 1, 3, 2], 0.5), 2.5);
  assert.equal(percentile([1, 2, 3, 4, 5], 0.95), 4.8);
  assert.equal(percentile([7], 0.99), 7);
  assert.equal(percentile([], 0.5), null);
  assert.equal(rootMeanSquare([3, 4]), Math.sqrt(12.5));
  assert.equal(mean([]), null);
  assert.equal(
    part([1, 2, 3, 4], (v) => v > 1),
    0.75,
  );
});
