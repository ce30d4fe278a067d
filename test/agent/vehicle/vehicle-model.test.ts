import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { common, minimal } from "node-mavlink";
import { EstimatorSensorFusionStatus } from "../../../agent/mavlink/messages/estimator-sensor-fusion-status.js";
import { MavlinkVehicleModel } from "../../../agent/vehicle/vehicle-model.js";
import { wrapDegrees } from "../../../tiles/geometry/rotation.js";
import { BOOT_AT_US, flight, levelFlight } from "./flight.js";
import {
  attitude,
  ekfReport,
  estimatorStatus,
  frameOf,
  globalPosition,
  heartbeat,
  message,
  PX4_HEARTBEAT,
} from "./frames.js";

describe("MavlinkVehicleModel: attitude", () => {
  it("is interpolated at the time asked for, the short way through north and through upside down", () => {
    const angle = fc.double({ min: -179, max: 179, noNaN: true });
    const rate = fc.double({ min: -120, max: 120, noNaN: true });
    fc.assert(
      fc.property(angle, rate, fc.integer({ min: 1000, max: 1900 }), (yaw0, yawRate, t_ms) => {
        const { model, at, send } = flight();
        for (let ms = 1000; ms <= 2000; ms += 50) {
          send(ms, attitude(ms, { yaw: wrapDegrees(yaw0 + (yawRate * (ms - 1000)) / 1000) }));
        }
        const pose = model.poseAt(at(t_ms));
        assert.ok(pose);
        const expected = yaw0 + (yawRate * (t_ms - 1000)) / 1000;
        assert.ok(Math.abs(wrapDegrees(pose.attitude.yaw_deg - expected)) < 0.001);
        assert.equal(pose.t_us, at(t_ms));
      }),
      { numRuns: 50 },
    );
  });

  it("is carried on with its rates for 100 ms after the newest message, and no longer", () => {
    const { model, at, send } = flight();
    send(1000, attitude(1000, { yaw: 350 }, { yaw: 100 }));
    assert.ok(Math.abs((model.poseAt(at(1080))?.attitude.yaw_deg ?? 0) - -2) < 0.001);
    assert.notEqual(model.poseAt(at(1100)), null);
    assert.equal(model.poseAt(at(1101)), null);
    assert.equal(model.poseAt(at(999)), null);
  });

  it("is not known across a gap of more than 250 ms", () => {
    const { model, at, send } = flight();
    for (const ms of [1000, 1250, 1501]) send(ms, attitude(ms, {}));
    assert.notEqual(model.poseAt(at(1100)), null);
    assert.equal(model.poseAt(at(1400)), null);
    assert.notEqual(model.poseAt(at(1501)), null);
  });

  it("comes from ATTITUDE_QUATERNION too, and never from numbers that are none", () => {
    const { model, at, send } = flight();
    const half = Math.SQRT1_2;
    const quaternion = { timeBootMs: 1000, q1: half, q2: 0, q3: 0, q4: half, reprOffsetQ: [0, 0, 0, 0] };
    send(1000, message(common.AttitudeQuaternion, quaternion));
    assert.ok(Math.abs((model.poseAt(at(1000))?.attitude.yaw_deg ?? 0) - 90) < 1e-4);
    send(1050, message(common.AttitudeQuaternion, { ...quaternion, timeBootMs: 1050, q1: 0, q4: 0 }));
    send(1060, attitude(1060, { yaw: Number.NaN }));
    send(1070, attitude(1070, { roll: Number.POSITIVE_INFINITY }));
    send(1080, attitude(1080, { yaw: 90 }, { yaw: Number.NaN }));
    assert.ok(Math.abs((model.poseAt(at(1150))?.attitude.yaw_deg ?? 0) - 90) < 1e-4, "no rates: held");
  });

  it("uses the synchronised clock as soon as it knows the time", () => {
    let synchronised = false;
    // Messages take 40 ms.
    const clockMap = { toAgent_us: (boot_us: number) => (synchronised ? boot_us + BOOT_AT_US - 40_000 : null) };
    const { model, at, send } = flight({ clockMap });
    for (let ms = 1000; ms <= 2000; ms += 50) send(ms, attitude(ms, { yaw: ms / 100 }));
    assert.equal(model.details.clock, "arrival");
    assert.ok(Math.abs((model.poseAt(at(1500))?.attitude.yaw_deg ?? 0) - 15) < 1e-4);
    synchronised = true;
    assert.equal(model.details.clock, "timesync");
    assert.ok(Math.abs((model.poseAt(at(1500))?.attitude.yaw_deg ?? 0) - 15.4) < 1e-4);
  });
});

