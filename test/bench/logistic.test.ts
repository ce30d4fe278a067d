import assert from "node:assert/strict";
import { test } from "node:test";
import { fitLogistic } from "../../bench/logistic.js";

test("the fit finds the measure that decides and ignores the one that does not", () => {
  const x: number[][] = [];
  const y: boolean[] = [];
  for (let i = 0; i < 200; i++) {
    const useful = i / 200;
    const noise = ((i * 7919) % 101) / 101;
    x.push([useful, noise]);
    y.push(useful > 0.5 !== (i % 17 === 0));
  }
  const { weights, bias } = fitLogistic(x, y);
  const [useful = 0, noise = 0] = weights;
  assert.ok(useful > 3, `useful ${useful}`);
  assert.ok(Math.abs(noise) < useful / 5, `noise ${noise}`);
  const atHalf = bias + 0.5 * useful + 0.5 * noise;
  assert.ok(Math.abs(atHalf) < 0.5, `decision at ${atHalf}`);
});

test("classes weigh the same however many examples each has", () => {
  const x = [...Array.from({ length: 300 }, () => [0]), ...Array.from({ length: 3 }, () => [1])];
  const y = x.map(([value]) => value === 1);
  const { weights, bias } = fitLogistic(x, y, 0.01);
  assert.ok(Math.abs(bias + 0.5 * (weights[0] ?? 0)) < 0.2);
});
