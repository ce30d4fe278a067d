import assert from "node:assert/strict";
import { test } from "node:test";
import { ProgressBar } from "../../../agent/eval/progress.js";

function bar(isTTY: boolean, columns = 100): { bar: ProgressBar; lines: string[]; clock: { ms: number } } {
  const lines: string[] = [];
  const clock = { ms: 0 };
  const stream = { isTTY, columns, write: (text: string) => lines.push(text.replace("\r\x1b[K", "")) };
  return { bar: new ProgressBar(stream, () => clock.ms), lines, clock };
}

test("a terminal gets a bar, the count and, after a while, the time that is left", () => {
  const { bar: it, lines, clock } = bar(true);
  it.show("150 m  queries", 0, 200);
  clock.ms = 50;
  it.show("150 m  queries", 10, 200);
  clock.ms = 10_000;
  it.show("150 m  queries", 50, 200);
  it.show("150 m  queries", 200, 200);
  it.end();
  assert.deepEqual(lines, [
    `150 m  queries [${"-".repeat(24)}] 0/200`,
    `150 m  queries [${"#".repeat(6)}${"-".repeat(18)}] 50/200  00:30 left`,
    `150 m  queries [${"#".repeat(24)}] 200/200`,
    "",
  ]);
});

test("hours are told, and a narrow terminal is not wrapped", () => {
  const { bar: it, lines, clock } = bar(true, 40);
  it.show("a", 0, 10_000);
  clock.ms = 10_000;
  it.show("a", 10, 10_000);
  assert.equal(lines[1]?.length, 39);
  const wide = bar(true);
  wide.bar.show("a", 0, 10_000);
  wide.clock.ms = 10_000;
  wide.bar.show("a", 10, 10_000);
  assert.match(wide.lines[1] ?? "", / 2:46:30 left$/);
});

test("what is no terminal gets nothing", () => {
  const { bar: it, lines } = bar(false);
  it.show("a", 0, 10);
  it.end();
  assert.deepEqual(lines, []);
});
