import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ardupilotmega, common } from "node-mavlink";
import { decodeAs } from "../../../agent/mavlink/codec.js";
import { MavlinkVehicleModel } from "../../../agent/vehicle/vehicle-model.js";
import type { VehicleStatus } from "../../../agent/vehicle/vehicle-state.js";
import { distance_m } from "../../../tiles/geodesy/wgs84.js";
import { wrapDegrees } from "../../../tiles/geometry/rotation.js";
import { type Recording, readVehicleIndex } from "./fixtures.js";
import { recordedFrames } from "./frames.js";

const RECORDINGS: readonly Recording[] = [
  "ardupilot-copter",
  "ardupilot-plane",
  "ardupilot-signed",
  "px4-quad",
  "px4-quad-dropout",
];

/** Runs a recording through the model; `look` sees the model after each frame. */
function replay(
  name: Recording,
  look: (model: MavlinkVehicleModel, t_us: number, frame: { msgid: number }) => void,
): MavlinkVehicleModel {
  let now_us = 0;
  const model = new MavlinkVehicleModel({ clock: () => now_us });
  for (const { frame, t_us } of recordedFrames(name)) {
    now_us = t_us;
    model.receive(frame, t_us);
    look(model, t_us, frame);
  }
  return model;
}

/** The times at which a value of the status changed, and what it became. */
function changesOf<T>(name: Recording, value: (status: VehicleStatus) => T): { t_s: number; value: T }[] {
  const changes: { t_s: number; value: T }[] = [];
  replay(name, (model, t_us) => {
    const now = value(model.status);
    if (now !== changes[changes.length - 1]?.value) changes.push({ t_s: t_us / 1e6, value: now });
  });
  return changes.filter((change) => change.value !== null);
}

function closeTo(
  actual: readonly { t_s: number; value: unknown }[],
  expected: readonly (readonly [number, unknown])[],
) {
  assert.deepEqual(
    actual.map(({ value }) => value),
    expected.map(([, value]) => value),
    JSON.stringify(actual),
  );
  actual.forEach(({ t_s }, i) => {
    assert.ok(Math.abs(t_s - (expected[i]?.[0] ?? Number.NaN)) < 0.01, `${i}: ${t_s} s, not ${expected[i]?.[0]}`);
  });
}

describe("recorded autopilots: status", () => {
  for (const name of RECORDINGS) {
    it(`${name}: vehicle, heartbeats, flags, origin as indexed`, () => {
      const index = readVehicleIndex(name);
      const { sysid, type, autopilot } = index.first_heartbeat;
      const heard: { t_s: number; armed: boolean | null; mode: string | null }[] = [];
      const model = replay(name, ({ status: { armed, mode } }, t_us) => {
        const last = heard[heard.length - 1];
        if (mode !== null && (last?.armed !== armed || last.mode !== mode))
          heard.push({ t_s: t_us / 1e6, armed, mode });
      });
      assert.deepEqual(model.status.vehicle, { sysid, compid: 1, autopilot, type });
      assert.equal(model.status.alive, true);
      assert.equal(model.details.reboots, 0);
      assert.equal(heard.length, index.heartbeat_changes.length);
      index.heartbeat_changes.forEach((change, i) => {
        assert.equal(heard[i]?.armed, change.armed);
        assert.ok(Math.abs((heard[i]?.t_s ?? 0) - change.t_s) < 1e-3);
      });
      const flags = changesOf(name, ({ ekf_flags }) => ekf_flags);
      // Reports that came before the first HEARTBEAT are nobody's.
      const late = index.flags.filter(({ t_s }) => t_s >= index.first_heartbeat.t_s);
      closeTo(
        flags,
        late.map(({ t_s, flags: value }) => [t_s, value]),
      );
      const told = index.GPS_GLOBAL_ORIGIN;
      assert.deepEqual(
        model.status.origin,
        told === undefined
          ? null
          : { lat_deg: told.latitude / 1e7, lon_deg: told.longitude / 1e7, alt_m: told.altitude / 1e3 },
      );
    });
  }

  it("names the modes of the flights", () => {
    const modes = (name: Recording) => changesOf(name, ({ mode }) => mode).map(({ value }) => value);
    assert.deepEqual(modes("ardupilot-copter"), ["STABILIZE", "GUIDED", "LAND"]);
    assert.deepEqual(modes("ardupilot-plane"), ["INITIALISING", "MANUAL", "TAKEOFF", "GUIDED"]);
    assert.deepEqual(modes("px4-quad"), ["AUTO.LOITER", "OFFBOARD", "ALTCTL"]);
    assert.deepEqual(modes("px4-quad-dropout"), ["AUTO.LOITER", "OFFBOARD", "ALTCTL", "OFFBOARD", "ALTCTL"]);
  });

  it("believes a position after two seconds of flags that claim one, and disbelieves it at once", () => {
    const valid = (name: Recording) => changesOf(name, ({ ekf_position_valid }) => ekf_position_valid);
    // Copter: aided from 41.69 s on, lost 7.0 s after the feed stops.
    const copter = valid("ardupilot-copter");
    assert.deepEqual(
      copter.map(({ value }) => value),
      [false, true, false],
    );
    assert.ok(Math.abs((copter[1]?.t_s ?? 0) - 43.7) < 0.1);
    assert.ok(Math.abs((copter[2]?.t_s ?? 0) - 134.465) < 0.01);
    // PX4: the 1.2 s of good flags under ODOMETRY at 2 Hz (10.93 s) are not taken for a position.
    const px4 = valid("px4-quad");
    assert.deepEqual(
      px4.map(({ value }) => value),
      [false, true, false],
    );
    assert.ok((px4[1]?.t_s ?? 0) > 28.6 && (px4[1]?.t_s ?? 0) < 29);
    assert.ok(Math.abs((px4[2]?.t_s ?? 0) - 101.928) < 0.01);
    // PX4 that drops a good feed in a turn (85.70 to 88.18 s).
    const dropout = valid("px4-quad-dropout").map(({ t_s, value }) => [Math.round(t_s), value]);
    assert.deepEqual(dropout, [
      [2, false],
      [28, true],
      [86, false],
      [90, true],
      [103, false],
    ]);
  });

  it("sees the GPS being jammed", () => {
    const fix = changesOf("ardupilot-copter", ({ gps_fix_type }) => (gps_fix_type ?? 0) >= 3);
    assert.equal(fix[fix.length - 1]?.value, false);
    const jammed_s = fix[fix.length - 1]?.t_s ?? 0;
    assert.ok(jammed_s > 90.2 && jammed_s < 92.5, `${jammed_s}`);
  });
});