describe("MavlinkVehicleModel: velocity", () => {
  it("is LOCAL_POSITION_NED's, else GLOBAL_POSITION_INT's", () => {
    const { model, at, send } = flight();
    levelFlight(send);
    send(2000, globalPosition({ timeBootMs: 2000, vx: 500, vy: -250 }));
    assert.deepEqual(model.poseAt(at(2000))?.velocity_ne_mps, { north: 5, east: -2.5 });
    send(2000, message(common.LocalPositionNed, { timeBootMs: 1800, vx: 4, vy: 1, vz: 0 }));
    send(2000, message(common.LocalPositionNed, { timeBootMs: 2000, vx: 6, vy: 1, vz: 0 }));
    assert.deepEqual(model.poseAt(at(1900))?.velocity_ne_mps, { north: 5, east: 1 });
  });

  it("is not told when the message has none or the EKF has none", () => {
    for (const fields of [{ vx: 32767 }, { vy: -32768 }]) {
      const { model, at, send } = flight();
      levelFlight(send);
      send(2000, globalPosition({ timeBootMs: 2000, ...fields }));
      assert.equal(model.poseAt(at(2000))?.velocity_ne_mps, null);
    }
    const { model, at, send } = flight();
    levelFlight(send, ekfReport(167));
    send(2000, message(common.LocalPositionNed, { timeBootMs: 2000, vx: 6, vy: 1, vz: 0 }));
    assert.equal(model.poseAt(at(2000))?.velocity_ne_mps, null);
    send(2000, message(common.LocalPositionNed, { timeBootMs: 2010, vx: Number.NaN }), ekfReport(831));
    assert.deepEqual(model.poseAt(at(2000))?.velocity_ne_mps, { north: 6, east: 1 });
  });
});

describe("MavlinkVehicleModel: status", () => {
  it("begins with nothing", () => {
    const model = new MavlinkVehicleModel({ clock: () => 0 });
    assert.equal(model.poseAt(0), null);
    assert.deepEqual(model.status, {
      vehicle: null,
      alive: false,
      armed: null,
      mode: null,
      ekf_flags: null,
      ekf_position_valid: null,
      gps_fix_type: null,
      position: null,
      origin: null,
    });
  });

  it("tells mode and arming, and that the vehicle fell silent", () => {
    const armed = minimal.MavModeFlag.SAFETY_ARMED;
    const { model, send, wait } = flight({}, heartbeat({ customMode: 4, baseMode: armed }));
    assert.deepEqual([model.status.alive, model.status.mode, model.status.armed], [true, "GUIDED", true]);
    wait(3000);
    assert.equal(model.status.alive, true);
    wait(3001);
    assert.equal(model.status.alive, false);
    send(5000, heartbeat({ customMode: 9 }));
    assert.deepEqual([model.status.alive, model.status.mode, model.status.armed], [true, "LAND", false]);
  });

  it("has no position at 0/0, in constant-position mode, off the globe, or when it is old", () => {
    const { model, send, wait } = flight();
    send(1000, globalPosition({ timeBootMs: 1000 }));
    assert.deepEqual(model.status.position, { lat_deg: 49, lon_deg: 16, alt_m: 340 });
    send(1000, ekfReport(167));
    assert.equal(model.status.position, null);
    send(1000, ekfReport(831));
    assert.notEqual(model.status.position, null);
    wait(4100);
    assert.equal(model.status.position, null);
    send(5000, ekfReport(831), globalPosition({ timeBootMs: 5000, lat: 0, lon: 0 }));
    assert.equal(model.status.position, null);
    send(5100, globalPosition({ timeBootMs: 5100, lat: 2_000_000_000 }));
    assert.equal(model.status.position, null);
  });

  it("does not believe the position that PX4 streams while bit 16 is off", () => {
    const { model, send } = flight({}, heartbeat(PX4_HEARTBEAT));
    send(1000, globalPosition({ timeBootMs: 1000 }));
    assert.equal(model.status.position, null, "no flags yet");
    send(1000, estimatorStatus(101));
    assert.equal(model.status.position, null);
    send(1000, estimatorStatus(895));
    assert.notEqual(model.status.position, null);
  });

  it("keeps the origin, for which 0/0 stands for none", () => {
    const { model, send } = flight();
    send(1000, message(common.GpsGlobalOrigin, { latitude: 0, longitude: 0, altitude: 0 }));
    assert.equal(model.status.origin, null);
    send(2000, message(common.GpsGlobalOrigin, { latitude: 490000000, longitude: 160000000, altitude: 300100 }));
    send(3000, message(common.GpsGlobalOrigin, { latitude: 0, longitude: 0, altitude: 0 }));
    assert.deepEqual(model.status.origin, { lat_deg: 49, lon_deg: 16, alt_m: 300.1 });
  });

  it("tells the GPS's fix while it is told, and what is unhealthy", () => {
    const { model, send, wait } = flight();
    const sensors = {
      onboardControlSensorsEnabled: 0x80000021 as common.MavSysStatusSensor,
      onboardControlSensorsHealth: 1 as common.MavSysStatusSensor,
    };
    const gps = { fixType: 6 as common.GpsFixType, satellitesVisible: 11 };
    send(1000, message(common.GpsRawInt, gps));
    send(1000, message(common.SysStatus, sensors));
    assert.equal(model.status.gps_fix_type, 6);
    assert.equal(model.details.gps_satellites, 11);
    assert.equal(model.details.sensors_unhealthy, 0x80000020);
    send(1000, message(common.GpsRawInt, { ...gps, fixType: 77 as common.GpsFixType }));
    assert.equal(model.status.gps_fix_type, 6);
    wait(4100);
    assert.equal(model.status.gps_fix_type, null);
  });
});

