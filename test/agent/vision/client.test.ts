import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { VisionClient } from "../../../agent/vision/client.js";
import type { Frame } from "../../../agent/vision/frame.js";
import { UserError } from "../../../tiles/errors.js";
import { lonLatToOffset } from "../../../tiles/geodesy/wgs84.js";
import { GroundView } from "../../../tiles/geometry/ground.js";
import { photographGround } from "../helpers/ground.js";
import { LENS, MOUNT } from "../helpers/small-flight.js";
import { modelsMissing, ORIGIN, writeSmallPack } from "../helpers/small-pack.js";
import { threadsBehind } from "../helpers/threads.js";

const rig = { intrinsics: LENS, mount: MOUNT };
const dir = mkdtempSync(join(tmpdir(), "client-"));
after(() => rmSync(dir, { recursive: true, force: true }));

const attitude = { roll_deg: 4, pitch_deg: -5, yaw_deg: 120 };
const frame: Frame = {
  t_us: 1000,
  image: { kind: "raw", width_px: LENS.width_px, height_px: LENS.height_px, channels: 3, data: new Uint8Array(0) },
  attitude,
  agl_m: 95,
  yaw_sigma_deg: 5,
  agl_sigma_m: 5,
};
const withPixels = (data: Uint8Array): Frame => ({
  ...frame,
  image: { kind: "raw", width_px: LENS.width_px, height_px: LENS.height_px, channels: 3, data },
});

describe("the pipeline in its worker", { skip: modelsMissing() }, () => {
  const pack = join(dir, "small.skypack");
  let client: VisionClient;
  let good: Frame;

  before(async () => {
    await writeSmallPack(pack);
    client = await VisionClient.open({ pack, rig, threads: 1 });
    const view = new GroundView(LENS, { attitude, mount: MOUNT, agl_m: 95 });
    good = withPixels(photographGround(view, 40, -30));
  });
  after(() => client.close());

  test("finds a frame, with heading unknown too", async () => {
    for (const [yaw_deg, yaw_sigma_deg] of [
      [117, 5],
      [-170, 180],
    ] as const) {
      const result = await client.localise({ ...good, attitude: { ...attitude, yaw_deg }, yaw_sigma_deg });
      assert.ok(result.estimate !== null);
      const { north_m, east_m } = lonLatToOffset(ORIGIN, result.estimate);
      assert.ok(Math.hypot(north_m - 40, east_m + 30) < 6, `found at ${north_m}, ${east_m} with yaw ${yaw_deg}`);
      const heading = (((yaw_deg + (result.heading_correction_deg ?? 0) - 120) % 360) + 540) % 360;
      assert.ok(Math.abs(heading - 180) < 3, `heading is off by ${heading - 180}`);
      assert.equal(result.retrieved.length, result.ranked.length);
    }
  });

  test("its thread and those inside its networks stand behind the main thread", async (t) => {
    const other = await VisionClient.open({ pack, rig, threads: 2, reranker: null });
    const behind = threadsBehind();
    await other.close();
    // Without /proc (not Linux) nothing steps back, and the agent does without: there is nothing to assert.
    if (behind === null) return t.skip("threads cannot be told apart here");
    // Two workers, and in the second one network at least with a second thread.
    assert.ok(behind.filter((nice) => nice === 5).length >= 3, `${behind}`);
    assert.ok(behind.includes(0), "the rest of the process stays");
  });

  test("a belief that is wrong does not hide the right place, one off the map is named", async () => {
    const near = { lat_deg: 46.5013, lon_deg: 7.2486, radius_m: 20 };
    const result = await client.localise(good, near);
    assert.ok(result.estimate !== null);
    const { north_m, east_m } = lonLatToOffset(ORIGIN, result.estimate);
    assert.ok(Math.hypot(north_m - 40, east_m + 30) < 6);
    assert.equal((await client.localise(good, { ...near, lat_deg: 46.6 })).reason, "off-map");
  });

  test("frames that cannot be judged say why", async () => {
    assert.equal(
      (await client.localise({ ...good, attitude: { ...attitude, pitch_deg: 70 } })).reason,
      "tilt-too-high",
    );
    assert.equal((await client.localise({ ...good, agl_m: 15 })).reason, "agl-too-low");
    assert.equal((await client.localise({ ...good, agl_m: 5000 })).reason, "agl-too-high");
    const grey = new Uint8Array(LENS.width_px * LENS.height_px * 3).fill(120);
    const flat = await client.localise(withPixels(grey));
    assert.equal(flat.reason, "featureless");
    assert.equal(flat.fix, null);
    assert.equal(flat.estimate, null);
  });

  test("the main thread stays free while the worker works", async () => {
    const start = performance.now();
    let longest = 0;
    let last = start;
    const timer = setInterval(() => {
      longest = Math.max(longest, performance.now() - last);
      last = performance.now();
    }, 1);
    const result = await client.localise({ ...good, yaw_sigma_deg: 180 });
    clearInterval(timer);
    // In the worker the networks block for most of this time at a stretch.
    assert.ok(longest < result.stage_ms.encode * 0.7 + 50, `${longest} ms of ${result.stage_ms.encode}`);
  });

  test("more frames than the queue holds are refused, not gathered", async () => {
    const accepted = [1, 2, 3].map((t_us) => client.localise({ ...good, t_us }));
    assert.equal(client.ready, false);
    await assert.rejects(client.localise(good), /2 frames are waiting already/);
    assert.deepEqual(
      (await Promise.all(accepted)).map((result) => result.t_us),
      [1, 2, 3],
    );
    assert.equal(client.ready, true);
  });

  test("errors keep their kind on the way out of the worker, and the worker lives on", async () => {
    const missing: Frame = { ...good, image: { kind: "file", path: join(dir, "none.jpg") } };
    await assert.rejects(client.localise(missing), (thrown: unknown) => thrown instanceof UserError);
    assert.ok((await client.localise(good)).estimate !== null);
    await assert.rejects(
      VisionClient.open({ pack: join(dir, "none.skypack"), rig }),
      (thrown: unknown) => thrown instanceof UserError && thrown.message.includes("none.skypack"),
    );
  });

  test("one that is killed refuses at once what it was asked, and says that it died", async () => {
    const other = await VisionClient.open({ pack, rig, threads: 1, reranker: null });
    const refused = assert.rejects(other.localise(good), /was ended/);
    await other.kill();
    await refused;
    assert.match((await other.died).message, /was ended/);
    await assert.rejects(other.localise(good), /was ended/);
  });

  test("after closing, nothing is accepted", async () => {
    const other = await VisionClient.open({ pack, rig, threads: 1, reranker: null });
    assert.equal(other.info.reranker, null);
    await other.close();
    await assert.rejects(other.localise(good), /closed/);
  });
});
