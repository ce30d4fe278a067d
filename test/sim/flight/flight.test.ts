import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import sharp from "sharp";
import { parseFlightToml } from "../../../agent/flight/flight-toml.js";
import { parseFramesCsv } from "../../../agent/flight/frames-csv.js";
import { worldImagery } from "../../../sim/camera/imagery.js";
import { type FlightSpec, writeFlight } from "../../../sim/flight/flight-folder.js";
import { fly, makeRoute, ORDINARY_MOTION, Wander } from "../../../sim/flight/route.js";
import { makeEpoch } from "../../../sim/world/epoch.js";
import { Rng } from "../../../sim/world/random.js";
import { World } from "../../../sim/world/world.js";
import { lonLatToOffset } from "../../../tiles/geodesy/index.js";
import { intrinsicsFromHfov } from "../../../tiles/geometry/intrinsics.js";

const folder = mkdtempSync(join(tmpdir(), "flight-"));
after(() => rmSync(folder, { recursive: true, force: true }));

describe("fly", () => {
  const calm = { ...ORDINARY_MOTION, wobble_deg: 0, crab_deg: 0, agl_wander: 0, speed_mps: 10, agl_m: 100 };

  it("flies a straight route at its speed, nose ahead", () => {
    const states = fly(makeRoute("straight", { north_m: 10, east_m: 20 }, 200, 90), calm, 1, 1);
    assert.equal(states.length, 20);
    for (const [k, s] of states.entries()) {
      assert.ok(Math.abs(s.north_m - 10) < 0.01 && Math.abs(s.east_m - (20 - 100 + 10 * k)) < 0.3);
      assert.ok(Math.abs(s.yaw_deg - 90) < 0.1 && Math.abs(s.roll_deg) < 0.1 && s.agl_m === 100);
      assert.equal(s.t_s, k);
    }
  });

  it("flies a square round its corners, banked inwards, and comes back", () => {
    const states = fly(makeRoute("square", { north_m: 0, east_m: 0 }, 800, 0), calm, 0.2, 1);
    const last = states.at(-1);
    assert.ok(last !== undefined && Math.hypot(last.north_m + 100, last.east_m + 100) < 30);
    const turn = states.filter((s) => Math.abs(s.roll_deg) > 5);
    assert.ok(turn.length > 10);
    assert.ok(turn.filter((s) => s.roll_deg > 0).length > turn.length * 0.9, "right turns bank to the right");
    for (const s of states) assert.ok(Math.max(Math.abs(s.north_m), Math.abs(s.east_m)) < 125);
  });

  it("covers an area with a lawnmower", () => {
    const route = makeRoute("lawnmower", { north_m: 0, east_m: 0 }, 2000, 30, 80);
    assert.equal(route.length % 2, 0);
    const states = fly(route, calm, 1, 1);
    assert.ok(states.length > 150 && states.length < 400, `${states.length} states`);
  });

  it("wanders with the deviation it was given", () => {
    const wander = new Wander(new Rng(4), 3, 2);
    let sum = 0;
    const count = 20000;
    for (let i = 0; i < count; i++) sum += wander.step(1) ** 2;
    assert.ok(Math.abs(Math.sqrt(sum / count) - 3) < 0.15);
  });
});

describe("writeFlight", () => {
  const world = new World({ seed: 5, size_m: 300, origin: { lat_deg: 46, lon_deg: 7 }, style: { landUse: "rural" } });
  const spec = (): FlightSpec => ({
    seed: 9,
    imagery: worldImagery(world, makeEpoch(5, 1)),
    camera: {
      intrinsics: { ...intrinsicsFromHfov(96, 72, 60), k1: -0.1 },
      mount: { roll_deg: 0, pitch_deg: 10, yaw_deg: 0 },
    },
    states: fly(makeRoute("straight", { north_m: 0, east_m: 0 }, 60, 45), { ...ORDINARY_MOTION, agl_m: 80 }, 1, 9),
    errors: { yaw_sigma_deg: 4, agl_sigma_m: 2, attitude_sigma_deg: 0.5, error_time_s: 0 },
  });

  it("writes a folder that the agent accepts, with the truth in it, the same every time", async () => {
    const out = join(folder, "one");
    await writeFlight(out, spec());
    await writeFlight(join(folder, "two"), spec());
    assert.deepEqual(readdirSync(folder).sort(), ["one", "two"]);
    const rig = parseFlightToml(readFileSync(join(out, "flight.toml"), "utf8"), "flight.toml");
    assert.equal(rig.intrinsics.width_px, 96);
    assert.equal(rig.intrinsics.k1, -0.1);
    assert.equal(rig.mount.pitch_deg, 10);
    const rows = parseFramesCsv(readFileSync(join(out, "frames.csv"), "utf8"), "frames.csv");
    const { states } = spec();
    assert.equal(rows.length, states.length);
    let yawDifference = 0;
    for (const [k, row] of rows.entries()) {
      const state = states[k];
      assert.ok(state !== undefined && row.truth !== null);
      assert.equal(row.t_us, 1_000_000 + k * 1_000_000);
      assert.equal(row.yaw_sigma_deg, 4);
      assert.equal(row.agl_sigma_m, 2);
      const at = lonLatToOffset(world.origin, row.truth);
      assert.ok(Math.hypot(at.north_m - state.north_m, at.east_m - state.east_m) < 0.002);
      yawDifference = Math.max(yawDifference, Math.abs(row.yaw_deg - state.yaw_deg));
      const meta = await sharp(join(out, "frames", row.file)).metadata();
      assert.deepEqual([meta.format, meta.width, meta.height], ["jpeg", 96, 72]);
    }
    assert.ok(yawDifference > 0.5 && yawDifference < 20, `largest heading error ${yawDifference}`);
    for (const name of ["frames.csv", "truth.csv", "flight.toml", "frames/000001.jpg"]) {
      assert.deepEqual(readFileSync(join(out, name)), readFileSync(join(folder, "two", name)), name);
    }
  });

  it("refuses a folder that exists and leaves nothing half-written", async () => {
    await assert.rejects(writeFlight(join(folder, "one"), spec()), /exists already/);
    const broken: FlightSpec = {
      ...spec(),
      imagery: { ...spec().imagery, window: () => Promise.reject(new Error("no imagery")) },
    };
    await assert.rejects(writeFlight(join(folder, "broken"), broken), /no imagery/);
    assert.ok(!existsSync(join(folder, "broken")));
    assert.ok(readdirSync(folder).every((name) => !name.includes("broken")));
  });
});
