import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { orderedMap } from "../../../agent/eval/ordered-map.js";

test("results come in order, with no more than so many under way", async () => {
  let running = 0;
  let most = 0;
  const work = async (item: number): Promise<number> => {
    most = Math.max(most, ++running);
    for (let i = 0; i < (item * 7) % 5; i++) await setImmediate();
    running--;
    return item * 2;
  };
  const results: number[] = [];
  for await (const result of orderedMap([1, 2, 3, 4, 5, 6, 7], 3, work)) results.push(result);
  assert.deepEqual(results, [2, 4, 6, 8, 10, 12, 14]);
  assert.equal(most, 3);
});

test("a failure surfaces in its turn, after the results before it, and nothing is left running", async () => {
  let running = 0;
  const work = async (item: number): Promise<number> => {
    running++;
    await setImmediate();
    running--;
    if (item === 3) throw new Error("broken");
    return item;
  };
  const results: number[] = [];
  await assert.rejects(async () => {
    for await (const result of orderedMap([1, 2, 3, 4, 5, 6], 4, work)) results.push(result);
  }, /broken/);
  assert.deepEqual(results, [1, 2]);
  assert.equal(running, 0);
});

test("nothing to do is done", async () => {
  for await (const _ of orderedMap([], 4, async () => 1)) assert.fail("no result was expected");
});