describe("recorded autopilots: positions", () => {
  for (const name of ["ardupilot-copter", "px4-quad"] as const) {
    it(`${name}: the position told is as far from the truth as indexed, and none is told without flags for it`, () => {
      const { position_error } = readVehicleIndex(name);
      const seen: { t_s: number; error_m: number | null }[] = [];
      let truth: { lat_deg: number; lon_deg: number } | null = null;
      let now_us = 0;
      const model = new MavlinkVehicleModel({ clock: () => now_us });
      for (const { frame, t_us } of recordedFrames(name)) {
        now_us = t_us;
        model.receive(frame, t_us);
        if (frame.msgid === common.SimState.MSG_ID) {
          const { latInt, lonInt } = decodeAs(frame, common.SimState);
          truth = { lat_deg: latInt / 1e7, lon_deg: lonInt / 1e7 };
        } else if (frame.msgid === common.HilStateQuaternion.MSG_ID) {
          const { lat, lon } = decodeAs(frame, common.HilStateQuaternion);
          truth = { lat_deg: lat / 1e7, lon_deg: lon / 1e7 };
        } else if (frame.msgid === common.GlobalPositionInt.MSG_ID && truth !== null) {
          const { position } = model.status;
          seen.push({ t_s: t_us / 1e6, error_m: position === null ? null : distance_m(position, truth) });
        }
      }
      let compared = 0;
      for (const { t_s, error_m } of position_error) {
        const near = seen.filter((one) => Math.abs(one.t_s - t_s) < 0.35 && one.error_m !== null);
        if (near.length === 0) continue;
        // The index is rounded to 0.1 s and compares with a truth of another moment; the copter flies 10 m/s.
        assert.ok(
          near.some((one) => Math.abs((one.error_m ?? 0) - error_m) < 2.5),
          `${t_s} s: ${error_m} m, ${JSON.stringify(near)}`,
        );
        compared++;
      }
      assert.ok(compared >= 10, `${compared} compared`);
      const early = seen.filter(({ t_s }) => t_s < 5);
      assert.ok(early.every(({ error_m }) => error_m === null));
    });
  }
});

/** Feeds every second ATTITUDE and compares the pose with those that were kept back, once all around them is known. */
function heldOutErrors(name: Recording, from_s: number, to_s: number): number[] {
  let now_us = 0;
  const model = new MavlinkVehicleModel({ clock: () => now_us });
  const errors: number[] = [];
  const waiting: { boot_us: number; roll: number; pitch: number; yaw: number }[] = [];
  let count = 0;
  for (const { frame, t_us } of recordedFrames(name)) {
    now_us = t_us;
    if (frame.msgid === common.AttitudeQuaternion.MSG_ID) continue;
    if (frame.msgid === common.Attitude.MSG_ID && count++ % 2 === 1) {
      const { timeBootMs, roll, pitch, yaw } = decodeAs(frame, common.Attitude);
      if (t_us > from_s * 1e6 && t_us < to_s * 1e6) waiting.push({ boot_us: timeBootMs * 1000, roll, pitch, yaw });
      continue;
    }
    model.receive(frame, t_us);
    const newest_us = model.details.boot_us ?? 0;
    for (let next = waiting[0]; next !== undefined && next.boot_us < newest_us - 300_000; next = waiting[0]) {
      waiting.shift();
      const pose = model.poseAt(model.toAgent_us(next.boot_us) ?? 0);
      if (pose === null) {
        errors.push(Number.POSITIVE_INFINITY);
        continue;
      }
      const off = (got_deg: number, want_rad: number) => Math.abs(wrapDegrees(got_deg - (want_rad * 180) / Math.PI));
      const { roll_deg, pitch_deg, yaw_deg } = pose.attitude;
      errors.push(Math.max(off(roll_deg, next.roll), off(pitch_deg, next.pitch), off(yaw_deg, next.yaw)));
    }
  }
  return errors.sort((a, b) => a - b);
}

