import assert from "node:assert/strict";
import { test } from "node:test";
import { type EvalReport, reportJson, reportTable } from "../../../agent/eval/report.js";
import type { Scores } from "../../../agent/eval/scores.js";

const scores = (ap: number): Scores => ({ recall_at: { "1": 0.5, "5": 0.75, "10": 1 }, recall_at_1_percent: 0.5, ap });

const REPORT: EvalReport = {
  dataset: "University-1652",
  folder: "data/u",
  models: { retriever: { id: "enc-1", sha256: "0".repeat(64) }, reranker: "rr-1" },
  options: { rerank_k: 20, headings: 1, north_up: false, fit: "squeeze", limit: null },
  left_out: ["satellite → drone: no folder query_satellite"],
  tasks: [
    {
      name: "drone → satellite",
      queries: 37855,
      gallery: 951,
      without_true_image: 0,
      before: scores(0.123456789),
      after: scores(0.654),
      seconds: 1.23456789,
    },
  ],
  pooled: null,
};

test("the table has a line before and a line after re-ranking, in percent", () => {
  const lines = reportTable(REPORT).split("\n");
  assert.match(lines[1] ?? "", /enc-1, rr-1 re-ranks the best 20, queries as they are$/);
  assert.ok(lines.includes("left out: satellite → drone: no folder query_satellite"));
  const [head, first, second] = lines.slice(-3);
  assert.deepEqual(head?.trim().split(/\s+/), ["queries", "gallery", "R@1", "R@5", "R@10", "R@1%", "AP"]);
  assert.match(
    first ?? "",
    /^drone → satellite {4}37855 {6}951 {2}before {2}50\.00 {2}75\.00 {2}100\.00 {2}50\.00 {2}12\.35$/,
  );
  assert.match(second ?? "", /^ +after .* 65\.40$/);
});

test("without re-ranking, with distances, with a limit", () => {
  const before: Scores = {
    ...scores(0.5),
    sdm_at: { "1": 0.25, "3": 0.2 },
    within_m: { "50": 0.1 },
    mean_distance_m: 321.04,
  };
  const text = reportTable({
    ...REPORT,
    models: { ...REPORT.models, reranker: null },
    options: { ...REPORT.options, rerank_k: null, limit: 3, headings: 36, north_up: true, fit: "crop" },
    tasks: [
      {
        ...REPORT.tasks[0],
        name: "flight 03",
        queries: 3,
        gallery: 9,
        without_true_image: 1,
        before,
        after: null,
        seconds: 1,
      },
    ],
  });
  assert.match(text, /no re-ranking, queries turned north-up, cut to their middle and at 36 headings/);
  assert.match(text, /only 3 queries of each task: no figures of the benchmark/);
  assert.match(text, /flight 03: the gallery has no true image of 1 of 3 queries; they count as missed/);
  assert.match(text, /SDM@1 +SDM@3 +<50 m +mean m\nflight 03 .* retrieval +25\.00 +20\.00 +10\.00 +321\.0$/m);
});

test("JSON has every figure to six places", () => {
  const json: unknown = JSON.parse(reportJson(REPORT));
  assert.ok(reportJson(REPORT).endsWith("}\n"));
  assert.deepEqual(json, {
    ...REPORT,
    tasks: [{ ...REPORT.tasks[0], before: scores(0.123457), seconds: 1.234568 }],
  });
});
