import assert from "node:assert/strict";
import { test } from "node:test";
import type { Fix } from "../../../agent/fix.js";
import { Agreement, type AgreementConfig, type Verdict } from "../../../agent/navigation/agreement.js";
import { offsetToLonLat } from "../../../tiles/geodesy/wgs84.js";

const ORIGIN = { lat_deg: 46, lon_deg: 7 };
const config: AgreementConfig = { required: 3, max_speed_mps: 10, gate_sigmas: 3, lost_after_s: 5 };

function fixAt(t_s: number, north_m: number, east_m = 0, sigma_m = 1): Fix {
  const variance = sigma_m * sigma_m;
  return {
    t_us: t_s * 1e6,
    ...offsetToLonLat(ORIGIN, north_m, east_m),
    eph_m: sigma_m * Math.SQRT2,
    cov_ne_m2: { nn: variance, ne: 0, ee: variance },
    alt_m: null,
    quality: 1,
    reset: true,
  };
}

function says(verdict: Verdict): string | null {
  return verdict.fix === null ? verdict.reason : verdict.fix.reset ? "reset" : "fix";
}

/** Feeds measurements (null = the frame gave none), one a second. */
function feed(agreement: Agreement, measurements: readonly (number | null)[], start_s = 0): (string | null)[] {
  return measurements.map((north_m, i) => {
    const t_s = start_s + i;
    return says(agreement.observe(north_m === null ? null : fixAt(t_s, north_m), t_s * 1e6));
  });
}

test("the third of three agreeing positions is the first to be published, as a reset", () => {
  assert.deepEqual(feed(new Agreement(config), [0, 8, 16, 24]), [
    "awaiting-agreement",
    "awaiting-agreement",
    "reset",
    "fix",
  ]);
});

test("positions that no vehicle could join start again", () => {
  // 10 m/s for 1 s and 3 sigma of sqrt(2) m allow 14.2 m.
  assert.deepEqual(feed(new Agreement(config), [0, 8, 30, 38, 46]), [
    "awaiting-agreement",
    "awaiting-agreement",
    "awaiting-agreement",
    "awaiting-agreement",
    "reset",
  ]);
  assert.deepEqual(feed(new Agreement(config), [0, 14, 28]).at(-1), "reset");
  assert.deepEqual(feed(new Agreement(config), [0, 14.5, 29]).at(-1), "awaiting-agreement");
});

test("a single wrong position is held back, and what was agreed on lives on", () => {
  assert.deepEqual(feed(new Agreement(config), [0, 5, 10, 500, 20, null, 30]), [
    "awaiting-agreement",
    "awaiting-agreement",
    "reset",
    "disagrees",
    "fix",
    null,
    "fix",
  ]);
});

test("a wrong agreement gives way when enough later positions agree elsewhere", () => {
  assert.deepEqual(feed(new Agreement(config), [0, 5, 10, 500, 505, 510, 515]), [
    "awaiting-agreement",
    "awaiting-agreement",
    "reset",
    "disagrees",
    "disagrees",
    "reset",
    "fix",
  ]);
});

test("after a loss, agreement starts again", () => {
  const agreement = new Agreement(config);
  assert.equal(feed(agreement, [0, 5, 10]).at(-1), "reset");
  assert.notEqual(agreement.neighbourhood(7e6), undefined);
  assert.equal(agreement.neighbourhood(7.1e6), undefined);
  assert.deepEqual(feed(agreement, [60, 65, 70, 75], 8), ["awaiting-agreement", "awaiting-agreement", "reset", "fix"]);
});

test("a chain with a long gap is no chain", () => {
  const agreement = new Agreement(config);
  feed(agreement, [0, 5]);
  assert.deepEqual(feed(agreement, [10, 15, 20], 7), ["awaiting-agreement", "awaiting-agreement", "reset"]);
});

test("the gate looks along the line between the positions", () => {
  const agreement = new Agreement({ ...config, required: 2, max_speed_mps: 0.001 });
  const long = { ...fixAt(0, 0), cov_ne_m2: { nn: 100, ne: 0, ee: 0.01 } };
  agreement.observe(long, 0);
  assert.equal(says(agreement.observe({ ...fixAt(1, 0, 20), cov_ne_m2: long.cov_ne_m2 }, 1e6)), "awaiting-agreement");
  const other = new Agreement({ ...config, required: 2, max_speed_mps: 0.001 });
  other.observe(long, 0);
  assert.equal(says(other.observe({ ...fixAt(1, 20), cov_ne_m2: long.cov_ne_m2 }, 1e6)), "reset");
});

test("the neighbourhood grows with time and uncertainty", () => {
  const agreement = new Agreement(config);
  assert.equal(agreement.neighbourhood(0), undefined);
  feed(agreement, [0, 5, 10]);
  const near = agreement.neighbourhood(4e6);
  assert.ok(near !== undefined);
  assert.ok(Math.abs(near.radius_m - (20 + 3 * Math.SQRT2)) < 1e-9);
});
