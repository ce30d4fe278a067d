import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ardupilotmega, common } from "node-mavlink";
import { flight, levelFlight } from "./flight.js";
import { attitude, distanceSensor, globalPosition, heartbeat, message, PX4_HEARTBEAT } from "./frames.js";

describe("MavlinkVehicleModel: height above ground", () => {
  it("prefers the rangefinder, then the terrain, then the height over home", () => {
    const { model, at, send } = flight();
    levelFlight(send);
    const agl = () => model.poseAt(at(2000))?.agl;
    assert.equal(agl(), null);
    send(2000, globalPosition({ timeBootMs: 2000, relativeAlt: 40_000 }));
    assert.deepEqual([agl()?.source, agl()?.agl_m], ["relative", 40]);
    send(2000, message(common.TerrainReport, { spacing: 100, loaded: 56, currentHeight: 35 }));
    assert.deepEqual([agl()?.source, agl()?.agl_m], ["terrain", 35]);
    send(2000, distanceSensor({ timeBootMs: 2000, currentDistance: 3000 }));
    assert.deepEqual([agl()?.source, agl()?.agl_m], ["rangefinder", 30]);
    const { sigma_m = 0 } = agl() ?? {};
    assert.ok(Math.abs(sigma_m - Math.hypot(0.3, 0.6)) < 1e-6, `${sigma_m}`);
  });

  it("takes the vertical part of a range, and none of a steep one", () => {
    for (const [roll, pitch] of [
      [30, 0],
      [0, -30],
      [20, 20],
    ] as const) {
      const { model, at, send } = flight();
      send(1000, attitude(1000, { roll, pitch }), distanceSensor({ timeBootMs: 1000, currentDistance: 4000 }));
      const cos = Math.cos((roll * Math.PI) / 180) * Math.cos((pitch * Math.PI) / 180);
      assert.ok(Math.abs((model.poseAt(at(1000))?.agl?.agl_m ?? 0) - 40 * cos) < 1e-3);
    }
    const { model, at, send } = flight();
    send(1000, attitude(1000, { roll: 50 }), distanceSensor({ timeBootMs: 1000, currentDistance: 4000 }));
    assert.equal(model.poseAt(at(1000))?.agl, null);
  });

  it("leaves ranges out of range, of other directions, of bad signal, and old ones", () => {
    const bad = [
      { currentDistance: 0 },
      { currentDistance: 20 },
      { currentDistance: 6000 },
      { currentDistance: 6500 },
      { currentDistance: 3000, orientation: 0 as common.MavSensorOrientation },
      { currentDistance: 3000, signalQuality: 1 },
    ];
    for (const fields of bad) {
      const { model, at, send } = flight();
      levelFlight(send, distanceSensor({ timeBootMs: 0, ...fields }));
      assert.equal(model.poseAt(at(2000))?.agl, null, JSON.stringify(fields));
    }
    const { model, at, send } = flight();
    send(1000, distanceSensor({ timeBootMs: 1000, currentDistance: 3000 }), attitude(1000, {}));
    send(2000, attitude(2000, {}));
    assert.equal(model.poseAt(at(2000))?.agl, null, "a second old");
  });

  it("does not join heights over the time in which the sensor saw nothing", () => {
    const { model, at, send } = flight();
    levelFlight(send);
    const range = (ms: number, cm: number) => distanceSensor({ timeBootMs: ms, currentDistance: cm });
    send(2000, range(1000, 3000), range(1200, 0), range(1400, 3000), range(1600, 3400));
    assert.equal(model.poseAt(at(1100))?.agl, null);
    assert.equal(model.poseAt(at(1300))?.agl, null);
    assert.ok(Math.abs((model.poseAt(at(1500))?.agl?.agl_m ?? 0) - 32) < 1e-6);
  });

  it("takes RANGEFINDER where DISTANCE_SENSOR does not come, within its limits", () => {
    const { model, at, send } = flight();
    levelFlight(send, message(ardupilotmega.RangeFinder, { distance: 12, voltage: 0 }));
    assert.equal(model.poseAt(at(2000))?.agl?.agl_m, 12);
    const empty = flight();
    levelFlight(empty.send, message(ardupilotmega.RangeFinder, { distance: 0, voltage: 0 }));
    assert.equal(empty.model.poseAt(at(2000))?.agl, null);
  });

  it("takes no height above sea level for one above ground", () => {
    const { model, at, send } = flight();
    // As recorded: ArduPilot without terrain data.
    levelFlight(send, message(common.TerrainReport, { spacing: 0, loaded: 0, currentHeight: 340.1 }));
    assert.equal(model.poseAt(at(2000))?.agl, null);
    // As recorded: PX4 before it has a home.
    const px4 = flight({}, heartbeat(PX4_HEARTBEAT));
    levelFlight(px4.send);
    px4.send(2000, globalPosition({ timeBootMs: 2000, alt: 299_996, relativeAlt: 299_996 }));
    assert.equal(px4.model.poseAt(at(2000))?.agl, null);
  });

  it("takes PX4's clearance, and the local altitude of its ground", () => {
    const none = { altitudeMonotonic: 300, altitudeAmsl: 300, altitudeRelative: 8.8 };
    const px4 = flight({}, heartbeat(PX4_HEARTBEAT));
    const clearance = { ...none, altitudeLocal: 8.7, altitudeTerrain: 0.4, bottomClearance: 8.25 };
    levelFlight(px4.send, message(common.Altitude, clearance));
    const agl = px4.model.poseAt(px4.at(2000))?.agl;
    assert.deepEqual([agl?.source, agl?.agl_m], ["terrain", 8.25]);
    const ground = flight({}, heartbeat(PX4_HEARTBEAT));
    levelFlight(ground.send, message(common.Altitude, { ...clearance, bottomClearance: Number.NaN }));
    assert.ok(Math.abs((ground.model.poseAt(ground.at(2000))?.agl?.agl_m ?? 0) - 8.3) < 1e-5);
    const nothing = { ...clearance, altitudeTerrain: Number.NaN, bottomClearance: Number.NaN };
    const blind = flight({}, heartbeat(PX4_HEARTBEAT));
    levelFlight(blind.send, message(common.Altitude, nothing));
    assert.equal(blind.model.poseAt(blind.at(2000))?.agl, null);
  });

  it("counts LOCAL_POSITION_NED from home where GLOBAL_POSITION_INT is not sent", () => {
    const { model, at, send } = flight();
    const place = { latitude: 490000000, longitude: 160000000 };
    send(900, message(common.GpsGlobalOrigin, { ...place, altitude: 300_000 }));
    send(900, message(common.HomePosition, { ...place, altitude: 310_000, q: [1, 0, 0, 0] }));
    levelFlight(send);
    send(2000, message(common.LocalPositionNed, { timeBootMs: 2000, z: -50 }));
    const agl = model.poseAt(at(2000))?.agl;
    assert.deepEqual([agl?.source, agl?.agl_m], ["relative", 40]);
  });

  it("carries a height on with the climb, and trusts it less", () => {
    const { model, at, send } = flight();
    levelFlight(send);
    send(2000, globalPosition({ timeBootMs: 2000, vz: -200 }));
    send(2100, attitude(2100, {}));
    const [now, later] = [model.poseAt(at(2000))?.agl, model.poseAt(at(2150))?.agl];
    assert.ok(Math.abs((later?.agl_m ?? 0) - 40.3) < 1e-6);
    assert.ok((later?.sigma_m ?? 0) > (now?.sigma_m ?? 0));
  });
});
