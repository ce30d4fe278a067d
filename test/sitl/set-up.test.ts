import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, describe, it } from "node:test";
import { parseConfig } from "../../agent/config/load.js";
import { agentToml } from "./agent-process.js";
import { parseParameters, shippedParameters } from "./parameter-file.js";
import { SCENARIOS } from "./scenarios.js";
import { resultTable } from "./verdict.js";
import { autopilotFor, runningLinks, variablesOf } from "./where.js";

const dir = mkdtempSync(join(tmpdir(), "sitl-"));
after(() => rmSync(dir, { recursive: true, force: true }));

function file(...path: string[]): void {
  const full = join(dir, ...path);
  mkdirSync(dirname(full), { recursive: true });
  writeFileSync(full, "");
}

describe("where the autopilot is", () => {
  it("without a variable there is none, and the message names those there are", () => {
    assert.equal(autopilotFor("ardupilot-copter", {}), null);
    assert.equal(autopilotFor("px4-copter", { ARDUPILOT_SITL: "/nowhere" }), null);
    assert.match(variablesOf("px4-copter"), /SITL_MAVLINK nor PX4_SITL/);
  });

  it("one tcp link serves all three, others are given one by one", () => {
    const one = "tcp:127.0.0.1:5760";
    assert.deepEqual(runningLinks(one), { station: one, agent: one, camera: one });
    const three = ["udpin:127.0.0.1:14550", "udpin:127.0.0.1:14540", "udpin:127.0.0.1:13280"];
    assert.deepEqual(runningLinks(three.join(",")), { station: three[0], agent: three[1], camera: three[2] });
    assert.throws(() => runningLinks("udpin:127.0.0.1:14550"), /three with commas/);
    assert.throws(() => runningLinks(`${one},${one}`), /2 links; give one, or three/);
    assert.throws(() => runningLinks("udpim:127.0.0.1:1"), /did you mean "udpin"/);
  });

  it("ArduPilot by its checkout or by the binary in it, with the simulator's own parameters", () => {
    file("ap", "build", "sitl", "bin", "arducopter");
    file("ap", "build", "sitl", "bin", "arduplane");
    file("ap", "Tools", "autotest", "default_params", "copter.parm");
    file("ap", "Tools", "autotest", "models", "plane.parm");
    const binary = join(dir, "ap", "build", "sitl", "bin", "arducopter");
    const defaults = join(dir, "ap", "Tools", "autotest", "default_params", "copter.parm");
    for (const ARDUPILOT_SITL of [join(dir, "ap"), binary]) {
      assert.deepEqual(autopilotFor("ardupilot-copter", { ARDUPILOT_SITL }), { kind: "ardupilot", binary, defaults });
    }
    const plane = autopilotFor("ardupilot-plane", { ARDUPILOT_SITL: binary });
    assert.equal(plane?.kind === "ardupilot" && plane.binary.endsWith("arduplane"), true);
    const beside = join(dir, "ap", "Tools", "autotest", "models", "plane.parm");
    assert.equal(plane?.kind === "ardupilot" && plane.defaults, beside);
    assert.throws(() => autopilotFor("ardupilot-copter", { ARDUPILOT_SITL: join(dir, "no") }), /does not exist/);
    assert.throws(() => autopilotFor("ardupilot-copter", { ARDUPILOT_SITL: dir }), /no arducopter in/);
    file("alone", "arducopter");
    const alone = { ARDUPILOT_SITL: join(dir, "alone") };
    assert.throws(() => autopilotFor("ardupilot-copter", alone), /copter\.parm is not beside/);
  });

  it("PX4 by its build folder", () => {
    file("px4", "bin", "px4");
    assert.throws(() => autopilotFor("px4-copter", { PX4_SITL: join(dir, "px4") }), /no bin\/px4 and etc/);
    mkdirSync(join(dir, "px4", "etc"));
    assert.equal(autopilotFor("px4-copter", { PX4_SITL: join(dir, "px4") })?.kind, "px4");
  });
});

describe("parameters", () => {
  it("of both kinds of files are read, and a line that is neither is named", () => {
    const both = "# words\nVISO_TYPE,1\n1\t1\tCOM_POS_FS_EPH\t50\t9\n";
    assert.deepEqual(parseParameters(both, "x"), { VISO_TYPE: 1, COM_POS_FS_EPH: 50 });
    assert.throws(() => parseParameters("VISO_TYPE,1\nVISO_TYPE yes\n", "x.param"), /^.*x\.param:2: "VISO_TYPE yes"/);
  });
});

describe("scenarios", () => {
  const home = { lat_deg: 48, lon_deg: 11, alt_m: 450 };
  const links = { station: "", agent: "udpin:127.0.0.1:14540", camera: "udpin:127.0.0.1:14560" };
  mkdirSync(join(dir, "pack.skypack"));
  for (const scenario of SCENARIOS) {
    it(`${scenario.name}: its parameter file is shipped, and its agent's configuration is one`, () => {
      assert.ok(Object.keys(shippedParameters(scenario.parameterFile)).length > 2);
      const ground = { pack: join(dir, "pack.skypack"), imagery: "world:seed=6" };
      const toml = agentToml({ scenario, ground, links, home, textPort: 14551, statusPort: 8081, folder: dir });
      const { config } = parseConfig(toml, join(dir, "agent.toml"));
      assert.equal(config.autopilot.publisher, scenario.publisher);
      assert.equal(config.autopilot.source_sets !== undefined, scenario.sourceSets);
      assert.equal(config.autopilot.origin !== undefined, scenario.gps === "never");
    });
  }

  it("an empty table has its header", () => {
    assert.match(resultTable([]), /^scenario +RMS +p95/);
  });
});
