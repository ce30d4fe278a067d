import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { loadConfig } from "../../agent/config/load.js";
import { packageRoot } from "../../models/runtime/paths.js";

const dir = mkdtempSync(join(tmpdir(), "install-"));
after(() => rmSync(dir, { recursive: true, force: true }));

/** A checkout as install.sh sees one, with a program that says where it runs. */
const checkout = join(dir, "checkout");
for (const folder of ["dist/agent", "dist/flash", "models/encoder-1", "node_modules/x", "docs"]) {
  mkdirSync(join(checkout, folder), { recursive: true });
}
cpSync(join(packageRoot(), "systemd"), join(checkout, "systemd"), { recursive: true });
cpSync(join(packageRoot(), "docs", "running.md"), join(checkout, "docs", "running.md"));
writeFileSync(join(checkout, "package.json"), "{}");
for (const name of ["agent", "flash"]) {
  writeFileSync(join(checkout, "dist", name, "cli.js"), "console.log(__filename, process.argv.slice(2).join(' '))");
}

function install(destination: string, args: readonly string[] = [], env: NodeJS.ProcessEnv = {}) {
  const { status, stdout, stderr } = spawnSync("sh", [join(checkout, "systemd", "install.sh"), ...args], {
    encoding: "utf8",
    env: { PATH: process.env.PATH, DESTDIR: destination, ...env },
  });
  return { code: status, out: stdout, err: stderr };
}

function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length))
    .sort();
}

test("everything lands where systemd looks, twice gives the same, and the configuration is never overwritten", () => {
  const root = join(dir, "root");
  const first = install(root);
  assert.equal(first.code, 0, first.err);
  const files = filesIn(root);
  for (const file of [
    "/usr/local/bin/skylink-agent",
    "/usr/local/bin/flash",
    "/usr/local/lib/skylink-agent/dist/agent/cli.js",
    "/usr/local/lib/systemd/system/skylink-agent.service",
    "/usr/local/lib/sysusers.d/skylink-agent.conf",
    "/usr/local/lib/tmpfiles.d/skylink-agent.conf",
    "/usr/local/lib/udev/rules.d/70-skylink-agent.rules",
    "/usr/local/share/doc/skylink-agent/agent.toml",
    "/etc/skylink-agent/agent.toml",
  ]) {
    assert.ok(files.includes(file), `${file} is not among ${files.join(" ")}`);
  }
  for (const file of files) assert.doesNotMatch(readFileSync(join(root, file), "utf8"), /@[A-Z]+@/, file);
  const config = join(root, "etc/skylink-agent/agent.toml");
  assert.equal(statSync(config).mode & 0o777, 0o640);
  loadConfig(config);

  writeFileSync(config, "# mine\n");
  const second = install(root);
  assert.equal(second.code, 0, second.err);
  assert.match(second.out, /^kept .*agent\.toml/);
  assert.equal(readFileSync(config, "utf8"), "# mine\n");
  assert.deepEqual(filesIn(root), files);
});

test("the commands run the program, in its place or in the checkout", () => {
  const root = join(dir, "commands");
  install(root, ["--in-place"], { NODE: process.execPath, PREFIX: "/usr" });
  const run = spawnSync(join(root, "usr/bin/skylink-agent"), ["run", "--check"], { encoding: "utf8" });
  assert.equal(run.stdout.trim(), `${join(checkout, "dist/agent/cli.js")} run --check`);
  assert.equal(existsSync(join(root, "usr/lib/skylink-agent")), false);
  assert.match(
    readFileSync(join(root, "usr/lib/systemd/system/skylink-agent.service"), "utf8"),
    /=\/usr\/bin\/skylink/,
  );

  const elsewhere = join(dir, "elsewhere");
  install(elsewhere, [], { PREFIX: "/opt/skylink", SYSCONFDIR: "/opt/etc" });
  const unit = readFileSync(join(elsewhere, "etc/systemd/system/skylink-agent.service"), "utf8");
  assert.match(
    unit,
    /^ExecStart=\/opt\/skylink\/bin\/skylink-agent run --config \/opt\/etc\/skylink-agent\/agent\.toml$/m,
  );
  const command = readFileSync(join(elsewhere, "opt/skylink/bin/skylink-agent"), "utf8");
  assert.equal(command, '#!/bin/sh\nexec /usr/bin/env node /opt/skylink/lib/skylink-agent/dist/agent/cli.js "$@"\n');
});

test("--uninstall removes what was installed and leaves the configuration", () => {
  const root = join(dir, "gone");
  install(root);
  const removed = install(root, ["--uninstall"]);
  assert.equal(removed.code, 0, removed.err);
  assert.deepEqual(filesIn(root), ["/etc/skylink-agent/agent.toml"]);
  assert.equal(install(root, ["--uninstall"]).code, 0);
});

test("wrong use is refused before anything is touched", () => {
  const root = join(dir, "refused");
  assert.match(install(root, ["--unistall"]).err, /^error: unknown argument --unistall/);
  assert.equal(install(root, [], { PREFIX: "usr" }).code, 2);
  assert.equal(install(root, [], { PREFIX: "/usr|x" }).code, 2);
  assert.equal(existsSync(root), false);
  assert.equal(install(root, ["--help"]).code, 0);
  rmSync(join(checkout, "dist", "flash"), { recursive: true });
  assert.match(install(root).err, /run npm ci/);
});

test("systemd finds nothing wrong with the unit", (t) => {
  if (spawnSync("systemd-analyze", ["--version"]).error !== undefined) {
    t.skip("systemd-analyze is not there");
    return;
  }
  const unit = readFileSync(join(packageRoot(), "systemd", "skylink-agent.service"), "utf8")
    .replace("@PREFIX@/bin/skylink-agent", "/bin/true")
    .replace("@SYSCONFDIR@", "/etc")
    .replace("@DOCDIR@", "/usr/share/doc");
  const file = join(dir, "skylink-agent.service");
  writeFileSync(file, unit);
  const { status, stderr } = spawnSync("systemd-analyze", ["verify", "--man=no", file], { encoding: "utf8" });
  const ours = stderr.split("\n").filter((line) => line.includes("skylink-agent"));
  assert.deepEqual(ours, []);
  assert.equal(status, 0, stderr);
});
