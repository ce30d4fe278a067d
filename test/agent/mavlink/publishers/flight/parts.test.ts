import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { common } from "node-mavlink";
import { crcWithExtra } from "../../../../../agent/mavlink/crc.js";
import { EstimatorSensorFusionStatus } from "../../../../../agent/mavlink/messages/estimator-sensor-fusion-status.js";
import { GlobalPositionSensor } from "../../../../../agent/mavlink/messages/global-position-sensor.js";
import { ParamError } from "../../../../../agent/mavlink/messages/param-error.js";
import { FeedChooser, parseFeedChoice } from "../../../../../agent/mavlink/publishers/flight/choose.js";
import { FixStreak } from "../../../../../agent/mavlink/publishers/flight/fix-streak.js";
import { GpsHealth } from "../../../../../agent/mavlink/publishers/flight/gps-health.js";
import { OperatorNotes } from "../../../../../agent/mavlink/publishers/flight/operator-notes.js";
import { Pace } from "../../../../../agent/mavlink/publishers/flight/pace.js";
import { ParameterReader } from "../../../../../agent/mavlink/publishers/flight/parameter-reader.js";
import { UserError } from "../../../../../tiles/errors.js";
import { COPTER, gpsFrame, PLANE, POSITION, PX4, parametersOf, paramFrame, vehicleStatus } from "./helpers.js";

/** The CRC_EXTRA of the MAVLink specification: over name, then type and name of each field in wire order. */
function crcExtra(name: string, fields: readonly { type: string; source: string; length: number }[]): number {
  const text = `${name} ${fields
    .map(({ type, source, length }) => {
      const array = type.endsWith("[]");
      return `${array ? type.slice(0, -2) : type} ${source} ${array ? String.fromCharCode(length) : ""}`;
    })
    .join("")}`;
  let crc = 0xffff;
  for (const byte of Buffer.from(text, "latin1")) crc = crcWithExtra(crc, byte);
  return (crc & 0xff) ^ (crc >> 8);
}

test("CRC_EXTRA of our own messages follows from their fields", () => {
  for (const { MSG_NAME, FIELDS, MAGIC_NUMBER } of [GlobalPositionSensor, EstimatorSensorFusionStatus, ParamError]) {
    assert.equal(crcExtra(MSG_NAME, FIELDS), MAGIC_NUMBER, MSG_NAME);
  }
});

describe("choice", () => {
  const choose = (vehicle: typeof COPTER | null, reader = new ParameterReader(), set: number | null = 2) =>
    new FeedChooser("auto", reader, set).choose({ vehicle });
  const SET_2 = { VISO_TYPE: 1, EK3_SRC2_POSXY: 6, EK3_SRC2_VELXY: 0, EK3_SRC2_POSZ: 1, EK3_SRC2_YAW: 1 };

  test("PX4 is probed: with EKF2_AGP0_CTRL GLOBAL_POSITION_SENSOR, without ODOMETRY, silent link: waits", () => {
    assert.equal(choose(PX4, parametersOf(PX4, { EKF2_AGP0_CTRL: 0 })).feed, "global_position_sensor");
    const reader = new ParameterReader();
    assert.equal(choose(PX4, reader).feed, null);
    for (let t_us = 0; t_us < 20e6; t_us += 20_000) reader.tick(t_us, PX4);
    assert.equal(reader.state("EKF2_AGP0_CTRL"), "unanswered");
    assert.equal(choose(PX4, reader).feed, null, "nothing is answered at all");
    reader.receive(paramFrame("EKF2_EV_DELAY", 0, PX4));
    assert.equal(choose(PX4, reader).feed, "odometry");
  });

  test("ArduPilot: copters VPE, planes 43003 unless a source set takes vision", () => {
    assert.equal(choose(COPTER).feed, "vision_position_estimate");
    assert.equal(choose(PLANE, parametersOf(PLANE, SET_2)).feed, "vision_position_estimate");
    assert.equal(choose({ ...PLANE, type: 22 }, parametersOf(PLANE, SET_2), null).feed, "external_position_estimate");
    for (const [name, value] of [
      ["EK3_SRC2_POSXY", 3],
      ["EK3_SRC2_POSXY", 0],
      ["VISO_TYPE", 0],
      ["EK3_SRC2_POSZ", 6],
      ["EK3_SRC2_YAW", 6],
      ["EK3_SRC2_VELXY", 3],
    ] as const) {
      const choice = choose(PLANE, parametersOf(PLANE, { ...SET_2, [name]: value }));
      assert.equal(choice.feed, "external_position_estimate", name);
      assert.match(choice.why, new RegExp(`${name} is ${value}, set`));
    }
    assert.equal(choose(PLANE).feed, null);
  });

  test("another autopilot, or none yet", () => {
    const other = choose({ ...COPTER, autopilot: 4 });
    assert.ok(other.feed === null && other.hopeless);
    const none = choose(null);
    assert.ok(none.feed === null && !none.hopeless);
  });

  test("GPS_INPUT only by name; a wrong name is answered with the nearest", () => {
    assert.equal(
      new FeedChooser("gps_input", new ParameterReader(), null).choose({ vehicle: COPTER }).feed,
      "gps_input",
    );
    assert.throws(
      () => parseFeedChoice("vision_positon_estimate"),
      (thrown) =>
        thrown instanceof UserError && /did you mean "vision_position_estimate"\?.*valid: auto, /.test(thrown.message),
    );
  });
});

