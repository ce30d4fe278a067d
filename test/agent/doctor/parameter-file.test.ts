import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { parameterFile, parameterFileName } from "../../../agent/doctor/parameter-file.js";
import { accepted } from "../../../agent/doctor/rules.js";
import { SETUPS } from "../../../agent/doctor/setups.js";
import { packageRoot } from "../../../models/runtime/paths.js";

const FOLDER = join(packageRoot(), "docs", "params");

/** The parameters in a file: name, value, and the type where the form has one. */
function parse(text: string): { name: string; value: number; type: string | undefined }[] {
  return text
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => {
      const parts = line.includes("\t") ? line.split("\t").slice(2) : line.split(",");
      return { name: parts[0] ?? "", value: Number(parts[1]), type: parts[2] };
    });
}

describe("parameter files", () => {
  it("in docs/params are those of the rules (skylink-agent doctor --write-params docs/params)", () => {
    assert.deepEqual(
      readdirSync(FOLDER)
        .filter((name) => /\.params?$/.test(name))
        .sort(),
      SETUPS.map(parameterFileName).sort(),
    );
    for (const setup of SETUPS) {
      assert.equal(readFileSync(join(FOLDER, parameterFileName(setup)), "utf8"), parameterFile(setup));
    }
  });

  for (const setup of SETUPS) {
    it(`${parameterFileName(setup)}: every value is right by the rules, and none is left out`, () => {
      const params = parse(parameterFile(setup));
      const rules = setup.rules.filter(({ when, notInFile }) => when === undefined && notInFile === undefined);
      assert.deepEqual(
        params.map(({ name }) => name),
        rules.map(({ names: [name] }) => name),
      );
      params.forEach(({ value, type }, i) => {
        const rule = rules[i];
        assert.ok(rule && accepted(rule, value));
        assert.equal(type, setup.autopilot === "ardupilot" ? undefined : rule.kind === "integer" ? "6" : "9");
      });
      for (const { otherwise } of rules) {
        if (otherwise !== undefined)
          assert.match(
            parameterFile(setup),
            new RegExp(`^# .* has ${otherwise.name} .*by hand ${otherwise.value}`, "m"),
          );
      }
      for (const { names, when, notInFile } of setup.rules) {
        if (when !== undefined || notInFile)
          assert.match(parameterFile(setup), new RegExp(`^# .*by hand.*${names[0]}`, "im"));
      }
    });
  }
});
