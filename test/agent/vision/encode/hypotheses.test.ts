import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { DEFAULT_VISION_CONFIG } from "../../../../agent/vision/config.js";
import {
  headingHypotheses,
  isReported,
  queryHypotheses,
  scaleHypotheses,
} from "../../../../agent/vision/encode/hypotheses.js";

const config = DEFAULT_VISION_CONFIG.retrieve;

test("headings cover two sigma, each hypothesis five degrees to either side", () => {
  assert.deepEqual(headingHypotheses(2, config), [0]);
  assert.deepEqual(headingHypotheses(5, config), [-10, 0, 10]);
  assert.deepEqual(headingHypotheses(7.5, config), [-10, 0, 10]);
  assert.deepEqual(headingHypotheses(8, config), [-20, -10, 0, 10, 20]);
});

test("an unknown heading is searched all around, every 10 degrees once", () => {
  for (const sigma of [89, 90, 180]) {
    const headings = headingHypotheses(sigma, config);
    assert.equal(headings.length, 36);
    assert.equal(new Set(headings.map((h) => ((h % 360) + 360) % 360)).size, 36);
    assert.ok(headings.includes(0));
    assert.ok(headings.every((h) => h > -180.5 && h <= 180));
  }
});

test("one height hypothesis covers a tenth, others reach one and a half sigma, but no farther than registration", () => {
  for (const sigma of [0, 0.03, 0.05, 0.066]) assert.deepEqual(scaleHypotheses(sigma, config), [1]);
  for (const sigma of [0.067, 0.1, 0.15, 0.1875, 1]) {
    assert.deepEqual(scaleHypotheses(sigma, config), [1 / config.scale_step, 1, config.scale_step]);
  }
  const far = { ...config, scale_reach: 2, scale_step: 1.1 };
  const scales = scaleHypotheses(0.15, far);
  assert.equal(scales.length, 5);
  scales.forEach((scale, i) => {
    assert.ok(Math.abs(scale - 1.1 ** (i - 2)) < 1e-12);
  });
});

test("every heading is tried at every height, the reported height first", () => {
  const { scale_step: s } = config;
  assert.deepEqual(
    queryHypotheses(5, 0.03, config),
    [-10, 0, 10].map((heading_deg) => ({ heading_deg, scale: 1 })),
  );
  assert.deepEqual(
    queryHypotheses(5, 0.15, config),
    [1, 1 / s, s].flatMap((scale) => [-10, 0, 10].map((heading_deg) => ({ heading_deg, scale }))),
  );
});

test("with heading and height unknown, the other heights are tried at every second heading", () => {
  const tried = queryHypotheses(180, 0.15, config);
  assert.equal(tried.length, 72);
  assert.equal(tried.filter(({ scale }) => scale === 1).length, 36);
  const others = tried.filter(({ scale }) => scale > 1).map(({ heading_deg }) => heading_deg);
  assert.equal(others.length, 18);
  assert.ok(others.includes(0) && others.every((heading_deg) => heading_deg % 20 === 0));
});

test("never more than allowed, the reported pose once, every heading at the reported height", () => {
  const sigma_deg = fc.double({ min: 0, max: 180, noNaN: true });
  const ratio = fc.double({ min: 0, max: 0.5, noNaN: true });
  fc.assert(
    fc.property(sigma_deg, ratio, fc.integer({ min: 1, max: 150 }), (yaw, agl, max_hypotheses) => {
      const headings = headingHypotheses(yaw, config);
      const tried = queryHypotheses(yaw, agl, { ...config, max_hypotheses, scale_reach: 2 });
      assert.ok(tried.length <= Math.max(max_hypotheses, headings.length));
      assert.equal(tried.filter(isReported).length, 1);
      assert.deepEqual(
        tried.slice(0, headings.length),
        headings.map((heading_deg) => ({ heading_deg, scale: 1 })),
      );
      assert.equal(new Set(tried.map((one) => JSON.stringify(one))).size, tried.length);
    }),
  );
});