test("parameters are asked for one at a time, again until answered, and anew for another vehicle", () => {
  const reader = new ParameterReader();
  reader.want(["A", "B"]);
  const asked = (vehicle: typeof PX4, from_us: number, to_us: number) => {
    const names: string[] = [];
    for (let t_us = from_us; t_us < to_us; t_us += 20_000) {
      for (const message of reader.tick(t_us, vehicle)) {
        assert.ok(message instanceof common.ParamRequestRead);
        assert.deepEqual([message.targetSystem, message.paramIndex], [vehicle.sysid, -1]);
        names.push(message.paramId);
      }
    }
    return names;
  };
  assert.deepEqual(asked(PX4, 0, 1_000_000), ["A", "B", "A", "B"]);
  reader.receive(paramFrame("A", 5, PX4));
  reader.receive(paramFrame("C", 5, PX4));
  reader.receive(paramFrame("B", 5, { ...PX4, sysid: 9 }));
  assert.deepEqual(asked(PX4, 1_000_000, 1_900_000), ["B", "B"]);
  assert.deepEqual([reader.value("A"), reader.value("B"), reader.state("B")], [5, null, "pending"]);
  reader.receive(paramFrame("A", 7, PX4));
  assert.equal(reader.value("A"), 7, "a value that somebody else set");
  assert.deepEqual(asked(COPTER, 2_000_000, 2_100_000), ["A", "B"]);
  assert.equal(reader.value("A"), null);
});

