import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { type CameraConfig, CameraConfigSchema } from "../../../agent/camera/config.js";
import { createCamera, loadRig } from "../../../agent/camera/create.js";
import { gstreamerArguments, gstreamerCamera } from "../../../agent/camera/gstreamer.js";
import { PRESETS } from "../../../agent/camera/presets.js";
import { feedArguments } from "../../../agent/camera/simulated.js";
import type { CameraFrame } from "../../../agent/camera/source.js";
import { splitWords } from "../../../agent/camera/words.js";
import { intrinsicsFromHfov } from "../../../tiles/geometry/intrinsics.js";

const rig = {
  intrinsics: { ...intrinsicsFromHfov(642, 480, 66), k1: -0.1 },
  mount: { roll_deg: 0, pitch_deg: -5, yaw_deg: 0 },
};
const config = (table: Record<string, unknown>): CameraConfig =>
  CameraConfigSchema.parse({ source: "gstreamer", ...table });

describe("createCamera", () => {
  it("makes each camera by its name", async () => {
    const tables = {
      gstreamer: { preset: "test" },
      pipe: { command: ["camera"] },
      replay: { flight: "FLIGHT" },
      simulated: { vehicle: "udpin:127.0.0.1:0", imagery: "world:seed=1" },
    };
    for (const [source, table] of Object.entries(tables)) {
      const camera = await createCamera(config({ source, [source]: table }), rig);
      assert.equal(camera.name, source);
      assert.equal(camera.status.state, "stopped");
    }
  });

  it("names the valid ones, and the nearest, for a name that is none", async () => {
    const wrong = { ...config({}), source: "gstremer" } as unknown as CameraConfig;
    await assert.rejects(createCamera(wrong, rig), {
      name: "UserError",
      message: /"gstremer"; did you mean "gstreamer"\? valid: gstreamer, pipe, replay, simulated/,
    });
  });

  it("says which table is missing", async () => {
    for (const source of ["pipe", "replay", "simulated"]) {
      await assert.rejects(createCamera(config({ source }), rig), {
        name: "UserError",
        message: new RegExp(`\\[camera.${source}\\]`),
      });
    }
    assert.throws(() => loadRig(config({})), /calibration is missing/);
    assert.throws(() => loadRig(config({ calibration: "/nonexistent.toml" })), /nonexistent.toml: cannot be read/);
  });
});

describe("gstreamerArguments", () => {
  it("ends every pipeline in GDP on file descriptor 3, keeping only the newest picture", () => {
    const given = config({
      pixels: "GRAY8",
      gstreamer: { pipeline: 'v4l2src device="/dev/my cam" ! image/jpeg, width=640 ! jpegdec !' },
    });
    const words = gstreamerArguments(given, rig);
    assert.deepEqual(words.slice(0, 9), [
      "-q",
      "v4l2src",
      "device=/dev/my cam",
      "!",
      "image/jpeg,",
      "width=640",
      "!",
      "jpegdec",
      "!",
    ]);
    assert.match(
      words.slice(8).join(" "),
      /^! queue leaky=downstream .* ! videoconvert ! video\/x-raw,format=GRAY8 ! gdppay ! fdsink fd=3$/,
    );
  });

  it("has a preset for each kind of camera, at the calibration's size", () => {
    for (const preset of PRESETS) {
      const words = gstreamerArguments(
        config({ rate_hz: 29.97, gstreamer: { preset, url: "rtsp://camera/" } }),
        rig,
      ).join(" ");
      if (preset !== "rtsp") assert.match(words, /width=642,height=480,framerate=2997\/100/);
    }
  });

  it("refuses what can never work", () => {
    assert.throws(() => gstreamerArguments(config({}), rig), /either preset/);
    assert.throws(
      () => gstreamerArguments(config({ gstreamer: { preset: "csi", pipeline: "x" } }), rig),
      /either preset/,
    );
    assert.throws(() => gstreamerArguments(config({ gstreamer: { preset: "rtsp" } }), rig), /needs url/);
    assert.throws(
      () => gstreamerArguments(config({ gstreamer: { pipeline: "a ! fdsink fd=1" } }), rig),
      /its own fdsink/,
    );
    assert.throws(() => gstreamerArguments(config({ gstreamer: { pipeline: " ! " } }), rig), /is empty/);
    assert.throws(() => splitWords('a "b', "text"), /" is not closed/);
  });
});

describe("feedArguments", () => {
  it("hands lens and mount to the simulator", () => {
    const table = { vehicle: "tcp:127.0.0.1:5763", imagery: "world:seed=1", ground_amsl_m: -3 };
    const words = feedArguments(config({ source: "simulated", simulated: table }), rig);
    for (const word of [
      "--vehicle=tcp:127.0.0.1:5763",
      "--k1=-0.1",
      "--mount-pitch=-5",
      "--ground-amsl=-3",
      "--rate-hz=10",
    ]) {
      assert.ok(words.includes(word), word);
    }
  });
});

const missing =
  spawnSync("gst-inspect-1.0", ["gdppay"]).status === 0
    ? false
    : "GStreamer with gdppay (plugins-bad) is not installed";

describe("the GStreamer camera", { skip: missing }, () => {
  it("delivers the test picture with capture times 100 ms apart", async () => {
    for (const pixels of ["RGB", "GRAY8"] as const) {
      const camera = gstreamerCamera(config({ pixels, rate_hz: 10, gstreamer: { preset: "test" } }), rig);
      const frames: CameraFrame[] = [];
      camera.onFrame((frame) => frames.push(frame));
      try {
        await camera.start();
        for (let i = 0; i < 200 && frames.length < 6; i++) await sleep(50);
        assert.ok(frames.length >= 6, JSON.stringify(camera.status));
        const channels = pixels === "RGB" ? 3 : 1;
        for (const { image } of frames) {
          assert.ok(image.kind === "raw" && image.channels === channels && image.data.length === 642 * 480 * channels);
        }
        const steps = frames.slice(1).map((frame, i) => (frame.t_us - (frames[i]?.t_us ?? 0)) / 1000);
        assert.ok(
          steps.every((step) => step > 50),
          steps.join(" "),
        );
      } finally {
        await camera.stop();
      }
    }
  });

  it("tells why a pipeline does not work", async () => {
    const camera = gstreamerCamera(config({ gstreamer: { preset: "v4l2", device: "/dev/nonexistent" } }), rig, {
      retryMin_ms: 5000,
    });
    try {
      await camera.start();
      for (let i = 0; i < 200 && camera.status.state !== "failed"; i++) await sleep(50);
      assert.match(camera.status.detail ?? "", /nonexistent|v4l2src/);
    } finally {
      await camera.stop();
    }
  });
});
