import assert from "node:assert/strict";
import { test } from "node:test";
import {
  pairedDifference,
  type RetrieverRecord,
  retrieverMarkdown,
  retrieverRows,
} from "../../../bench/retrievers/table.js";

function record(retriever: string, retrieved: number | null, reranked: number | null, seen = false): RetrieverRecord {
  return { retriever, setting: "exact", pair: "p", seen, retrieved, reranked };
}

test("rows count each retriever's queries before and after, and what re-ranking changed", () => {
  const rows = retrieverRows([
    record("a", 1, 1),
    record("a", 3, 1),
    record("a", 1, 2, true),
    record("a", null, null),
    record("b", 6, 11),
  ]);
  assert.deepEqual(
    rows.map(({ retriever, queries, n }) => [retriever, queries, n]),
    [
      ["a", "all", 4],
      ["b", "all", 1],
      ["a", "unseen", 3],
      ["b", "unseen", 1],
    ],
  );
  const [all, b, unseen] = rows;
  assert.deepEqual([all?.retrieved.at_1, all?.retrieved.at_5, all?.reranked.at_1], [0.5, 0.75, 0.5]);
  assert.deepEqual([all?.difference.lifted, all?.difference.lowered, all?.difference.value], [1, 1, 0]);
  assert.deepEqual([b?.retrieved.at_10, b?.reranked.at_10], [1, 0]);
  assert.equal(unseen?.difference.value, 1 / 3);
});

test("the interval of a paired difference, worked out by hand", () => {
  // b = 20, c = 5, n = 100: d = .15, s = sqrt(25 - 2.25) / 100 = .0477; with s only those that changed count.
  const { value, low, high } = pairedDifference(20, 5, 100);
  assert.ok(Math.abs(value - 0.15) < 1e-12);
  assert.ok(Math.abs(low - 0.0565) < 1e-4 && Math.abs(high - 0.2435) < 1e-4, `${low} to ${high}`);
  assert.deepEqual(pairedDifference(0, 0, 10), { value: 0, low: 0, high: 0, lifted: 0, lowered: 0 });
  assert.equal(pairedDifference(10, 0, 10).high, 1);
});

test("a row that re-ranking lowers shows it", () => {
  const text = retrieverMarkdown(retrieverRows([record("a", 1, 2), record("a", 1, 1)]));
  assert.match(text, /\| exact \| a \| all \| 2 \| 1\.000 \/ 1\.000 \/ 1\.000 \| 0\.500 \/ .* \| −0\.500 \(/);
});
