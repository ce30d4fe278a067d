import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { HELD_OUT, overlaps, seenParts, TRAINING_PART } from "../../../bench/datasets/ground.js";

const python = readFileSync("train/skylink_train/data.py", "utf8");

describe("the split by ground", () => {
  test("training and benchmarks hold the same pairs out", () => {
    const block = /HELD_OUT = \{(.*?)\n\}/s.exec(python)?.[1] ?? "";
    const names = [...block.matchAll(/[{,] ?"([^"]+)"(?=[,}])/g)].map(([, name]) => name);
    assert.deepEqual(names.toSorted(), [...HELD_OUT].toSorted());
  });

  test("training and benchmarks cut the same edges off", () => {
    const block = /TRAINING_PART = \{(.*?)\n\}/s.exec(python)?.[1] ?? "";
    const parts = [...block.matchAll(/"(\w+)": \((\d+), (\d+), (\d+), (\d+)\)/g)].map(([, name, ...box]) => [
      name,
      ...box.map(Number),
    ]);
    assert.ok(parts.length > 0);
    assert.deepEqual(
      parts,
      [...TRAINING_PART].map(([name, { left, top, right, bottom }]) => [name, left, top, right, bottom]),
    );
  });

  test("no pair is both held out and trained on", () => {
    for (const name of TRAINING_PART.keys()) assert.ok(!HELD_OUT.has(name), name);
  });

  test("an encoder that is not known was trained on the split by ground: it has seen nothing held out", () => {
    assert.ok(seenParts("skylink-encoder-1", "Archieve").length > 0);
    assert.deepEqual(seenParts("another", "archieve"), []);
  });
});

describe("a turned frame over a rectangle", () => {
  const square = { left: 100, top: 100, right: 200, bottom: 200 };
  const frame = { x: 50, y: 150, width: 80, height: 20, heading_deg: 0 };

  test("short of it by its width, and over it when turned or nearer", () => {
    assert.ok(!overlaps(frame, square));
    assert.ok(overlaps({ ...frame, x: 61 }, square));
    assert.ok(!overlaps({ ...frame, x: 61, heading_deg: 90 }, square));
  });

  test("a corner that only the bounding boxes share is no overlap", () => {
    // A diamond of 40 px half diagonal, 30 px left of and above the corner: its bounding box covers the corner.
    const side = 40 * Math.SQRT2;
    const diamond = { x: 70, y: 70, width: side, height: side, heading_deg: 45 };
    assert.ok(!overlaps(diamond, square));
    assert.ok(overlaps({ ...diamond, x: 81, y: 81 }, square));
  });
});
