import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { CameraConfigSchema } from "../../../agent/camera/config.js";
import { simulatedCamera } from "../../../agent/camera/simulated.js";
import type { CameraFrame } from "../../../agent/camera/source.js";
import { monotonic_us } from "../../../agent/clock.js";
import { type ImagerySource, worldImagery } from "../../../sim/camera/imagery.js";
import { renderFrame } from "../../../sim/camera/render-frame.js";
import { blockImagery } from "../../../sim/feed/block-imagery.js";
import { type FeedCounts, runFeed } from "../../../sim/feed/feed.js";
import { openImagery } from "../../../sim/feed/imagery-spec.js";
import type { TruePose } from "../../../sim/feed/true-pose.js";
import { writeWorldMap } from "../../../sim/map.js";
import { makeEpoch } from "../../../sim/world/epoch.js";
import { World } from "../../../sim/world/world.js";
import { offsetToLonLat } from "../../../tiles/geodesy/index.js";
import { intrinsicsFromHfov } from "../../../tiles/geometry/intrinsics.js";
import { FakeVehicle, freePort } from "./vehicle.js";

const POSE: TruePose = { lat_deg: 48, lon_deg: 11, alt_m: 100, attitude: { roll_deg: 0, pitch_deg: 0, yaw_deg: 0 } };

describe("runFeed", () => {
  async function run(
    render_ms: number,
    pose: TruePose | null,
    for_ms: number,
  ): Promise<{ counts: FeedCounts; times: number[] }> {
    const counts: FeedCounts = { frames: 0, late: 0, blind: 0 };
    const times: number[] = [];
    const end = new AbortController();
    setTimeout(() => end.abort(), for_ms);
    await runFeed(
      {
        period_us: 20_000,
        now_us: monotonic_us,
        poseAt: () => pose,
        newestPose_us: () => monotonic_us(),
        deliver: async (_, t_us) => {
          times.push(t_us);
          await sleep(render_ms);
        },
        prepare: () => undefined,
      },
      counts,
      end.signal,
    );
    return { counts, times };
  }

  it("captures at its rate", async () => {
    const { counts, times } = await run(2, POSE, 300);
    assert.equal(counts.frames, times.length);
    assert.ok(times.length >= 4 && times.length <= 17, `${times.length}`);
    assert.ok(times.slice(1).every((t, i) => t - (times[i] ?? 0) >= 20_000));
  });

  it("leaves captures out when rendering takes longer, and never captures in the past", async () => {
    const { counts, times } = await run(50, POSE, 400);
    assert.ok(counts.late >= counts.frames, JSON.stringify(counts));
    assert.ok(times.slice(1).every((t, i) => t - (times[i] ?? 0) >= 49_000));
  });

  it("takes no picture without a pose", async () => {
    const { counts } = await run(1, null, 100);
    assert.equal(counts.frames, 0);
    assert.ok(counts.blind > 0);
  });
});

describe("openImagery", () => {
  const none = () => Promise.reject(new Error("not asked for"));

  it("says what it takes for anything else", async () => {
    for (const wrong of ["", "moon:1", "file:", "world:seed", "world:sed=1", "world:seed=x"]) {
      await assert.rejects(openImagery(wrong, none), { name: "UserError" }, wrong);
    }
  });

  it("opens a world with its own options, and files through the reader that it is given", async () => {
    const world = await openImagery("world:seed=3,size=120,epoch=2,lat=-33.5,lon=151", none);
    assert.equal(world.reference.lat_deg, -33.5);
    const centre = { lat_deg: 1, lon_deg: 2 };
    const file = await openImagery("file:a,b=c.tif", async (path) => {
      assert.equal(path, "a,b=c.tif");
      return { reader: { read: () => Promise.resolve(null) }, centre };
    });
    assert.deepEqual(file.reference, centre);
    assert.equal(file.tallest_m, 0);
  });
});

describe("blockImagery", () => {
  it("gives the pixels of its source, whatever the window, and asks for each block once", async () => {
    let asked = 0;
    const source: ImagerySource = {
      reference: POSE,
      tallest_m: 0,
      window: async (w) => {
        asked++;
        const rgb = new Uint8Array(w.width_px * w.height_px * 3);
        for (let i = 0; i < w.width_px * w.height_px; i++) {
          const row = Math.round(-w.north_m / w.gsd_m) + Math.floor(i / w.width_px);
          const col = Math.round(w.east_m / w.gsd_m) + (i % w.width_px);
          rgb[i * 3] = (row + 1000) % 251;
          rgb[i * 3 + 1] = (col + 1000) % 241;
        }
        return { rgb };
      },
    };
    const kept = blockImagery(source);
    const window = { gsd_m: 0.5, north_m: 101, east_m: -77, width_px: 300, height_px: 520 };
    const direct = await source.window(window);
    asked = 0;
    assert.deepEqual((await kept.window(window)).rgb, direct.rgb);
    const first = asked;
    assert.ok(first >= 6);
    const again = await kept.window(window);
    assert.deepEqual(again.rgb, direct.rgb);
    assert.ok(again.valid?.every((v) => v === 1));
    assert.equal(asked, first);
  });
});

