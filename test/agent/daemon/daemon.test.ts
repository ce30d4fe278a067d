import assert from "node:assert/strict";
import { test } from "node:test";
import { type DaemonSettings, SkylinkDaemon } from "../../../agent/daemon/daemon.js";
import type { NavigationPosition } from "../../../agent/navigation/solution.js";
import { UserError } from "../../../tiles/errors.js";
import { fakeParts, seen } from "./fakes.js";
import { settle } from "./manual-scheduler.js";

const SETTINGS: DaemonSettings = {
  pose_wait_ms: 150,
  heading_sigma_deg: 5,
  velocity_sigma_mps: 1,
  start_hint: { start: null, near_gps_m: 0 },
  watchdog: { link_silence_s: 5, frame_silence_s: 5, startup_grace_s: 10 },
  frame_silence_s: 5,
  backoff: { min_ms: 100, max_ms: 1000, healthy_ms: 60_000 },
};

async function started() {
  const fakes = fakeParts();
  const daemon = new SkylinkDaemon(fakes.parts, SETTINGS);
  await daemon.start();
  const [links, vision, odometry] = [fakes.links[0], fakes.visions[0], fakes.odometries[0]];
  assert.ok(links !== undefined && vision !== undefined && odometry !== undefined);
  const states = (): string =>
    daemon
      .snapshot()
      .components.map(({ name, state }) => `${name} ${state}`)
      .join(", ");
  return { ...fakes, daemon, link: links, vision, odometry, states };
}

const POSITION = { lat_deg: 46, lon_deg: 7, eph_m: 3, protection_level_m: 9 } as NavigationPosition;

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

test("operators are told when there is a position and when it is gone", async () => {
  const { daemon, scheduler, link, navigator } = await started();
  navigator.position = POSITION;
  await scheduler.pass(600);
  navigator.position = null;
  await scheduler.pass(600);
  const texts = link.sent.filter((one) => typeof one === "string");
  assert.deepEqual(texts, ["notice: SkyLink: position, 3 m (1 sigma)", "warning: SkyLink: no position: none"]);
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
