import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { OURS, type Registered } from "../../../bench/matching/registration-run.js";
import { isGood, registrationMarkdown, registrationRows } from "../../../bench/matching/registration-table.js";
import type { RankRecord } from "../../../bench/matching/retrieval-run.js";
import { retrievalMarkdown, retrievalRows } from "../../../bench/matching/retrieval-table.js";

describe("retrieval rows", () => {
  const record = (pair: string, seen: boolean, retrieved: number | null, reranked: number | null): RankRecord => ({
    ...{
      gallery: 1000,
      setting: "exact",
      pair,
      set: pair.startsWith("s") ? "sztaki" : "levir",
      seen,
      retrieved,
      reranked,
    },
    ...{ view: { x: 0, y: 0, heading_deg: 0 }, best_similarity: 0.9, right_similarity: null, deep: null },
    ...{ retrieved_on: null, reranked_on: null, retrieve_cpu_ms: 1, rerank_cpu_ms: 1 },
  });
  const rows = retrievalRows([
    record("s1", true, 1, 1),
    record("s2", false, 2, 1),
    record("s2", false, 1, 3),
    record("l1", false, null, null),
  ]);

  test("all, unseen ground, seen ground and each set are rows of their own", () => {
    assert.deepEqual(
      rows.map(({ queries, n }) => [queries, n]),
      [
        ["all", 4],
        ["unseen", 3],
        ["seen", 1],
        ["sztaki", 3],
        ["levir", 1],
      ],
    );
  });

  test("recall before and after, and which queries re-ranking lifted and lowered", () => {
    const [all] = rows;
    assert.equal(all?.retrieved.at_1, 0.5);
    assert.equal(all?.reranked.at_1, 0.5);
    assert.equal(all?.reranked.at_5, 0.75);
    assert.deepEqual([all?.lifted, all?.lowered], [1, 1]);
  });

  test("the table names the gallery's true number of cells", () => {
    assert.match(
      retrievalMarkdown(rows, () => 1034),
      /^\| 10\^3 \(1034\) \| exact \| all \| 4 \| \.500 \/ \.750 \/ \.750 \|/m,
    );
  });

  test("with K, a column says how many queries have a right candidate among the K", () => {
    const [head = "", line = "", all = ""] = retrievalMarkdown(rows, () => 1034, 20).split("\n");
    assert.match(head, /\| R@1 \/ 5 \/ 10 retrieved \| R@20 \| AP \|/);
    assert.match(all, /\| \.500 \/ \.750 \/ \.750 \| \.750 \| /);
    const columns = (row: string): number => row.split("|").length;
    assert.deepEqual([columns(line), columns(all)], [columns(head), columns(head)]);
  });
});

describe("registration rows", () => {
  const one = (
    method: string,
    right: boolean,
    error_m: number | null,
    score: number,
    accepted: boolean | null,
  ): Registered => ({
    ...{ scene: "pairs", setting: "exact", shot: "a", seen: false, right, method, error_m, score, accepted },
    ...{
      error_px: error_m === null ? null : error_m / 1.5,
      eph_m: null,
      cpu_ms: method === OURS ? 20 : 10,
      map_cpu_ms: null,
    },
  });
  const rows = registrationRows([
    one(OURS, true, 1, 0.99, true),
    one(OURS, true, 2, 0.6, false),
    one(OURS, true, 40, 0.95, true),
    one(OURS, false, null, 0.5, false),
    one("sift similarity", true, 1.2, 30, null),
    one("sift similarity", true, null, 0, null),
    one("sift similarity", true, null, 0, null),
    one("sift similarity", false, null, 7, null),
  ]);

  test("a fit that failed counts as infinitely far, in the median too", () => {
    assert.equal(rows[0]?.median_m, 2);
    assert.equal(rows[1]?.median_m, null);
    assert.equal(rows[1]?.within_5m, 1 / 3);
  });

  test("gates are chosen on the wrong places, and ours is told as shipped too", () => {
    const [ours, sift] = rows;
    assert.equal(ours?.gate.accepted, 1);
    assert.equal(ours?.gate.accepted_off, 1);
    assert.deepEqual(ours?.shipped_gate, { accepted: 2 / 3, accepted_off: 1, accepted_wrong: 0 });
    assert.equal(sift?.gate.threshold, 8);
    assert.equal(sift?.gate.accepted, 1 / 3);
    assert.equal(sift?.shipped_gate, null);
    assert.equal(sift?.times_ours, 0.5);
  });

  test("good is 5 m or 3 px, whichever is coarser", () => {
    assert.ok(isGood(4.9, 20));
    assert.ok(isGood(9, 2.9));
    assert.ok(!isGood(5.1, 3.1));
    assert.ok(!isGood(null, null));
  });

  test("the table has a line more for our shipped gate", () => {
    assert.equal(registrationMarkdown(rows).trim().split("\n").length, 2 + 3);
  });
});
