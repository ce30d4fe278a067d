import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { PX4_GLOBAL_POSITION_SENSOR } from "../../../agent/doctor/rules-px4.js";
import { SETUPS } from "../../../agent/doctor/setups.js";
import { FakeVehicle } from "../doctor/fake-vehicle.js";

const CLI = fileURLToPath(new URL("../../../agent/cli.js", import.meta.url));
const dir = mkdtempSync(join(tmpdir(), "doctor-"));
after(() => rmSync(dir, { recursive: true, force: true }));

/** Runs the command beside this process, in which the vehicle lives. */
function run(...args: string[]): Promise<{ code: number | null; out: string; err: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [CLI, "doctor", ...args], { stdio: ["ignore", "pipe", "pipe"] });
    let [out, err] = ["", ""];
    child.stdout.on("data", (chunk) => (out += String(chunk)));
    child.stderr.on("data", (chunk) => (err += String(chunk)));
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, out, err }));
  });
}

describe("skylink-agent doctor", () => {
  it("writes the parameter file of every way of feeding", async () => {
    const { code, out } = await run("--write-params", join(dir, "params"));
    assert.equal(code, 0);
    assert.equal(out.trim().split("\n").length, SETUPS.length);
    for (const path of out.trim().split("\n")) assert.ok(existsSync(path));
  });

  it("wrong usage is the user's error, with the nearest word", async () => {
    const wrong: readonly (readonly [RegExp, ...string[]])[] = [
      [/did you mean "odometry"/, "--publisher", "odometri"],
      [/"models"/, "--only", "modles"],
      [/udpout:HOST:PORT/, "--link", "udp:1.2.3.4:5"],
      [/give --fix/, "--yes"],
      [/--link URL/, "--fix", "--yes"],
      [/--yes/, "--fix", "--link", "udpin:127.0.0.1:0"],
      [/cannot be read/, "--config", join(dir, "none.toml")],
    ];
    await Promise.all(
      wrong.map(async ([message, ...args]) => {
        const { code, err } = await run(...args);
        assert.equal(code, 2, args.join(" "));
        assert.match(err, message);
      }),
    );
  });

  it("finds, writes, and finds nothing more; exit codes and JSON tell", async () => {
    const params = Object.fromEntries(
      PX4_GLOBAL_POSITION_SENSOR.rules.map(({ names: [name], value }) => [name, value]),
    );
    const vehicle = await FakeVehicle.open({
      autopilot: "px4",
      params: { ...params, SYS_AUTOSTART: 4001, SYS_HAS_GPS: 1, COM_POS_FS_EPH: 5 },
      floats: PX4_GLOBAL_POSITION_SENSOR.rules.filter(({ kind }) => kind === "float").map(({ names: [name] }) => name),
    });
    try {
      const json = join(dir, "doctor.json");
      const args = ["--only", "vehicle,parameters", "--link", vehicle.url, "--json", json];
      const first = await run(...args);
      assert.equal(first.code, 3, first.err);
      assert.match(first.out, /PROBLEM {2}COM_POS_FS_EPH: is 5, must be at least 30 or -1: set 50/);
      assert.match(first.out, /1 problem, /);
      const fixed = await run(...args, "--fix", "--yes");
      assert.equal(fixed.code, 0, fixed.out);
      assert.match(fixed.out, /written {2}COM_POS_FS_EPH = 50, read back/);
      assert.equal(vehicle.params.get("COM_POS_FS_EPH"), 50);
      const last = await run(...args);
      assert.equal(last.code, 0);
      const report = JSON.parse(readFileSync(json, "utf8"));
      assert.deepEqual([report.format, report.ok, report.setup], [1, true, "px4-global-position-sensor"]);
    } finally {
      await vehicle.close();
    }
  });

  it("takes what to look at from the configuration", async () => {
    const file = join(dir, "agent.toml");
    writeFileSync(
      file,
      [
        `agent.state_dir = "${join(dir, "state")}"`,
        'pack.path = "none.skypack"',
        "[camera]",
        'source = "pipe"',
        "width_px = 64\nheight_px = 48\nfx = 60.0\nfy = 60.0\ncx = 31.5\ncy = 23.5",
        "[camera.pipe]",
        'command = ["/nonexistent/camera"]',
        "[[link]]",
        'url = "udpin:127.0.0.1:0"',
      ].join("\n"),
    );
    const { code, out, err } = await run("--config", file, "--only", "system,pack,camera", "--wait", "1");
    assert.equal(code, 3, err);
    assert.match(out, /none\.skypack does not exist/);
    assert.match(out, /PROBLEM {2}(frames|opens): .*camera/);
    assert.match(out, /disk .*state: /);
  });
});
