import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { common, minimal } from "node-mavlink";
import { classOf, encodeMessage } from "../../../agent/mavlink/codec.js";
import { frameFromBytes } from "../../../agent/mavlink/frame.js";
import { MavlinkFramer } from "../../../agent/mavlink/framer.js";
import { ParamSetInt32, ParamValueInt32 } from "../../../agent/mavlink/messages/bytewise-params.js";
import { ParamError } from "../../../agent/mavlink/messages/param-error.js";
import { messageTable } from "../../../agent/mavlink/messages/registry.js";
import { TWIN_KINDS, type TwinKind } from "../../../sim/autopilot/kinds.js";
import { MAKERS } from "../../../sim/autopilot/protocol/telemetry.js";
import { Twin } from "../../../sim/autopilot/twin.js";
import { lonLatToOffset } from "../../../tiles/geodesy/wgs84.js";
import { Companion } from "../../twin/companion.js";
import { COPTER_SQUARE, flightOf } from "../../twin/flying.js";

function booted(kind: TwinKind, lostRequests = 0): Companion {
  const companion = new Companion(new Twin({ kind, lostRequests }));
  companion.run(3);
  return companion;
}

describe("parameters", () => {
  it("ArduPilot: numbers as floats; no answer for what it does not have", () => {
    const companion = booted("ardupilot-copter");
    companion.send(
      Object.assign(new common.ParamSet(), {
        targetSystem: 1,
        paramId: "VISO_TYPE",
        paramValue: 1,
        paramType: common.MavParamType.UINT8,
      }),
    );
    companion.listen();
    assert.equal(companion.all(common.ParamValue).at(-1)?.paramValue, 1);
    const before = companion.heard.length;
    companion.send(Object.assign(new common.ParamRequestRead(), { paramId: "EK3_SRC9_POSXY", paramIndex: -1 }));
    companion.listen();
    assert.equal(companion.heard.length, before);
  });

  it("PX4: the bytes of integers; PARAM_ERROR for what it does not have", () => {
    const companion = booted("px4-copter");
    companion.send(Object.assign(new ParamSetInt32(), { targetSystem: 8, paramId: "EKF2_AGP0_ID", paramValue: 3 }));
    companion.send(Object.assign(new common.ParamRequestRead(), { paramId: "EKF2_AGP_CTRL", paramIndex: -1 }));
    companion.listen();
    assert.equal(companion.all(ParamValueInt32).at(-1)?.paramValue, 3);
    assert.equal(companion.twin.vehicle.parameters.value("EKF2_AGP0_ID"), 3);
    assert.equal(companion.all(ParamError).at(-1)?.paramId, "EKF2_AGP_CTRL");
  });

  it("the list has each once, with its index", () => {
    const companion = booted("ardupilot-plane");
    companion.send(new common.ParamRequestList());
    companion.run(2);
    const values = companion.all(common.ParamValue);
    assert.equal(values.length, companion.twin.vehicle.parameters.count);
    assert.deepEqual(
      values.map(({ paramIndex }) => paramIndex),
      values.map((_, k) => k),
    );
  });
});

describe("streams", () => {
  it("ArduPilot sends little before it is asked, then at the rate asked for", () => {
    const companion = booted("ardupilot-copter");
    assert.equal(companion.all(common.Attitude).length, 0);
    assert.equal(companion.command(511, 30, 50_000), 0);
    companion.run(2);
    const count = companion.all(common.Attitude).length;
    assert.ok(count >= 39 && count <= 42, `${count} in 2 s`);
    assert.equal(companion.command(511, 141, 50_000), 2);
    assert.equal(companion.all(common.StatusText).at(-1)?.text, "No ap_message for mavlink id (141)");
  });

  it("ArduPlane denies more than 40 a second, a copter does not", () => {
    const plane = booted("ardupilot-plane");
    assert.equal(plane.command(511, 30, 20_000), 2);
    assert.match(plane.all(common.StatusText).at(-1)?.text ?? "", /^Requested rate for message ID 30 too fast/);
    assert.equal(plane.command(511, 30, 25_000), 0);
    assert.equal(booted("ardupilot-copter").command(511, 30, 20_000), 0);
  });

  it("PX4 refuses what it cannot send with FAILED", () => {
    assert.equal(booted("px4-copter").command(511, 193, 50_000), 4);
  });

  it("loses some requests: they must be repeated", () => {
    const companion = booted("ardupilot-copter", 0.3);
    const results = Array.from({ length: 100 }, () => companion.command(511, 30, 50_000));
    const lost = results.filter((result) => result === null).length;
    assert.ok(lost > 15 && lost < 45, `${lost} of 100 lost`);
  });

  it("a HEARTBEAT a second, with the recorded types and modes", () => {
    for (const [kind, type, autopilot, baseMode] of [
      ["ardupilot-copter", 2, 3, 89],
      ["ardupilot-plane", 1, 3, 17],
      ["px4-copter", 2, 12, 29],
    ] as const) {
      const companion = booted(kind);
      companion.run(7);
      const beats = companion.all(minimal.Heartbeat);
      assert.ok(beats.length >= 10 && beats.length <= 11);
      const [beat] = beats;
      assert.deepEqual([beat?.type, beat?.autopilot, beat?.baseMode], [type, autopilot, baseMode]);
    }
  });
});

