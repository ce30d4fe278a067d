import assert from "node:assert/strict";
import { test } from "node:test";
import { DEFAULT_NAVIGATION_CONFIG } from "../../../../agent/navigation/config.js";
import { type GateInputs, gatesOf } from "../../../../agent/navigation/integrity/gates.js";

const config = DEFAULT_NAVIGATION_CONFIG.integrity;
const GOOD: GateInputs = {
  t_us: 100e6,
  active: true,
  lost: null,
  agreeing: 3,
  belief: 0.9999,
  fix_t_us: 99e6,
  blind_s: 0,
  frozen: false,
  refused: 0,
  protection_level_m: 12,
};

function failing(change: Partial<GateInputs>): string[] {
  return gatesOf({ ...GOOD, ...change }, config).flatMap(({ name, holds }) => (holds ? [] : [name]));
}

test("all gates hold in good flight, each says what was measured", () => {
  assert.deepEqual(failing({}), []);
  for (const { detail } of gatesOf(GOOD, config)) assert.ok(detail.length > 5);
});

test("each condition fails its own gate and no other", () => {
  assert.deepEqual(failing({ frozen: true }), ["picture"]);
  assert.deepEqual(failing({ active: false, agreeing: 1 }), ["agreement"]);
  assert.deepEqual(failing({ belief: config.keep_mass - 0.01 }), ["belief"]);
  assert.deepEqual(failing({ refused: config.refused_silence }), ["innovation"]);
  assert.deepEqual(failing({ fix_t_us: 100e6 - (config.coast_s + 0.1) * 1e6 }), ["fix-age"]);
  assert.deepEqual(failing({ blind_s: config.coast_blind_s + 0.1 }), ["fix-age"]);
  assert.deepEqual(failing({ protection_level_m: config.alert_limit_m + 1 }), ["protection-level"]);
});

test("more belief is asked for to begin than to go on", () => {
  assert.deepEqual(failing({ belief: 0.9 }), []);
  assert.deepEqual(failing({ belief: 0.9, active: false }), ["agreement", "belief"]);
});

test("a loss is told with its cause, no fix yet is told as such", () => {
  const [, agreement] = gatesOf({ ...GOOD, active: false, lost: "innovation", agreeing: 2 }, config);
  assert.match(agreement?.detail ?? "", /2 of 3 .*lost by innovation/);
  const gates = gatesOf({ ...GOOD, fix_t_us: null, active: false, protection_level_m: null }, config);
  assert.match(gates.find(({ name }) => name === "fix-age")?.detail ?? "", /no fix yet/);
});
