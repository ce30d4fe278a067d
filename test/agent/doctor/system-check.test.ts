import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import type { Check } from "../../../agent/doctor/checks.js";
import { checkSystem, type SystemOptions } from "../../../agent/doctor/system-check.js";

const dir = mkdtempSync(join(tmpdir(), "system-check-"));
after(() => rmSync(dir, { recursive: true, force: true }));

/** A folder of thermal zones: type and temperature in thousandths of a degree. */
function thermal(name: string, zones: readonly (readonly [string, string])[]): string {
  const folder = join(dir, name);
  zones.forEach(([type, temp], i) => {
    mkdirSync(join(folder, `thermal_zone${i}`), { recursive: true });
    writeFileSync(join(folder, `thermal_zone${i}`, "type"), `${type}\n`);
    writeFileSync(join(folder, `thermal_zone${i}`, "temp"), `${temp}\n`);
  });
  return folder;
}

async function find(name: string, options: Partial<SystemOptions>): Promise<Check | undefined> {
  const checks = await checkSystem({ folders: [], thermal: join(dir, "none"), ...options });
  return checks.find((check) => check.name === name);
}

describe("checkSystem", () => {
  it("finds a date before the program was made", async () => {
    assert.equal((await find("date", {}))?.verdict, "ok");
    const past = await find("date", { now_ms: () => Date.parse("1970-01-01T00:02:00Z") });
    assert.equal(past?.verdict, "problem");
    assert.match(past?.detail ?? "", /1970-01-01 00:02 UTC.*timedatectl/);
  });

  it("finds a date that is being set while it looks", async () => {
    assert.equal((await find("clocks", {}))?.verdict, "ok");
    let calls = 0;
    const jumping = () => Date.now() + (calls++ > 1 ? 3_600_000 : 0);
    assert.equal((await find("clocks", { now_ms: jumping }))?.verdict, "warning");
  });

  it("tells the hottest zone and leaves those that are off", async () => {
    const zones = (celsius: number) =>
      [
        ["CPU-therm", "41000"],
        ["GPU-therm", `${celsius * 1000}`],
        ["off", "-256000"],
      ] as const;
    for (const [celsius, verdict] of [
      [55, "ok"],
      [85, "warning"],
      [97, "problem"],
    ] as const) {
      const check = await find("temperature", { thermal: thermal(`t${celsius}`, zones(celsius)) });
      assert.equal(check?.verdict, verdict);
      assert.match(check?.detail ?? "", new RegExp(`^${celsius} °C \\(GPU-therm\\)`));
    }
    assert.equal((await find("temperature", {}))?.verdict, "skipped");
    assert.equal((await find("temperature", { thermal: thermal("bad", [["x", "none"]]) }))?.verdict, "skipped");
  });

  it("tells the space of a folder, also of one that is not there yet", async () => {
    const there = await find(`disk ${dir}`, { folders: [{ path: dir, written: true }] });
    assert.match(there?.detail ?? "", /GiB free/);
    const coming = join(dir, "not", "yet");
    const check = await find(`disk ${coming}`, { folders: [{ path: coming, written: true }] });
    assert.match(check?.detail ?? "", /not there yet/);
  });
});
