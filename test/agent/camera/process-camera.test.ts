import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { afterEach, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { ProcessCamera, type ProcessTimes } from "../../../agent/camera/process-camera.js";
import type { CameraFrame, CameraSource } from "../../../agent/camera/source.js";
import { monotonic_us } from "../../../agent/clock.js";

const FAKE = fileURLToPath(new URL("fake-camera.js", import.meta.url));
const QUICK: Partial<ProcessTimes> = {
  retryMin_ms: 20,
  retryMax_ms: 80,
  firstFrame_ms: 8000,
  stall_ms: 300,
  kill_ms: 150,
};

const cameras: CameraSource[] = [];
afterEach(async () => {
  await Promise.all(cameras.splice(0).map((camera) => camera.stop()));
});

function fake(mode: string, times: Partial<ProcessTimes> = QUICK): { camera: ProcessCamera; frames: CameraFrame[] } {
  const camera = new ProcessCamera(
    { name: "fake", command: process.execPath, args: [FAKE, mode], output_fd: 1, whenMissing: "install node" },
    { size: { width_px: 8, height_px: 4 }, pts_clock: "monotonic", latency_ms: 0 },
    times,
  );
  cameras.push(camera);
  const frames: CameraFrame[] = [];
  camera.onFrame((frame) => frames.push(frame));
  return { camera, frames };
}

async function until(condition: () => boolean, what: string): Promise<void> {
  const end = performance.now() + 10_000;
  while (!condition()) {
    if (performance.now() > end) assert.fail(`not within 10 s: ${what}`);
    await sleep(5);
  }
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe("ProcessCamera", () => {
  it("delivers pictures with rising capture times that lie just behind their arrival", async () => {
    const { camera, frames } = fake("steady");
    const ages: number[] = [];
    camera.onFrame((frame) => ages.push(monotonic_us() - frame.t_us));
    assert.equal(camera.status.state, "stopped");
    await camera.start();
    assert.equal(camera.status.state, "starting");
    await until(() => frames.length >= 5, "five pictures");
    const { status } = camera;
    assert.equal(status.state, "running");
    assert.equal(status.detail, null);
    assert.equal(status.frames, frames.length);
    assert.equal(status.last_t_us, frames.at(-1)?.t_us);
    for (let i = 1; i < frames.length; i++) assert.ok((frames[i]?.t_us ?? 0) > (frames[i - 1]?.t_us ?? 0));
    assert.ok(ages.every((age) => age > 0 && age < 2_000_000));
    const [first] = frames;
    assert.ok(first?.image.kind === "raw" && first.image.data.length === 32 && first.image.channels === 1);
    await camera.stop();
    assert.equal(camera.status.state, "stopped");
    const count = frames.length;
    await sleep(50);
    assert.equal(frames.length, count);
  });

  it("starts a camera again that ends, and tells its last words without a password", async () => {
    const { camera, frames } = fake("dies");
    await camera.start();
    await until(() => camera.status.state === "failed", "the camera fails");
    assert.match(
      camera.status.detail ?? "",
      /ended with code 3: ERROR: no such device rtsp:\/\/\*\*\*@camera\/; next attempt/,
    );
    await until(() => frames.length >= 9, "pictures of three starts");
    for (let i = 1; i < frames.length; i++) assert.ok((frames[i]?.t_us ?? 0) > (frames[i - 1]?.t_us ?? 0));
  });

  it("starts a camera again that hangs", async () => {
    const { camera, frames } = fake("hangs");
    const details = new Set<string>();
    await camera.start();
    await until(() => {
      details.add((camera.status.detail ?? "").replace(/;.*/, ""));
      return frames.length >= 6;
    }, "pictures of two starts");
    assert.ok(details.has("no frame for 0.3 s"), [...details].join(" | "));
  });

  it("goes on through damage in the stream", async () => {
    const { camera, frames } = fake("garbage");
    await camera.start();
    await until(() => frames.length >= 8, "pictures behind the garbage");
    assert.equal(camera.status.state, "running");
  });

  it("says when the camera's size is not that of its calibration", async () => {
    const { camera, frames } = fake("wide");
    await camera.start();
    await until(() => camera.status.state === "failed", "the camera fails");
    assert.match(camera.status.detail ?? "", /gives 12x4, its calibration is for 8x4/);
    assert.equal(frames.length, 0);
  });

  it("ends a program that will not, and what it started, within a second", async () => {
    const { camera, frames } = fake("stubborn");
    await camera.start();
    await until(() => frames.length >= 3, "pictures");
    const begin = performance.now();
    await camera.stop();
    assert.ok(performance.now() - begin < 1000);
    const again = fake("stubborn");
    await again.camera.start();
    await again.camera.stop();
    assert.equal(again.camera.status.state, "stopped");
  });

  it("throws a UserError that says what to install when the program is not there", async () => {
    const camera = new ProcessCamera(
      { name: "none", command: "/nonexistent/program", args: [], output_fd: 3, whenMissing: "install it" },
      { size: { width_px: 8, height_px: 4 }, pts_clock: "stream", latency_ms: 0 },
    );
    await assert.rejects(camera.start(), { name: "UserError", message: /none: .*nonexistent.*; install it/ });
    assert.equal(camera.status.state, "stopped");
  });

  it("leaves nothing of a process group behind", { skip: process.platform !== "linux" }, async () => {
    const { camera } = fake("stubborn");
    const pids: number[] = [];
    await camera.start();
    await until(() => camera.status.frames > 0, "pictures");
    await until(() => {
      pids.splice(0, pids.length, ...childrenOf(process.pid).flatMap((pid) => [pid, ...childrenOf(pid)]));
      return pids.length >= 2;
    }, "the camera has a child");
    await camera.stop();
    await until(() => pids.every((pid) => !alive(pid)), "all have ended");
  });
});

function childrenOf(pid: number): number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(/\s+/).filter(Boolean).map(Number);
  } catch {
    return [];
  }
}
