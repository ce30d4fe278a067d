import assert from "node:assert/strict";
import { test } from "node:test";
import type { PositionFix } from "../../../../agent/navigation/estimator/estimator.js";
import { FixChains } from "../../../../agent/navigation/integrity/chain.js";

const NORTHWARDS = (from_us: number, to_us: number) => ({
  north_m: (12 * (to_us - from_us)) / 1e6,
  east_m: 0,
  variance_m2: 0.25,
});

function fix(t_s: number, north_m: number, east_m = 0): PositionFix {
  return {
    t_us: t_s * 1e6,
    north_m,
    east_m,
    white_cov_m2: { nn: 1, ne: 0, ee: 1 },
    shared_variance_m2: 1,
    heading: null,
    scale: null,
  };
}

test("fixes that move with odometry make a run; a wrong one between them does not cost it", () => {
  const chains = new FixChains(13.8, 3);
  assert.equal(chains.add(fix(0, 0), NORTHWARDS).length, 1);
  assert.equal(chains.add(fix(1, 12), NORTHWARDS).length, 2);
  assert.equal(chains.add(fix(2, 900), NORTHWARDS).length, 1);
  assert.equal(chains.add(fix(3, 36.5), NORTHWARDS).length, 3);
  assert.equal(chains.longest, 3);
});

test("fixes that stand still while the vehicle moves do not agree", () => {
  const chains = new FixChains(13.8, 3);
  for (let t = 0; t < 10; t++) assert.equal(chains.add(fix(t, 0), NORTHWARDS).length, 1);
});

test("a run ends when nothing follows for too long, and all end when told", () => {
  const chains = new FixChains(13.8, 3);
  chains.add(fix(0, 0), NORTHWARDS);
  chains.add(fix(1, 12), NORTHWARDS);
  assert.equal(chains.add(fix(5, 60), NORTHWARDS).length, 1);
  chains.clear();
  assert.equal(chains.longest, 0);
});

test("a heading that was reported wrong turns the displacement: fixes that say by how much still agree", () => {
  const reportedEast = (from_us: number, to_us: number, offset_rad: number) => {
    const length_m = (12 * (to_us - from_us)) / 1e6;
    const heading_rad = Math.PI / 2 + offset_rad;
    return { north_m: length_m * Math.cos(heading_rad), east_m: length_m * Math.sin(heading_rad), variance_m2: 0.25 };
  };
  const chains = new FixChains(13.8, 3);
  const turned = (t_s: number): PositionFix => ({ ...fix(t_s, 12 * t_s), heading: { offset_deg: -90, sigma_deg: 1 } });
  chains.add(turned(0), reportedEast);
  assert.equal(chains.add(turned(1), reportedEast).length, 2);
  assert.equal(chains.add({ ...turned(2), heading: null }, reportedEast).length, 3);
  assert.equal(chains.add(fix(3, 36), reportedEast).length, 1);
});
