import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { CameraFrame, CameraSource } from "../../../agent/camera/source.js";
import { checkCamera } from "../../../agent/doctor/camera-check.js";
import { UserError } from "../../../tiles/errors.js";

const RIG = {
  intrinsics: { width_px: 64, height_px: 48, fx: 60, fy: 60, cx: 31.5, cy: 23.5, k1: 0, k2: 0, p1: 0, p2: 0, k3: 0 },
  mount: { roll_deg: 0, pitch_deg: 0, yaw_deg: 0 },
};

/** A camera that delivers `count` pictures, 100 ms apart on its own clock. */
class FakeCamera implements CameraSource {
  readonly name = "fake";
  stopped = false;
  #listener: ((frame: CameraFrame) => void) | null = null;

  constructor(
    readonly count: number,
    readonly value: (i: number) => number,
    readonly width_px = 64,
  ) {}

  get status() {
    return { state: "running", detail: null, frames: 0, dropped: 0, last_t_us: null } as const;
  }

  onFrame(listener: (frame: CameraFrame) => void): () => void {
    this.#listener = listener;
    return () => {
      this.#listener = null;
    };
  }

  async start(): Promise<void> {
    for (let i = 0; i < this.count; i++) {
      const data = new Uint8Array(this.width_px * 48).map((_, at) => this.value(at));
      const image = { kind: "raw", width_px: this.width_px, height_px: 48, channels: 1, data } as const;
      setImmediate(() => this.#listener?.({ t_us: i * 100_000, image }));
    }
  }

  async stop(): Promise<void> {
    this.stopped = true;
  }
}

async function examine(camera: FakeCamera) {
  const checks = await checkCamera(async () => camera, RIG, 200);
  assert.equal(camera.stopped, true);
  return Object.fromEntries(checks.map(({ name, verdict, detail }) => [name, `${verdict}: ${detail}`]));
}

describe("checkCamera", () => {
  it("takes frames and tells their rate and size", async () => {
    const checks = await examine(new FakeCamera(5, (i) => (i * 31) % 256));
    assert.match(checks.frames ?? "", /^ok: fake: 10.0 frames a second/);
    assert.match(checks.size ?? "", /^ok: 64 x 48 px, as calibrated/);
    assert.match(checks.brightness ?? "", /^ok/);
  });

  it("finds a wrong size, a cap on the lens, an even picture", async () => {
    const checks = await examine(new FakeCamera(5, () => 1, 80));
    assert.match(checks.size ?? "", /^problem: pictures are 80 x 48 px, the lens is calibrated for 64 x 48 px/);
    assert.match(checks.brightness ?? "", /^warning: .*cap/);
    assert.match((await examine(new FakeCamera(5, () => 120))).brightness ?? "", /one colour/);
    assert.match((await examine(new FakeCamera(5, () => 255))).brightness ?? "", /exposure/);
  });

  it("says that no frame came, or only one", async () => {
    assert.match((await examine(new FakeCamera(0, () => 0))).frames ?? "", /^problem: fake: no frame within 0.2 s/);
    assert.match((await examine(new FakeCamera(1, () => 0))).frames ?? "", /only one frame/);
  });

  it("takes a camera that can never work for a finding", async () => {
    const checks = await checkCamera(() => Promise.reject(new UserError("gst-launch-1.0 is not there")), RIG, 100);
    assert.deepEqual(
      checks.map(({ verdict, detail }) => [verdict, detail]),
      [["problem", "gst-launch-1.0 is not there"]],
    );
    await assert.rejects(
      checkCamera(() => Promise.reject(new Error("a bug")), RIG, 100),
      /a bug/,
    );
  });
});
