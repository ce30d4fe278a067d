import assert from "node:assert/strict";
import { test } from "node:test";
import { SkylinkDaemon } from "../../../agent/daemon/daemon.js";
import { UserError } from "../../../tiles/errors.js";
import { fakeParts, seen } from "./fakes.js";
import { settle } from "./manual-scheduler.js";
import { POSITION, SETTINGS, started } from "./started.js";

test("a frame waits for its attitude, then goes to odometry and vision, and what they find to navigation", async () => {
  const { daemon, scheduler, camera, link, vision, odometry, navigator } = await started();
  const results: string[] = [];
  daemon.onResult((result, frame, verdict) => results.push(`${result.t_us} ${frame.agl_m} ${verdict.accepted}`));
  await scheduler.pass(100);
  camera.shoot(90_000);
  await scheduler.pass(20);
  assert.equal(vision.asked.length, 0, "no attitude yet");
  link.hear(scheduler.now_us());
  assert.equal(vision.asked[0]?.t_us, 90_000);
  assert.deepEqual(vision.asked[0]?.attitude, { roll_deg: 0, pitch_deg: 0, yaw_deg: 90 });
  assert.equal(vision.asked[0]?.yaw_sigma_deg, 5);
  odometry.answer({ to_t_us: 90_000 });
  await settle();
  vision.answer(seen(90_000));
  await settle();
  assert.deepEqual(navigator.inputs, ["velocity 90000", "odometry 90000", "vision 90000"]);
  assert.deepEqual(results, ["90000 100 true"]);
  const { frame, vision: counts } = daemon.snapshot();
  assert.equal(frame?.t_us, 90_000);
  assert.deepEqual(counts, { frames: 1, skipped: 0 });
  await daemon.stop();
});

test("without later attitudes a frame goes after the wait, or not at all", async () => {
  const { daemon, scheduler, camera, vehicle, vision } = await started();
  camera.shoot(0);
  await scheduler.pass(140);
  assert.equal(vision.asked.length, 0);
  await scheduler.pass(30);
  assert.equal(vision.asked.length, 1);
  vehicle.pose = null;
  camera.shoot(scheduler.now_us());
  await scheduler.pass(200);
  assert.equal(vision.asked.length, 1);
  await daemon.stop();
});

test("while vision is busy the newest frame waits, and odometry goes on", async () => {
  const { daemon, scheduler, camera, link, vision, odometry } = await started();
  for (let i = 1; i <= 5; i++) {
    camera.shoot(i * 100_000);
    await scheduler.pass(100);
    link.hear(scheduler.now_us());
    odometry.answer({ to_t_us: i * 100_000 });
    await settle();
  }
  assert.equal(odometry.asked.length, 5);
  vision.answer(seen(100_000));
  await settle();
  assert.deepEqual(
    vision.asked.map(({ t_us }) => t_us),
    [100_000, 500_000],
  );
  assert.deepEqual(daemon.snapshot().vision, { frames: 1, skipped: 3 });
  await daemon.stop();
});

test("without a height there is no frame, but the velocity counts", async () => {
  const { daemon, scheduler, camera, link, vehicle, vision, navigator } = await started();
  if (vehicle.pose !== null) vehicle.pose = { ...vehicle.pose, agl: null };
  camera.shoot(0);
  link.hear(scheduler.now_us());
  await settle();
  assert.equal(vision.asked.length, 0);
  assert.deepEqual(navigator.inputs, ["velocity 0"]);
  await daemon.stop();
});

test("a vision worker that dies is started again, and takes frames again", async () => {
  const { daemon, scheduler, camera, link, vision, visions, states } = await started();
  link.hear(0);
  camera.shoot(0);
  vision.die("segmentation fault");
  await settle();
  assert.match(states(), /vision failed/);
  assert.ok(link.sent.some((text) => String(text).startsWith("error: SkyLink: vision failed: segmentation fault")));
  await scheduler.pass(100);
  assert.match(states(), /vision running/);
  camera.shoot(scheduler.now_us());
  link.hear(scheduler.now_us());
  assert.equal(visions[1]?.asked.length, 1);
  await daemon.stop();
});

test("one that hangs is ended and started again", async () => {
  const { daemon, scheduler, camera, link, vision, visions } = await started();
  link.hear(0);
  camera.shoot(0);
  await scheduler.pass(21_000);
  assert.equal(vision.killed, true);
  assert.equal(visions.length, 2);
  await daemon.stop();
});

test("a frame that cannot be read is a fault of the frame; many in a row are one of the worker", async () => {
  const { daemon, scheduler, camera, link, vision, visions, states } = await started();
  for (let i = 1; i <= 5; i++) {
    camera.shoot(scheduler.now_us());
    link.hear(scheduler.now_us());
    vision.refuse(new Error("cannot be decoded"));
    await scheduler.pass(10);
    if (i === 1) {
      await scheduler.pass(600);
      assert.match(states(), /vision degraded/);
    }
  }
  await scheduler.pass(1000);
  assert.equal(visions.length, 2);
  assert.match(states(), /vision running/);
  await daemon.stop();
});

