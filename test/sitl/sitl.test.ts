import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { flyScenario } from "./fly-scenario.js";
import { SCENARIOS, type VehicleKind } from "./scenarios.js";
import { resultTable } from "./verdict.js";
import { autopilotFor, variablesOf } from "./where.js";

// Real autopilots in their simulators, where the environment names them (docs/sitl.md): minutes a flight. A vehicle that
// runs already is one vehicle of one kind: SITL_SCENARIO says which scenario it flies.

const { SITL_MAVLINK, SITL_SCENARIO } = process.env;

function skipReason(name: string, kind: VehicleKind): string | false {
  if (SITL_MAVLINK && name !== SITL_SCENARIO)
    return "SITL_MAVLINK is flown in the one scenario that SITL_SCENARIO names";
  return autopilotFor(kind, process.env) === null ? variablesOf(kind) : false;
}

describe("real autopilots", () => {
  for (const scenario of SCENARIOS) {
    const skip = skipReason(scenario.name, scenario.vehicle);
    it(`${scenario.name}: ${scenario.about}`, { skip, timeout: 1_800_000 }, async (test) => {
      const autopilot = autopilotFor(scenario.vehicle, process.env);
      assert.ok(autopilot !== null);
      const folder = join(tmpdir(), "skylink-sitl");
      mkdirSync(folder, { recursive: true });
      const say = (line: string): void => test.diagnostic(line);
      const result = await flyScenario(scenario, autopilot, { folder, say, signal: test.signal });
      for (const line of resultTable([result]).split("\n")) test.diagnostic(line);
      assert.deepEqual(result.failures, []);
    });
  }
});
