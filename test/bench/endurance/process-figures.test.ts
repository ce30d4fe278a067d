import assert from "node:assert/strict";
import { test } from "node:test";
import { processFigures, statusNumber } from "../../../bench/endurance/process-figures.js";

test("numbers are found by the whole name of their line", () => {
  const status = "Name:\tnode\nVmHWM:\t  99999 kB\nVmRSS:\t  12345 kB\nThreads:\t12\n";
  assert.equal(statusNumber(status, "VmRSS"), 12345);
  assert.equal(statusNumber(status, "Threads"), 12);
  assert.equal(statusNumber(status, "RSS"), null);
});

test("this very process has memory, threads and files", { skip: process.platform !== "linux" && "needs /proc" }, () => {
  const figures = processFigures(process.pid);
  assert.ok(figures !== null && figures.rss_mib > 10 && figures.threads > 1 && figures.files > 2);
  assert.equal(processFigures(2 ** 30), null);
});