test("a camera that says it runs and shows nothing is started again", async () => {
  const { daemon, scheduler, camera, states } = await started();
  for (let i = 0; i < 10; i++) {
    camera.shoot(scheduler.now_us());
    await scheduler.pass(1000);
  }
  assert.equal(camera.starts, 1);
  await scheduler.pass(5500);
  assert.deepEqual([camera.starts, camera.stops], [2, 1]);
  assert.match(states(), /camera running/);
  await daemon.stop();
});

test("publishers have their turn at their own rate, and a fault of one is told and not fatal", async () => {
  const { daemon, scheduler, feed, navigator, states } = await started();
  navigator.position = POSITION;
  await scheduler.pass(2000);
  assert.ok(Math.abs(feed.ticks.length - 11) <= 1, `${feed.ticks.length}`);
  assert.equal(feed.ticks.at(-1)?.solutionAt(5).position, POSITION);
  feed.fault = new Error("boom");
  await scheduler.pass(1000);
  assert.match(states(), /publishers degraded/);
  feed.fault = null;
  const before = feed.ticks.length;
  await scheduler.pass(1000);
  assert.ok(feed.ticks.length > before);
  await daemon.stop();
});

test("a vehicle of another kind than configured is not fed", async () => {
  const fakes = fakeParts();
  const parts = { ...fakes.parts, refuseVehicle: () => "another autopilot" };
  const daemon = new SkylinkDaemon(parts, SETTINGS);
  await daemon.start();
  await fakes.scheduler.pass(1000);
  assert.equal(fakes.feed.ticks.length, 0);
  const publishers = daemon.snapshot().components.find(({ name }) => name === "publishers");
  assert.deepEqual(publishers, { name: "publishers", state: "degraded", detail: "another autopilot", restarts: 0 });
  await daemon.stop();
  assert.ok(!fakes.links[0]?.sent.includes(fakes.feed.goodbye));
});

test("a status page that cannot be had is tried again and keeps nothing from flying", async () => {
  const fakes = fakeParts();
  let tries = 0;
  let closed = false;
  const openStatus = (): Promise<{ url: string; close(): Promise<void> }> => {
    if (tries++ === 0) return Promise.reject(new UserError("port 8080 is taken"));
    const close = (): Promise<void> => {
      closed = true;
      return Promise.resolve();
    };
    return Promise.resolve({ url: "http://127.0.0.1:1/", close });
  };
  const daemon = new SkylinkDaemon({ ...fakes.parts, openStatus }, SETTINGS);
  await daemon.start();
  const page = () => daemon.snapshot().components.find(({ name }) => name === "status page");
  assert.equal(page()?.state, "failed");
  assert.equal(fakes.visions.length, 1);
  await fakes.scheduler.pass(600);
  assert.deepEqual([page()?.state, page()?.detail], ["running", "http://127.0.0.1:1/"]);
  await daemon.stop();
  assert.equal(closed, true);
});

test("frames without a height are told", async () => {
  const { daemon, scheduler, camera, link, vehicle, states } = await started();
  if (vehicle.pose !== null) vehicle.pose = { ...vehicle.pose, agl: null };
  for (let i = 0; i < 6; i++) {
    camera.shoot(scheduler.now_us());
    link.hear(scheduler.now_us());
    await scheduler.pass(200);
  }
  assert.match(states(), /frames degraded/);
  await daemon.stop();
});

test("pack or models that cannot be used end the daemon at its start", async () => {
  const { parts, opening, links, camera } = fakeParts();
  opening.vision = new UserError("area.skypack was made with another encoder");
  const daemon = new SkylinkDaemon(parts, SETTINGS);
  await assert.rejects(daemon.start(), /another encoder/);
  assert.equal(links[0]?.closed, true);
  assert.equal(camera.status.state, "stopped");
});

test("stopping says goodbye while the links are open, then ends every part", async () => {
  const { daemon, scheduler, camera, link, feed, vision, odometry, states, notifier } = await started();
  await scheduler.pass(600);
  await Promise.all([daemon.stop(), daemon.stop()]);
  assert.ok(link.sent.includes(feed.goodbye));
  assert.deepEqual([link.closed, vision.killed, odometry.killed, camera.stops], [true, true, true, 1]);
  assert.doesNotMatch(states(), /running|starting|degraded|failed/);
  const { length } = notifier.said;
  const ticks = feed.ticks.length;
  await scheduler.pass(60_000);
  assert.deepEqual([notifier.said.length, feed.ticks.length], [length, ticks]);
});
