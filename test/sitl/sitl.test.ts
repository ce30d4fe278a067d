import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { flyScenario } from "./fly-scenario.js";
import { SCENARIOS } from "./scenarios.js";
import { resultTable } from "./verdict.js";
import { autopilotFor, variablesOf } from "./where.js";

// Real autopilots in their simulators, where the environment names them (docs/sitl.md): minutes a flight. A vehicle that
// runs already is one vehicle of one kind: it is flown with fly.js, which is told the scenario.

const environment = { ...process.env, SITL_MAVLINK: undefined };

describe("real autopilots", () => {
  for (const scenario of SCENARIOS) {
    const autopilot = autopilotFor(scenario.vehicle, environment);
    const skip = autopilot === null ? variablesOf(scenario.vehicle) : false;
    it(`${scenario.name}: ${scenario.about}`, { skip, timeout: 1_800_000 }, async (test) => {
      if (autopilot === null) return;
      const folder = join(tmpdir(), "skylink-sitl");
      mkdirSync(folder, { recursive: true });
      const say = (line: string): void => test.diagnostic(line);
      const result = await flyScenario(scenario, autopilot, { folder, say, signal: test.signal });
      for (const line of resultTable([result]).split("\n")) test.diagnostic(line);
      assert.deepEqual(result.failures, []);
    });
  }
});
