import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type FoundRecord, foundMarkdown, foundRows } from "../../../bench/matching/unregistered-table.js";

const record = (pair: string, retrieved: number | null, reranked: number | null, fix: string | null): FoundRecord => ({
  set: pair.split(" ")[0] ?? "",
  pair,
  view: { x: 0, y: 0, heading_deg: 0 },
  retrieved,
  reranked,
  fixed: fix !== null,
  fix_on: fix === "between" ? null : fix,
});

describe("rows of unregistered pairs", () => {
  const rows = foundRows([
    record("a 1", 1, 1, "a 1"),
    record("a 1", 3, 1, "b 1"),
    record("a 2", null, null, "between"),
    record("b 1", 7, 9, null),
  ]);

  it("counts frames found on their own pair before and after re-ranking", () => {
    assert.deepEqual(
      rows.map(({ set, n, pairs, retrieved, reranked }) => [set, n, pairs, retrieved, reranked]),
      [
        ["all", 4, 3, [0.25, 0.5, 0.75], [0.5, 0.5, 0.75]],
        ["a", 3, 2, [1 / 3, 2 / 3, 2 / 3], [2 / 3, 2 / 3, 2 / 3]],
        ["b", 1, 1, [0, 0, 1], [0, 0, 1]],
      ],
    );
  });

  it("calls a fix on another picture, or between pictures, a false one", () => {
    assert.deepEqual(
      rows.map(({ fixes, false_fixes }) => [fixes, false_fixes]),
      [
        [3, 2],
        [3, 2],
        [0, 0],
      ],
    );
    assert.match(
      foundMarkdown(rows),
      /\| all \| 3 \| 4 \| \.250 \/ \.500 \/ \.750 \| \.500 \/ \.500 \/ \.750 \| .* \| 3 \| 2 \|\n/,
    );
  });
});
