import assert from "node:assert/strict";
import { test } from "node:test";
import { DEFAULT_NAVIGATION_CONFIG } from "../../../agent/navigation/config.js";
import { measureFix, packLevels, packReference, placeEvidence } from "../../../agent/navigation/measurement.js";
import type { FrameResult } from "../../../agent/vision/result.js";
import { offsetToLonLat } from "../../../tiles/geodesy/wgs84.js";
import { FlightMaker, LEVELS, REFERENCE } from "../helpers/navigation-inputs.js";

const config = DEFAULT_NAVIGATION_CONFIG.belief;

function seen(change: Partial<FrameResult> = {}): FrameResult {
  return { ...new FlightMaker(1).next().seen(), ...change };
}

function near(value: number | undefined, expected: number, tolerance: number): void {
  assert.ok(value !== undefined && Math.abs(value - expected) <= tolerance, `${value}, expected ${expected}`);
}

test("a fix is split into its own noise and what it shares with its neighbours; the map's error is left to the solution", () => {
  const estimate = {
    t_us: 0,
    ...offsetToLonLat(REFERENCE, 100, -50),
    eph_m: Math.sqrt(18),
    cov_ne_m2: { nn: 9, ne: 0, ee: 9 },
    alt_m: null,
    quality: 0.9,
    reset: true,
  };
  const base = seen();
  assert.ok(base.spread !== null);
  const spread = { ...base.spread, cov_ne_m2: { nn: 2, ne: 0.5, ee: 4 }, scale_sigma: 0.03 };
  const fix = measureFix(seen({ estimate, spread, scale: 1.04, heading_correction_deg: -7 }), REFERENCE, 1);
  near(fix?.north_m, 100, 1e-6);
  near(fix?.east_m, -50, 1e-6);
  assert.deepEqual(fix?.white_cov_m2, { nn: 2, ne: 0.5, ee: 4 });
  near(fix?.shared_variance_m2, (9 + 9 - 2 - 4) / 2 - 1, 1e-12);
  assert.deepEqual(fix?.heading, { offset_deg: -7, sigma_deg: spread.heading_sigma_deg });
  assert.deepEqual(fix?.scale, { ratio: 1.04, sigma: 0.03 });
  assert.equal(measureFix(seen({ estimate: null }), REFERENCE, 1), null);
});

test("a sighting is the place from which the vehicle sees that cell, by the heading under which it fits", () => {
  const cell = offsetToLonLat(REFERENCE, 500, 200);
  const result = seen({
    patch_offset: { north_m: 30, east_m: 0 },
    sightings: [
      { ...cell, heading_deg: 0, similarity: 0.8 },
      { ...cell, heading_deg: 90, similarity: 0.7 },
    ],
    cells: 400,
  });
  const evidence = placeEvidence(result, REFERENCE, LEVELS, 20, config);
  const [ahead, turned] = evidence?.sightings ?? [];
  near(ahead?.north_m, 470, 1e-6);
  near(ahead?.east_m, 200, 1e-6);
  near(turned?.north_m, 500, 1e-6);
  near(turned?.east_m, 170, 1e-6);
  assert.equal(evidence?.places, 800);
  assert.equal(evidence?.novelty, 0.5);
});

test("novelty is whole after half a cell side and never more; a frame that was not compared is no evidence", () => {
  assert.equal(placeEvidence(seen(), REFERENCE, LEVELS, Number.POSITIVE_INFINITY, config)?.novelty, 1);
  assert.equal(placeEvidence(seen(), REFERENCE, LEVELS, 0, config)?.novelty, 0);
  assert.equal(placeEvidence(seen({ sightings: [] }), REFERENCE, LEVELS, 50, config), null);
  assert.equal(placeEvidence(seen({ patch_offset: null }), REFERENCE, LEVELS, 50, config), null);
  assert.equal(placeEvidence(seen({ level: 7 }), REFERENCE, LEVELS, 50, config), null);
});

test("spacing comes from the pack's strides, the reference is its middle", () => {
  const pack = {
    manifest: { levels: [{ level: 2, cell_px: 224, stride_px: 56 }] },
    level: () => ({ cell_side_m: 100 }),
  };
  assert.deepEqual(packLevels(pack), [{ level: 2, cell_side_m: 100, spacing_m: 25 }]);
  assert.deepEqual(packReference({ bbox: { west: 10, south: 40, east: 12, north: 42 } }), { lat_deg: 41, lon_deg: 11 });
});
