import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { NO_NOTIFIER, systemdNotifier } from "../../../agent/daemon/notify.js";

const dir = mkdtempSync(join(tmpdir(), "notify-"));
after(() => rmSync(dir, { recursive: true, force: true }));

const ENV = { PATH: process.env.PATH, NOTIFY_SOCKET: "/run/none", WATCHDOG_USEC: "30000000" };
const quiet = (): void => undefined;

async function until(holds: () => boolean): Promise<void> {
  const end = performance.now() + 10_000;
  while (!holds()) {
    assert.ok(performance.now() < end, "it did not come");
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

test("without a service manager nothing is said", () => {
  assert.equal(systemdNotifier({ env: { PATH: "/bin" }, pid: 1, log: quiet }), NO_NOTIFIER);
  NO_NOTIFIER.ready("x");
  assert.equal(NO_NOTIFIER.watchdog_ms, null);
});

test("the watchdog is ours when it is on and about this process", () => {
  const limit = (env: Record<string, string | undefined>) => systemdNotifier({ env, pid: 7, log: quiet }).watchdog_ms;
  assert.equal(limit(ENV), 10_000);
  assert.equal(limit({ ...ENV, WATCHDOG_PID: "7" }), 10_000);
  assert.equal(limit({ ...ENV, WATCHDOG_PID: "8" }), null);
  assert.equal(limit({ ...ENV, WATCHDOG_USEC: undefined }), null);
});

test("messages go out one after the other; those that wait are put together", async () => {
  const command = join(dir, "systemd-notify");
  const said = join(dir, "said");
  writeFileSync(command, `#!/bin/sh\nfor word in "$@"; do printf '%s|' "$word"; done >> ${said}\necho >> ${said}\n`);
  chmodSync(command, 0o755);
  const notifier = systemdNotifier({ env: ENV, pid: 1, log: quiet, command });
  notifier.ready("no position");
  notifier.status("position", true);
  notifier.status("no\nposition", false);
  notifier.stopping();
  await until(() => existsSync(said) && readFileSync(said, "utf8").includes("STOPPING"));
  assert.deepEqual(readFileSync(said, "utf8").trim().split("\n"), [
    "READY=1|STATUS=no position|",
    "STATUS=stopping|WATCHDOG=1|STOPPING=1|",
  ]);
});

test("a message that cannot be sent is told once, and ends nothing", async () => {
  const lines: string[] = [];
  const notifier = systemdNotifier({ env: ENV, pid: 1, log: (line) => lines.push(line), command: join(dir, "none") });
  notifier.ready("a");
  notifier.status("b", true);
  await until(() => lines.length > 0);
  notifier.status("c", true);
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.equal(lines.length, 1);
  assert.match(lines[0] ?? "", /^systemd-notify: .*ENOENT/);
});
