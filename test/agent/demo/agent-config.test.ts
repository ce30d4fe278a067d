import assert from "node:assert/strict";
import { test } from "node:test";
import { loadCameraRig, parseConfig } from "../../../agent/config/load.js";
import { agentConfig } from "../../../agent/demo/agent-config.js";
import { demoScene } from "../../../agent/demo/scene.js";
import { distance_m } from "../../../tiles/geodesy/index.js";

const PLACES = { pack: "/tmp/a b/area.skypack", state: "/tmp/a b", vehicle: "tcp:127.0.0.1:5760", threads: 2 };

test("the demo's agent has a configuration like any user's: the scene's camera, a switch of source sets, a page", () => {
  const scene = demoScene(7);
  const loaded = parseConfig(agentConfig(scene, { ...PLACES, statusPort: 0 }), "/tmp/agent.toml");
  const { config } = loaded;
  assert.equal(config.pack.path, PLACES.pack);
  assert.deepEqual(config.autopilot.source_sets, { gps: 1, vision: 2, back_after_s: 10 });
  assert.match(config.camera.simulated?.imagery ?? "", /^world:seed=7,/);
  assert.deepEqual(loadCameraRig(loaded).intrinsics, scene.lens);
  assert.equal(config.status.enabled, true);
});

test("without a page there is no port", () => {
  const { config } = parseConfig(agentConfig(demoScene(7), { ...PLACES, statusPort: null }), "/tmp/agent.toml");
  assert.equal(config.status.enabled, false);
});

test("the whole route lies well inside of the place, and GPS goes while it is flown", () => {
  const scene = demoScene(7);
  const corner_m = distance_m(scene.centre, scene.home);
  const footprint_m = 2 * scene.agl_m * Math.tan((scene.hfov_deg * Math.PI) / 360);
  assert.ok(corner_m + footprint_m < scene.size_m / 2);
  assert.ok(scene.jam_s < scene.route_m / scene.speed_mps);
});