describe("MavlinkVehicleModel: whose messages", () => {
  it("leaves other systems and other components", () => {
    const { model, at, send } = flight();
    send(1000, attitude(1000, { yaw: 10 }));
    model.receive(frameOf(attitude(1010, { yaw: 50 }), 2, 1), at(1010));
    model.receive(frameOf(attitude(1020, { yaw: 60 }), 1, 154), at(1020));
    assert.ok(Math.abs((model.poseAt(at(1050))?.attitude.yaw_deg ?? 0) - 10) < 1e-4);
    assert.equal(model.details.messages, 2);
  });

  it("forgets everything when the autopilot reboots, but not for one message that was held up", () => {
    const { model, at, send } = flight();
    const place = { latitude: 490000000, longitude: 160000000, altitude: 1 };
    for (let ms = 60_000; ms < 62_000; ms += 50) send(ms, attitude(ms, { yaw: 10 }));
    send(62_000, message(common.GpsGlobalOrigin, place), ekfReport(831));
    send(62_000, attitude(60_500, { yaw: 99 }), attitude(62_000, { yaw: 10 }), globalPosition({ timeBootMs: 900 }));
    assert.equal(model.details.reboots, 0);
    assert.notEqual(model.status.origin, null);
    // The new life: its clock shows 0 when ours shows 63 s.
    for (let ms = 0; ms < 1000; ms += 50) send(63_000 + ms, attitude(ms, { yaw: -80 }), heartbeat());
    assert.equal(model.details.reboots, 1);
    assert.equal(model.status.origin, null);
    assert.equal(model.status.ekf_flags, null);
    assert.equal(model.status.alive, true);
    assert.ok(Math.abs((model.poseAt(at(63_800))?.attitude.yaw_deg ?? 0) - -80) < 1e-4);
    assert.equal(model.poseAt(at(61_000)), null);
  });

  it("takes another autopilot when the first has gone, and forgets the first", () => {
    const { model, at, send } = flight();
    send(1000, attitude(1000, { yaw: 10 }));
    model.receive(frameOf(heartbeat(PX4_HEARTBEAT), 8), at(5000));
    assert.equal(model.status.vehicle?.sysid, 1);
    model.receive(frameOf(heartbeat(PX4_HEARTBEAT), 8), at(20_000));
    assert.equal(model.status.vehicle?.sysid, 8);
    assert.equal(model.poseAt(at(1000)), null);
  });

  it("survives every payload", () => {
    const ids = [30, 31, 32, 33, 49, 24, 1, 193, 230, 132, 173, 136, 141, 242, 0];
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.constantFrom(...ids), fc.uint8Array({ maxLength: 255 })), { maxLength: 40 }),
        (list) => {
          const { model, at } = flight();
          list.forEach(([msgid, bytes], i) => {
            const frame = { ...frameOf(heartbeat()), msgid, payload: Buffer.from(bytes) };
            model.receive(frame, at(i * 50));
            const pose = model.poseAt(at(i * 50));
            if (pose !== null) {
              const { roll_deg, pitch_deg, yaw_deg } = pose.attitude;
              const agl = pose.agl === null ? [0] : [pose.agl.agl_m, pose.agl.sigma_m];
              const velocity = pose.velocity_ne_mps ?? { north: 0, east: 0 };
              const numbers = [roll_deg, pitch_deg, yaw_deg, ...agl, velocity.north, velocity.east];
              assert.ok(numbers.every(Number.isFinite), JSON.stringify(pose));
            }
            assert.ok(model.status);
          });
        },
      ),
    );
  });
});

describe("MavlinkVehicleModel: whose velocity it is", () => {
  const gps = message(common.GpsRawInt, { fixType: common.GpsFixType.GPS_FIX_TYPE_3D_FIX, satellitesVisible: 11 });
  const fusion = (gpsBits: number) =>
    message(EstimatorSensorFusionStatus, { active: [gpsBits, 0, 1, 0, 1, 0, 0, 0, 0] });
  const leaning = (ms: number) => attitude(ms, { roll: 30 });

  it("is PX4's own while it uses GPS, and its tilt is worth more then", () => {
    const { model, at, send } = flight({}, heartbeat(PX4_HEARTBEAT));
    send(1000, leaning(1000));
    const without = model.poseAt(at(1000));
    assert.equal(without?.velocity_own, false);
    send(1000, gps);
    const withGps = model.poseAt(at(1000));
    assert.equal(withGps?.velocity_own, true, "it does not say what it uses: a fix is taken for used");
    assert.ok((withGps?.tilt_sigma_deg ?? 9) < (without?.tilt_sigma_deg ?? 0));
    send(1000, fusion(1));
    assert.equal(model.poseAt(at(1000))?.velocity_own, true);
    send(1000, fusion(0));
    const refused = model.poseAt(at(1000));
    assert.equal(refused?.velocity_own, false, "a fix that the EKF does not use");
    assert.equal(refused?.tilt_sigma_deg, without?.tilt_sigma_deg);
  });
});