describe("GPS health", () => {
  const judged = (fixTypes: readonly (number | null)[], change = {}, vehicle = COPTER) => {
    const gps = new GpsHealth();
    let t_us = 0;
    for (const fixType of fixTypes) {
      for (let i = 0; i < 10; i++, t_us += 100_000) {
        if (i === 0 && fixType !== null) gps.receive(gpsFrame(vehicle, fixType), t_us);
        gps.update(t_us, vehicleStatus(vehicle, change));
      }
    }
    return gps;
  };

  test("a 3D fix is healthy, none is lost", () => {
    assert.equal(judged([3, 3, 3]).state, "healthy");
    assert.equal(judged([3, 3, 1]).state, "lost");
  });

  test("silence is a stream that is missing on ArduPilot, and a GPS that is missing on PX4", () => {
    const silence = [null, null, null, null, null, null];
    assert.equal(judged([6, 6, ...silence]).state, "unknown");
    assert.equal(judged([6, 6, ...silence], {}, PX4).state, "lost");
    assert.equal(judged([...silence, ...silence]).state, "unknown");
    assert.equal(judged(silence, {}, PX4).state, "unknown");
    assert.equal(judged([...silence, ...silence], {}, PX4).state, "lost");
    const gps = new GpsHealth();
    for (let t_us = 0; t_us < 2e6; t_us += 100_000) gps.update(t_us, vehicleStatus(COPTER), true);
    assert.equal(gps.state, "lost", "the parameters say that there is none");
  });

  test("a glitch that the EKF reports counts as lost; ArduPilot's bit is not PX4's", () => {
    assert.equal(judged([3, 3, 3], { ekf_flags: 32768 | 831 }).state, "lost");
    assert.equal(judged([3, 3, 3], { ekf_flags: 1024 }).state, "healthy");
  });

  test("one bad report among good ones changes nothing", () => {
    const gps = new GpsHealth();
    for (let t_us = 0; t_us < 20e6; t_us += 200_000) {
      gps.receive(gpsFrame(COPTER, t_us === 10e6 ? 1 : 3), t_us);
      gps.update(t_us, vehicleStatus(COPTER));
      if (t_us > 2e6) assert.equal(gps.state, "healthy");
    }
  });

  test("a GPS that is somewhere else is not agreed with", () => {
    const gps = judged([3, 3]);
    assert.equal(gps.agrees({ lat_deg: 49.001, lon_deg: 16.002, eph_m: 5 }), true);
    assert.equal(gps.agrees({ lat_deg: 49.003, lon_deg: 16.002, eph_m: 5 }), false);
    assert.equal(gps.agrees({ lat_deg: 49.003, lon_deg: 16.002, eph_m: 60 }), true);
    assert.equal(judged([1, 1]).agrees({ lat_deg: 49, lon_deg: 16, eph_m: 5 }), null);
  });
});

test("fixes that agree are counted from the beginning, a loss or a jump on", () => {
  const streak = new FixStreak();
  const at = (fix_count: number, reset_counter = 0) => streak.update({ ...POSITION, fix_count, reset_counter });
  assert.deepEqual([at(10), at(10), at(11), at(14)], [1, 1, 2, 5]);
  assert.deepEqual([at(15, 1), at(16, 1)], [1, 2]);
  assert.deepEqual([streak.update(null), at(17, 1)], [0, 1]);
  assert.equal(at(3, 1), 1);
});

test("a pace is never exceeded over any second, and kept on average", () => {
  const gaps = fc.array(fc.integer({ min: 1000, max: 60_000 }), { minLength: 50, maxLength: 300 });
  fc.assert(
    fc.property(gaps, fc.constantFrom(2, 5, 10), (steps_us, rate_hz) => {
      const pace = new Pace(rate_hz);
      let now_us = 5e6;
      const due: number[] = [];
      for (const step of steps_us) {
        if (pace.due(now_us)) due.push(now_us);
        now_us += step;
      }
      for (const from_us of due) {
        const inSecond = due.filter((t_us) => t_us >= from_us && t_us < from_us + 1e6).length;
        assert.ok(inSecond <= rate_hz + 1);
      }
      assert.ok(due.length >= Math.floor(((now_us - 5e6 - 60_000) / 1e6) * rate_hz * 0.7));
    }),
  );
});

test("notes: at once, in chunks, and the same subject again only after half a minute", () => {
  const notes = new OperatorNotes();
  notes.say("a", "warning", "x".repeat(60), 0);
  const chunks = notes.drain();
  assert.deepEqual(
    chunks.map(({ chunkSeq }) => chunkSeq),
    [0, 1],
  );
  assert.equal(chunks.map(({ text }) => text).join(""), `SkyLink: ${"x".repeat(60)}`);
  assert.deepEqual([chunks[0]?.severity, notes.drain().length], [4, 0]);
  notes.say("a", "warning", "other figures", 10e6);
  assert.equal(notes.drain().length, 0);
  notes.say("b", "info", "another subject", 10e6);
  notes.say("a", "warning", "again", 30e6);
  assert.equal(notes.drain().length, 2);
});