describe("recorded autopilots: poses", () => {
  for (const [name, from_s, to_s] of [
    ["ardupilot-copter", 45, 140],
    ["ardupilot-plane", 25, 85],
    ["px4-quad", 40, 105],
  ] as const) {
    it(`${name}: attitudes kept back are found between the others`, () => {
      const errors = heldOutErrors(name, from_s, to_s);
      const at = (share: number) => errors[Math.floor(share * (errors.length - 1))] ?? Number.NaN;
      assert.ok(errors.length > 500, `${errors.length}`);
      assert.ok(at(0.5) < 0.1, `median ${at(0.5)} deg`);
      assert.ok(at(0.99) < 2.5, `p99 ${at(0.99)} deg`);
    });
  }

  it("copter: the range becomes a height, also when the copter leans at 30 degrees", () => {
    let truth_m = Number.NaN;
    const errors: number[] = [];
    let now_us = 0;
    let steepest = 1;
    const model = new MavlinkVehicleModel({ clock: () => now_us });
    for (const { frame, t_us } of recordedFrames("ardupilot-copter")) {
      now_us = t_us;
      model.receive(frame, t_us);
      if (frame.msgid === common.SimState.MSG_ID) truth_m = decodeAs(frame, common.SimState).alt - 300;
      if (frame.msgid !== ardupilotmega.RangeFinder.MSG_ID || t_us < 66e6 || t_us > 126e6) continue;
      const pose = model.poseAt(t_us);
      if (pose?.agl?.source !== "rangefinder") continue;
      const { roll_deg, pitch_deg } = pose.attitude;
      const cos = Math.cos((roll_deg * Math.PI) / 180) * Math.cos((pitch_deg * Math.PI) / 180);
      steepest = Math.min(steepest, cos);
      errors.push(Math.abs(pose.agl.agl_m - truth_m) / pose.agl.sigma_m);
    }
    assert.ok(errors.length > 80, `${errors.length}`);
    assert.ok(steepest < 0.9, "the flight leans enough to tell");
    errors.sort((a, b) => a - b);
    assert.ok(
      (errors[Math.floor(errors.length * 0.95)] ?? 9) < 2,
      `p95 ${errors[Math.floor(errors.length * 0.95)]} sigma`,
    );
  });

  it("plane without a rangefinder: the height over home, and a velocity that fits the track", () => {
    const sources = new Set<string>();
    const speeds: number[] = [];
    replay("ardupilot-plane", (model, t_us, { msgid }) => {
      if (msgid !== common.Attitude.MSG_ID || t_us < 34e6 || t_us > 41e6) return;
      const pose = model.poseAt(t_us);
      if (pose?.agl) sources.add(pose.agl.source);
      if (pose?.velocity_ne_mps) speeds.push(Math.hypot(pose.velocity_ne_mps.north, pose.velocity_ne_mps.east));
    });
    assert.deepEqual([...sources], ["relative"]);
    assert.ok(speeds.length > 100);
    assert.ok(speeds.every((speed) => speed > 10 && speed < 40));
  });

  it("follows the simulations' slow clocks by arrival alone: near what TIMESYNC says", () => {
    for (const name of ["ardupilot-copter", "px4-quad"] as const) {
      const errors_ms: number[] = [];
      let now_us = 0;
      const model = new MavlinkVehicleModel({ clock: () => now_us });
      for (const { frame, t_us } of recordedFrames(name)) {
        now_us = t_us;
        model.receive(frame, t_us);
        if (frame.msgid !== common.TimeSync.MSG_ID || t_us < 4e6) continue;
        // Answers: ts1 is our time of sending, so the autopilot's clock stood at tc1 half way between then and now.
        const { tc1, ts1 } = decodeAs(frame, common.TimeSync);
        const sent_us = Number(ts1) / 1000;
        if (tc1 === 0n || sent_us > t_us || t_us - sent_us > 3000) continue;
        const shown_us = model.toAgent_us(Number(tc1) / 1000) ?? Number.NaN;
        errors_ms.push((shown_us - (sent_us + t_us) / 2) / 1000);
      }
      errors_ms.sort((a, b) => a - b);
      const at = (share: number) => errors_ms[Math.floor(share * (errors_ms.length - 1))] ?? Number.NaN;
      assert.ok(errors_ms.length > 50);
      // A simulated ArduPilot answers TIMESYNC some 8 ms after it has stamped its attitudes.
      assert.ok(Math.abs(at(0.5)) < 10, `${name}: median ${at(0.5)} ms`);
      assert.ok(at(0.05) > -15 && at(0.95) < 5, `${name}: ${at(0.05)} to ${at(0.95)} ms`);
    }
  });
});
