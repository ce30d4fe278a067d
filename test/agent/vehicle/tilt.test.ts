import assert from "node:assert/strict";
import { test } from "node:test";
import { DEFAULT_VEHICLE_CONFIG } from "../../../agent/vehicle/config.js";
import { tiltSigma_deg } from "../../../agent/vehicle/tilt.js";

const config = DEFAULT_VEHICLE_CONFIG.tilt;
const LEVEL = { lean_deg: 0, turning_dps: 0, aided: true };

test("level and at rest nothing is added to the error budget", () => {
  assert.equal(tiltSigma_deg(LEVEL, config), 0);
  assert.equal(tiltSigma_deg({ ...LEVEL, aided: false }, config), 0);
});

test("it grows with the lean, more so where no velocity aids the autopilot", () => {
  const at = (lean_deg: number, aided: boolean): number => tiltSigma_deg({ ...LEVEL, lean_deg, aided }, config);
  assert.ok(at(5, true) < 0.2);
  assert.ok(at(36, true) > at(18, true) && at(36, false) > at(36, true));
  assert.ok(at(36, false) > 1 && at(36, false) < 3);
});

test("in a turn the attitude's time is an angle", () => {
  const sigma_deg = tiltSigma_deg({ ...LEVEL, turning_dps: 80 }, config);
  assert.ok(Math.abs(sigma_deg - (80 * config.clock_sigma_ms) / 1000) < 1e-9);
});
