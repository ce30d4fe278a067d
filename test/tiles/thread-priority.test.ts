import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { getPriority } from "node:os";
import { test } from "node:test";
import { Worker } from "node:worker_threads";

const MODULE = new URL("../../tiles/thread-priority.js", import.meta.url);

/** Runs in a worker: steps back, starts a worker of its own, and tells both nice values. */
const BODY = `
  const { workerData, parentPort, Worker } = require("node:worker_threads");
  const { readlinkSync } = require("node:fs");
  const os = require("node:os");
  const nice = "os.getPriority(Number(readlinkSync('/proc/thread-self').split('/').at(-1)))";
  import(workerData.module).then(({ stepBack }) => {
    const done = stepBack(workerData.nice);
    const own = eval(nice);
    const child = new Worker(
      "const { readlinkSync } = require('node:fs'); const os = require('node:os');" +
        "require('node:worker_threads').parentPort.postMessage(" + nice + ")",
      { eval: true },
    );
    child.on("message", (inherited) => parentPort.postMessage({ done, own, inherited }));
  });
`;

function inWorker(nice: number): Promise<{ done: boolean; own: number; inherited: number }> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(BODY, { eval: true, workerData: { module: MODULE.href, nice } });
    worker.once("message", resolve);
    worker.once("error", reject);
  });
}

const skip = existsSync("/proc/thread-self") ? false : "threads have no nice value of their own here";

test("a thread that steps back takes along those it starts, and leaves the rest of the process alone", {
  skip,
}, async () => {
  const before = getPriority();
  const { done, own, inherited } = await inWorker(5);
  assert.equal(done, true);
  assert.equal(own, Math.min(19, before + 5));
  assert.equal(inherited, own);
  assert.equal(getPriority(), before);
});

test("nobody steps back further than the operating system goes", { skip }, async () => {
  const { done, own } = await inWorker(40);
  assert.equal(done, true);
  assert.equal(own, 19);
});
