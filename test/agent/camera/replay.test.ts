import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { ReplayCamera } from "../../../agent/camera/replay.js";
import type { CameraFrame } from "../../../agent/camera/source.js";
import { monotonic_us } from "../../../agent/clock.js";
import { straightFlight, writeSmallFlight } from "../helpers/small-flight.js";

describe("ReplayCamera", () => {
  const folder = mkdtempSync(join(tmpdir(), "replay-camera-"));
  const flight = join(folder, "flight");
  before(() => writeSmallFlight(flight, straightFlight(4)));
  after(() => rmSync(folder, { recursive: true, force: true }));

  async function play(
    options: { speed: number; loop: boolean },
    wanted: number,
  ): Promise<{ camera: ReplayCamera; frames: CameraFrame[] }> {
    const camera = new ReplayCamera({ flight, ...options });
    const frames: CameraFrame[] = [];
    camera.onFrame((frame) => {
      assert.ok(frame.t_us <= monotonic_us(), "no frame comes before it is captured");
      frames.push(frame);
    });
    await camera.start();
    for (let i = 0; i < 1000 && frames.length < wanted; i++) await sleep(5);
    return { camera, frames };
  }

  it("plays the pictures in order at their pace, and ends", async () => {
    const { camera, frames } = await play({ speed: 20, loop: false }, 4);
    assert.deepEqual(
      frames.map(({ image }) => (image.kind === "file" ? image.path.slice(-5) : "")),
      ["0.jpg", "1.jpg", "2.jpg", "3.jpg"],
    );
    assert.deepEqual(
      frames.slice(1).map((frame, i) => frame.t_us - (frames[i]?.t_us ?? 0)),
      [50_000, 50_000, 50_000],
    );
    assert.deepEqual(
      { ...camera.status, last_t_us: 0 },
      { state: "stopped", detail: "the flight is over", frames: 4, dropped: 0, last_t_us: 0 },
    );
    await camera.stop();
  });

  it("plays round and round with rising times, until it is stopped", async () => {
    const { camera, frames } = await play({ speed: 100, loop: true }, 9);
    await camera.stop();
    const count = frames.length;
    assert.ok(count >= 9);
    for (let i = 1; i < count; i++) assert.equal((frames[i]?.t_us ?? 0) - (frames[i - 1]?.t_us ?? 0), 10_000);
    await sleep(30);
    assert.equal(frames.length, count);
  });

  it("says what is wrong with a folder that is no flight", async () => {
    await assert.rejects(new ReplayCamera({ flight: "/nonexistent", speed: 1, loop: false }).start(), {
      name: "UserError",
    });
  });
});
