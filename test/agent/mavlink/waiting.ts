import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";

/** Waits until `condition` holds; fails after `limit_ms` with `what` was waited for. */
export async function until(what: string, condition: () => boolean, limit_ms = 20_000): Promise<void> {
  const end = performance.now() + limit_ms;
  while (!condition()) {
    assert.ok(performance.now() < end, `waited ${limit_ms} ms for ${what}`);
    await sleep(2);
  }
}
