import assert from "node:assert/strict";
import { test } from "node:test";
import { formatBytes, Progress } from "../../../flash/pack/progress.js";

function record(isTTY: boolean) {
  const written: string[] = [];
  return { written, stream: { isTTY, columns: 200, write: (text: string) => written.push(text) } };
}

test("a terminal gets one line with cells per second, time left and bytes", () => {
  let now = 0;
  const { written, stream } = record(true);
  const progress = new Progress(stream, 100, () => now);
  progress.phase("encoding");
  now = 10_000;
  progress.add({ work: 25, cells: 500, bytes: 2_500_000 });
  const line = written.at(-1) ?? "";
  assert.ok(line.startsWith("\r\x1b[K"));
  assert.match(line, /encoding {2}\[######\.+\] 25 % {2}500 cells {2}50 cells\/s {2}2\.50 MB {2}0:30 left$/);
  now = 10_010;
  progress.add({ work: 1 });
  assert.equal(written.at(-1), line, "not redrawn for every step");
  progress.end();
  assert.equal(written.at(-1), "\r\x1b[K");
});

test("a log gets a line every few seconds", () => {
  let now = 0;
  const { written, stream } = record(false);
  const progress = new Progress(stream, 100, () => now);
  progress.phase("encoding");
  for (; now < 12_000; now += 100) progress.add({ work: 0.5 });
  progress.end();
  assert.equal(written.length, 2);
  assert.ok(written.every((line) => line.endsWith("\n") && !line.includes("\x1b")));
});

test("bytes for people", () => {
  assert.deepEqual([0, 999, 1000, 12_345_678, 1.5e9].map(formatBytes), [
    "0 B",
    "999 B",
    "1.00 kB",
    "12.3 MB",
    "1.50 GB",
  ]);
});
