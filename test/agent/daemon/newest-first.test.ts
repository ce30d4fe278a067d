import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { NewestFirst } from "../../../agent/daemon/newest-first.js";
import { settle } from "./manual-scheduler.js";

test("while one is in work the newest waits, and takes the place of the one before", async () => {
  const begun: number[] = [];
  let finish = (): void => undefined;
  const queue = new NewestFirst<number>((item) => {
    begun.push(item);
    return new Promise((resolve) => {
      finish = resolve;
    });
  });
  for (const item of [1, 2, 3, 4]) queue.offer(item);
  assert.deepEqual(begun, [1]);
  assert.equal(queue.busy, true);
  finish();
  await settle();
  assert.deepEqual(begun, [1, 4]);
  finish();
  await settle();
  assert.deepEqual(queue.counts, { done: 2, skipped: 2 });
  assert.equal(queue.busy, false);
  queue.offer(5);
  assert.deepEqual(begun, [1, 4, 5]);
  queue.offer(6);
  queue.clear();
  finish();
  await settle();
  assert.deepEqual(begun, [1, 4, 5]);
  assert.deepEqual(queue.counts, { done: 3, skipped: 3 });
});

test("every item is done or skipped, order is kept, and the last is always done", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.boolean(), { maxLength: 30 }), async (finishes) => {
      const done: number[] = [];
      let finish = (): void => undefined;
      const queue = new NewestFirst<number>(async (item) => {
        await new Promise<void>((resolve) => {
          finish = resolve;
        });
        done.push(item);
      });
      for (const [item, isTime] of finishes.entries()) {
        queue.offer(item);
        if (isTime) {
          finish();
          await settle();
        }
      }
      while (queue.busy) {
        finish();
        await settle();
      }
      assert.equal(queue.counts.done + queue.counts.skipped, finishes.length);
      assert.deepEqual(
        done,
        [...done].sort((a, b) => a - b),
      );
      assert.equal(done.at(-1), finishes.length === 0 ? undefined : finishes.length - 1);
    }),
    { numRuns: 50 },
  );
});
