import assert from "node:assert/strict";
import { test } from "node:test";
import type { ComponentStatus } from "../../../agent/daemon/snapshot.js";
import { type Component, type Health, Supervisor } from "../../../agent/daemon/supervisor.js";
import { ManualScheduler, settle } from "./manual-scheduler.js";

const BACKOFF = { min_ms: 100, max_ms: 400, healthy_ms: 10_000 };

/** A component that does what the test says. */
class Fake implements Component {
  starts = 0;
  stops = 0;
  broken: Error | null = null;
  how: Health = { state: "running", detail: "" };
  failed: (reason: string) => void = () => undefined;
  constructor(readonly name: string) {}

  start(failed: (reason: string) => void): Promise<void> {
    this.starts++;
    this.failed = failed;
    return this.broken === null ? Promise.resolve() : Promise.reject(this.broken);
  }

  stop(): Promise<void> {
    this.stops++;
    return Promise.resolve();
  }

  health(): Health {
    return this.how;
  }
}

function supervised(...components: Component[]) {
  const scheduler = new ManualScheduler();
  const changes: string[] = [];
  const onChange = ({ name, state, detail }: ComponentStatus): void => {
    changes.push(`${name} ${state}${detail === "" ? "" : `: ${detail}`}`);
  };
  const supervisor = new Supervisor(components, { scheduler, backoff: BACKOFF, onChange });
  return { scheduler, supervisor, changes };
}

test("a component that works is started once and stopped once", async () => {
  const fake = new Fake("camera");
  const { supervisor, changes } = supervised(fake);
  assert.deepEqual(supervisor.statuses, [{ name: "camera", state: "stopped", detail: "", restarts: 0 }]);
  await supervisor.start();
  await supervisor.stop();
  assert.deepEqual(changes, ["camera starting", "camera running", "camera stopped"]);
  assert.deepEqual([fake.starts, fake.stops], [1, 1]);
});

test("one that cannot start is tried again with growing pauses, and does not keep the others", async () => {
  const broken = new Fake("vision");
  broken.broken = new Error("no such pack");
  const fine = new Fake("camera");
  const { scheduler, supervisor, changes } = supervised(broken, fine);
  await supervisor.start();
  assert.deepEqual(
    supervisor.statuses.map(({ state }) => state),
    ["failed", "running"],
  );
  assert.ok(changes.includes("vision failed: no such pack; next attempt in 0.1 s"), changes.join("\n"));
  await scheduler.pass(100 + 200 + 400 + 400);
  assert.equal(broken.starts, 5);
  assert.equal(supervisor.statuses[0]?.restarts, 4);
  broken.broken = null;
  await scheduler.pass(400);
  assert.equal(supervisor.statuses[0]?.state, "running");
  assert.equal(broken.stops, 5, "stopped before every new start");
});

test("one that breaks is started again; after health the pause is short again", async () => {
  const fake = new Fake("vision");
  const { scheduler, supervisor } = supervised(fake);
  await supervisor.start();
  for (const pause_ms of [100, 200, 400]) {
    fake.failed("the worker ended");
    assert.equal(supervisor.statuses[0]?.detail, `the worker ended; next attempt in ${pause_ms / 1000} s`);
    await scheduler.pass(pause_ms);
    assert.equal(supervisor.statuses[0]?.state, "running");
  }
  await scheduler.pass(BACKOFF.healthy_ms);
  fake.failed("once more");
  assert.match(supervisor.statuses[0]?.detail ?? "", /in 0\.1 s$/);
});

test("what a component says of itself is its state; saying failed restarts it", async () => {
  const fake = new Fake("camera");
  const { scheduler, supervisor } = supervised(fake);
  await supervisor.start();
  fake.how = { state: "degraded", detail: "no light" };
  supervisor.check();
  assert.deepEqual(supervisor.statuses[0], { name: "camera", state: "degraded", detail: "no light", restarts: 0 });
  fake.how = { state: "failed", detail: "no frame for 5 s" };
  supervisor.check();
  supervisor.check();
  assert.equal(supervisor.statuses[0]?.state, "failed");
  fake.how = { state: "running", detail: "" };
  await scheduler.pass(100);
  assert.deepEqual(supervisor.statuses[0], { name: "camera", state: "running", detail: "", restarts: 1 });
  assert.deepEqual([fake.starts, fake.stops], [2, 1]);
});

test("what a former attempt still has to say is not heard", async () => {
  const fake = new Fake("vision");
  const { scheduler, supervisor } = supervised(fake);
  await supervisor.start();
  const former = fake.failed;
  former("first");
  former("again");
  await scheduler.pass(100);
  former("late");
  assert.equal(supervisor.statuses[0]?.state, "running");
  assert.equal(fake.starts, 2);
});

test("stopping ends what is starting, and what waits for its next attempt", async () => {
  const slow = new Fake("vision");
  let up = (): void => undefined;
  slow.start = () =>
    new Promise((resolve) => {
      up = resolve;
    });
  const broken = new Fake("links");
  broken.broken = new Error("no port");
  const { scheduler, supervisor } = supervised(slow, broken);
  const started = supervisor.start();
  await settle();
  await supervisor.stop();
  up();
  await started;
  await scheduler.pass(10_000);
  assert.deepEqual(
    supervisor.statuses.map(({ state }) => state),
    ["stopped", "stopped"],
  );
  assert.equal(broken.starts, 1);
});
