import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { DEFAULT_VEHICLE_CONFIG } from "../../agent/vehicle/config.js";
import { missionPoints } from "../../sim/autopilot/missions.js";
import { PRESETS } from "../../sim/autopilot/parameters/presets.js";
import { Twin } from "../../sim/autopilot/twin.js";
import { lonLatToOffset } from "../../tiles/geodesy/index.js";
import { REFERENCE } from "../agent/helpers/navigation-inputs.js";
import { Companion } from "./companion.js";
import { FeedingAgent } from "./feeding.js";
import { NAVIGATION_HOME } from "./navigation.js";

const JAM_S = 20;
const END_S = 100;
const DEG = Math.PI / 180;

interface Told {
  /** 1-sigma of the tilt as a share of the lean, as the vehicle model has it without GPS. */
  readonly per_lean_unaided: number;
  /** EKF2_EV_CTRL: 4 takes the velocities of vision. */
  readonly control: number;
}

/** A PX4 copter that flies short legs; once GPS is jammed its tilt follows accelerations while no velocity aids it. */
function flown({ per_lean_unaided, control }: Told) {
  const twin = new Twin({
    kind: "px4-copter",
    start: "air",
    home: NAVIGATION_HOME,
    lostRequests: 0,
    unaidedTilt: 0.8,
    parameters: { ...PRESETS["px4-global"], EKF2_EV_CTRL: control },
    mission: { points: missionPoints("square", 240), height_m: 80, speed_mps: 10, mode: "guided", laps: 20 },
    jamAt_s: JAM_S,
  });
  const companion = new Companion(twin);
  const tilt = { ...DEFAULT_VEHICLE_CONFIG.tilt, per_lean_unaided };
  const agent = new FeedingAgent(companion, { publisher: "global_position_sensor" }, 1, "tilted", { tilt });
  const moments: { error_m: number; eph_m: number; tilt_deg: number }[] = [];
  companion.run(END_S, () => {
    agent.step();
    if (twin.t_us % 500_000 !== 0 || twin.t_us < JAM_S * 1e6) return;
    const { position } = agent.solution;
    if (position === null) return;
    const at = lonLatToOffset(REFERENCE, position);
    const { truth, attitude } = twin.vehicle;
    moments.push({
      error_m: Math.hypot(at.north_m - truth.north_m, at.east_m - truth.east_m),
      eph_m: position.eph_m,
      tilt_deg: Math.hypot(attitude.roll_rad - truth.roll_rad, attitude.pitch_rad - truth.pitch_rad) / DEG,
    });
  });
  assert.ok(moments.length > (END_S - JAM_S) * 1.8, `${moments.length} positions`);
  const within = [1, 2, 3].map((k) => moments.filter((one) => one.error_m <= k * one.eph_m).length / moments.length);
  const rms = (values: readonly number[]): number => Math.hypot(...values) / Math.sqrt(values.length);
  return {
    within,
    tilt_deg: rms(moments.map(({ tilt_deg }) => tilt_deg)),
    error_m: rms(moments.map(({ error_m }) => error_m)),
  };
}

describe("a PX4 copter whose tilt goes wrong with its accelerations", () => {
  it("gets an eph that covers it, where the share of its lean is stated; without that it would not", () => {
    const stated = flown({ per_lean_unaided: 0.2, control: 0 });
    assert.ok(stated.tilt_deg > 2, `${stated.tilt_deg} degrees RMS`);
    const [one = 0, two = 0, three = 0] = stated.within;
    assert.ok(one > 0.6 && two > 0.95 && three > 0.99, `within 1, 2, 3 eph ${stated.within}`);
    const unstated = flown({ per_lean_unaided: 0, control: 0 });
    assert.ok((unstated.within[0] ?? 1) < 0.5 && (unstated.within[2] ?? 1) < 0.97, `${unstated.within}`);
  });

  it("keeps its tilt where it takes the velocities that go beside the positions", () => {
    const aided = flown({ per_lean_unaided: 0.04, control: 4 });
    assert.ok(aided.tilt_deg < 0.5 && aided.error_m < 2, `${aided.tilt_deg} degrees, ${aided.error_m} m RMS`);
  });
});