describe("the simulated camera", () => {
  const reference = { lat_deg: 48, lon_deg: 11 };
  const LEVEL = { roll_deg: 0, pitch_deg: 0, yaw_deg: 0 };

  it("shows what the moving vehicle sees at the capture time of each frame", { timeout: 60_000 }, async () => {
    const rig = {
      intrinsics: { ...intrinsicsFromHfov(162, 120, 66), k1: -0.1 },
      mount: { roll_deg: 0, pitch_deg: 8, yaw_deg: 0 },
    };
    const HOME_M = 431;
    // To the north-east at 20 m/s, round and round in 6 s, so that no start is lost.
    const offset = (t_us: number): number => 20 * ((t_us / 1e6) % 6) - 60;
    const attitudeNow = { roll_deg: 3, pitch_deg: -2, yaw_deg: 40 };
    const poseAt = (t_us: number): TruePose => ({
      ...offsetToLonLat(reference, offset(t_us), offset(t_us)),
      alt_m: HOME_M + 60,
      attitude: attitudeNow,
    });
    const port = await freePort();
    const config = CameraConfigSchema.parse({
      source: "simulated",
      pixels: "GRAY8",
      rate_hz: 5,
      simulated: { vehicle: `udpin:127.0.0.1:${port}`, imagery: "world:seed=4,size=300,epoch=1,land-use=suburban" },
    });
    const camera = simulatedCamera(config, rig);
    const vehicle = new FakeVehicle(port, HOME_M, () => poseAt(monotonic_us()));
    const frames: { frame: CameraFrame; age_us: number }[] = [];
    camera.onFrame((frame) => frames.push({ frame, age_us: monotonic_us() - frame.t_us }));
    try {
      await camera.start();
      for (let i = 0; i < 900 && frames.length < 6; i++) await sleep(50);
      assert.ok(frames.length >= 6, JSON.stringify(camera.status));
    } finally {
      vehicle.close();
      await camera.stop();
    }
    const world = new World({ seed: 4, size_m: 300, style: { landUse: "suburban" } });
    const imagery = worldImagery(world, makeEpoch(4, 1, 48));
    const seen = async (t_us: number): Promise<Uint8Array> => {
      const place = { north_m: offset(t_us), east_m: offset(t_us), agl_m: 60, attitude: attitudeNow };
      const { rgb } = await renderFrame(imagery, rig, place, { finest_gsd_m: 0.2 });
      return Uint8Array.from({ length: rgb.length / 3 }, (_, i) => rgb[3 * i + 1] ?? 0);
    };
    // The newest frame: whatever the start cost is over. The vehicle jumps back every 6 s; that moment shows nothing.
    const { frame } = frames.findLast(({ frame: f }) => Math.abs(offset(f.t_us)) < 57) ?? { frame: null };
    assert.ok(frame !== null && frame.image.kind === "raw" && frame.image.channels === 1);
    assert.equal(frame.image.data.length, 162 * 120);
    const here = correlation(frame.image.data, await seen(frame.t_us));
    const before = correlation(frame.image.data, await seen(frame.t_us - 100_000));
    const after = correlation(frame.image.data, await seen(frame.t_us + 100_000));
    assert.ok(here > 0.9, `${here}`);
    assert.ok(here > before + 0.05 && here > after + 0.05, `${before} ${here} ${after}`);
    assert.ok(frames.every(({ age_us }) => age_us > 0));
  });

  it("flies over a GeoTIFF as over a world", { timeout: 60_000 }, async () => {
    const folder = mkdtempSync(join(tmpdir(), "feed-"));
    const map = join(folder, "map.tif");
    const epoch = makeEpoch(5, 0, 48);
    const world = new World({ seed: 5, size_m: 220, origin: reference });
    writeWorldMap(map, world, epoch, { gsd_m: 0.4, epsg: 32632 });
    const port = await freePort();
    const rig = { intrinsics: intrinsicsFromHfov(120, 90, 66), mount: LEVEL };
    const config = CameraConfigSchema.parse({
      source: "simulated",
      rate_hz: 5,
      simulated: { vehicle: `udpin:127.0.0.1:${port}`, imagery: `file:${map}`, ground_amsl_m: 20 },
    });
    const camera = simulatedCamera(config, rig);
    const attitude = { roll_deg: 0, pitch_deg: 0, yaw_deg: 90 };
    const vehicle = new FakeVehicle(port, 0, () => ({ ...offsetToLonLat(reference, 15, -20), alt_m: 80, attitude }));
    const frames: CameraFrame[] = [];
    camera.onFrame((frame) => frames.push(frame));
    try {
      await camera.start();
      for (let i = 0; i < 900 && frames.length === 0; i++) await sleep(50);
    } finally {
      vehicle.close();
      await camera.stop();
      rmSync(folder, { recursive: true });
    }
    const { image } = frames[0] ?? assert.fail(JSON.stringify(camera.status));
    assert.ok(image.kind === "raw" && image.channels === 3);
    // The same epoch from straight above: the map itself leans as its own view did, so it is not the same to the pixel.
    const pose = { north_m: 15, east_m: -20, agl_m: 60, attitude };
    const { rgb } = await renderFrame(worldImagery(world, epoch, false), rig, pose, { finest_gsd_m: 0.4 });
    const here = correlation(Uint8Array.from(image.data), rgb);
    assert.ok(here > 0.8, `${here}`);
  });
});

function correlation(a: Uint8Array, b: Uint8Array): number {
  const mean = (v: Uint8Array): number => v.reduce((sum, x) => sum + x, 0) / v.length;
  const [ma, mb] = [mean(a), mean(b)];
  let [ab, aa, bb] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    const u = (a[i] ?? 0) - ma;
    const v = (b[i] ?? 0) - mb;
    ab += u * v;
    aa += u * u;
    bb += v * v;
  }
  return ab / Math.sqrt(aa * bb);
}
