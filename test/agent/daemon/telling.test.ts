import assert from "node:assert/strict";
import { test } from "node:test";
import { POSITION, started } from "./started.js";

test("the watchdog is fed only while links and frames move", async () => {
  const { daemon, scheduler, camera, link, notifier } = await started();
  assert.match(notifier.said[0] ?? "", /^ready: no position/);
  const fed = (): number => notifier.said.filter((text) => text.startsWith("fed: ")).length;
  for (let i = 0; i < 10; i++) {
    camera.shoot(scheduler.now_us());
    link.hear(scheduler.now_us());
    await scheduler.pass(1000);
  }
  assert.ok(fed() >= 9, `${fed()}`);
  for (let i = 0; i < 6; i++) {
    link.hear(scheduler.now_us());
    await scheduler.pass(1000);
  }
  const before = fed();
  for (let i = 0; i < 10; i++) {
    link.hear(scheduler.now_us());
    await scheduler.pass(1000);
  }
  assert.equal(fed(), before);
  assert.match(notifier.said.at(-1) ?? "", /nothing from the camera for \d+ s$/);
  camera.shoot(scheduler.now_us());
  await scheduler.pass(1000);
  assert.equal(fed(), before + 1);
  await daemon.stop();
  assert.equal(notifier.said.at(-1), "stopping");
});

test("operators are told of a position and of its loss when they last; the log has every change", async () => {
  const { daemon, scheduler, link, navigator, logged } = await started();
  const texts = (): unknown[] => link.sent.filter((one) => typeof one === "string" && /position/.test(one));
  for (let i = 0; i < 3; i++) {
    navigator.position = POSITION;
    await scheduler.pass(1000);
    navigator.position = null;
    await scheduler.pass(1000);
  }
  assert.deepEqual(texts(), []);
  assert.equal(logged.filter((line) => line.includes("position found")).length, 3);
  navigator.position = POSITION;
  await scheduler.pass(3000);
  assert.deepEqual(texts(), ["notice: SkyLink: position, 3 m (1 sigma)"]);
  navigator.position = null;
  await scheduler.pass(3000);
  assert.deepEqual(texts().slice(1), ["warning: SkyLink: no position: none"]);
  await daemon.stop();
});

test("every minute the log has a line of account, and one at the end", async () => {
  const { daemon, scheduler, logged } = await started();
  await scheduler.pass(121_000);
  await daemon.stop();
  const lines = logged.map((line) => JSON.parse(line) as Record<string, unknown>);
  const accounts = lines.filter(({ msg }) => msg === "account" || msg === "stopped");
  assert.deepEqual(
    accounts.map(({ msg, heartbeat_late_p99_ms }) => [msg, heartbeat_late_p99_ms]),
    [
      ["account", 2],
      ["account", 2],
      ["stopped", 2],
    ],
  );
});