describe("everything that a twin can say", () => {
  it("can be encoded, and reads back the same", () => {
    for (const kind of TWIN_KINDS) {
      const { companion, twin } = flightOf(
        kind,
        { start: "air", mission: { ...COPTER_SQUARE, speed_mps: 15 } },
        null,
      ).fly(3);
      companion.send(new common.ParamRequestList());
      for (const msgid of MAKERS[twin.vehicle.traits.firmware].keys()) companion.command(512, msgid);
      companion.run(2);
      const classes = new Set(companion.heard.map(({ message }) => message.constructor));
      assert.ok(classes.size > 10);
      for (const { message } of companion.heard) {
        const frame = frameFromBytes(encodeMessage(message, { sysid: 1, compid: 1, seq: 0 }));
        assert.equal(new MavlinkFramer(messageTable([classOf(message)])).push(frame.bytes).length, 1);
      }
    }
  });
});

describe("TIMESYNC", () => {
  it("is answered with the time since boot, the request echoed", () => {
    const companion = booted("ardupilot-copter");
    companion.send(Object.assign(new common.TimeSync(), { tc1: 0n, ts1: 987654321n }));
    companion.listen();
    const answer = companion.all(common.TimeSync).at(-1);
    assert.deepEqual([answer?.tc1, answer?.ts1], [BigInt(companion.twin.t_us) * 1000n, 987654321n]);
  });

  it("PX4 asks ten times a second and converges after 500 answers", () => {
    const companion = booted("px4-copter");
    companion.timesyncAhead_us = 5_000_000;
    companion.run(45);
    assert.equal(companion.channel.timesyncConverged, false);
    companion.run(10);
    assert.equal(companion.channel.timesyncConverged, true);
  });
});

describe("truth and estimate on the wire", () => {
  it("SIM_STATE: exact integers, floats with degrees x 1e7; GLOBAL_POSITION_INT where the EKF is", () => {
    const { companion, twin } = flightOf("ardupilot-copter", { mission: COPTER_SQUARE }, null).fly(60);
    companion.command(512, 108);
    companion.command(512, 33);
    const sim = companion.all(common.SimState).at(-1);
    const global = companion.all(common.GlobalPositionInt).at(-1);
    assert.ok(sim !== undefined && global !== undefined);
    const truth = { lat_deg: sim.latInt / 1e7, lon_deg: sim.lonInt / 1e7 };
    const off = lonLatToOffset(twin.vehicle.trueLatLon, truth);
    assert.ok(Math.hypot(off.north_m, off.east_m) < 0.02);
    assert.ok(Math.abs(sim.lat - sim.latInt) <= 32);
    const error = lonLatToOffset(truth, { lat_deg: global.lat / 1e7, lon_deg: global.lon / 1e7 });
    assert.ok(Math.hypot(error.north_m, error.east_m) < 4);
  });

  it("a wrong position makes it fly wrong: it believes to be on its route and is 100 m beside it", () => {
    const made = flightOf(
      "ardupilot-plane",
      {
        start: "air",
        mission: {
          ...COPTER_SQUARE,
          speed_mps: 22,
          height_m: 100,
          points: [
            { north_m: 0, east_m: 0 },
            { north_m: 3000, east_m: 0 },
          ],
        },
        jamAt_s: 5,
      },
      { message: "external_position", rate_hz: 1, sigma_m: 0 },
    );
    if (made.feed !== null) made.feed.offset.east_m = 100;
    made.fly(60);
    const { east_m } = made.twin.vehicle.truth;
    assert.ok(Math.abs(east_m + 100) < 15, `${east_m} m east of its line`);
  });
});
