import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { common } from "node-mavlink";
import { GlobalPositionSensor } from "../../../agent/mavlink/messages/global-position-sensor.js";
import { PRESETS, PX4_WITHOUT_GPS } from "../../../sim/autopilot/parameters/presets.js";
import { Twin } from "../../../sim/autopilot/twin.js";
import { Companion } from "../../twin/companion.js";
import { at, flightOf, PX4_SQUARE } from "../../twin/flying.js";
import type { StandInOptions } from "../../twin/stand-in.js";

const PARAMETERS = { ...PRESETS["px4-global"], ...PX4_WITHOUT_GPS };
const GLOBAL: StandInOptions = {
  message: "global_position_sensor",
  rate_hz: 2,
  sigma_m: 2,
  stated_m: 5,
  extrapolate: true,
};

/** On the ground, booted. */
function standing(parameters: Readonly<Record<string, number>> = PARAMETERS): Companion {
  const companion = new Companion(new Twin({ kind: "px4-copter", lostRequests: 0, parameters }));
  companion.run(2.5);
  return companion;
}

function sensor(companion: Companion, fields: Partial<GlobalPositionSensor> = {}): GlobalPositionSensor {
  const { lat_deg, lon_deg } = companion.twin.vehicle.trueLatLon;
  const place = { lat: Math.round(lat_deg * 1e7), lon: Math.round(lon_deg * 1e7) };
  return Object.assign(new GlobalPositionSensor(), { ...place, eph: 5, id: 1, source: 2, ...fields });
}

/** Sends it at 2 Hz for so many seconds. */
function feed(companion: Companion, seconds: number, fields: Partial<GlobalPositionSensor> = {}): void {
  companion.run(seconds, () => {
    if (companion.twin.t_us % 500_000 === 0) companion.send(sensor(companion, fields));
  });
}

describe("GLOBAL_POSITION_SENSOR", () => {
  it("is taken with the first message, and the position is lost 5 s after the last", () => {
    const made = flightOf(
      "px4-copter",
      { parameters: PARAMETERS, mission: PX4_SQUARE },
      GLOBAL,
      at(60, ({ feed: f }) => f !== null && Object.assign(f, { on: false })),
    );
    made.fly(70);
    const flags = made.twin.log.states().map((state) => state.flags);
    assert.deepEqual([...new Set(flags)], [128, 1023, 895, 101]);
    const lost = made.twin.log.events("position_ok").find(({ ok }) => !ok)?.t_s ?? 0;
    assert.ok(lost > 64.5 && lost < 65.6, `lost at ${lost}`);
    assert.equal(made.twin.vehicle.ekf.flags, 101);
    assert.equal(made.twin.vehicle.commander.modeName, "ALTCTL");
  });

  it("is fused whatever its flags and times say", () => {
    const companion = standing();
    feed(companion, 3, { flags: 1, timeUsec: 12345n, processingTime: 4_000_000 });
    assert.equal(companion.twin.vehicle.ekf.positionOk, true);
  });

  it("is bound to the first id of a link, and a new slot needs a reboot", () => {
    const other = standing();
    feed(other, 2, { id: 7 });
    feed(other, 3, { id: 1 });
    assert.equal(other.twin.vehicle.ekf.positionOk, false, "the first id was not that of the slot");
    assert.equal(other.command(246), 0);
    feed(other, 3, { id: 1 });
    assert.equal(other.twin.vehicle.ekf.positionOk, true);

    const late = standing({ ...PARAMETERS, EKF2_AGP0_ID: 0 });
    late.setParameter("EKF2_AGP0_ID", 1);
    feed(late, 3);
    assert.equal(late.twin.vehicle.ekf.positionOk, false);
    late.command(246);
    feed(late, 3);
    assert.equal(late.twin.vehicle.ekf.positionOk, true);
  });

  it("a steady offset of 300 m is adopted after about 7 s, INT32_MAX too", () => {
    for (const wrong of [{ lat: 490_027_000 }, { lat: 0x7fffffff }]) {
      const companion = standing();
      feed(companion, 10);
      const began_s = companion.twin.t_us / 1e6;
      feed(companion, 6, wrong);
      assert.ok((companion.twin.log.states().at(-1)?.error_m ?? 1e9) < 20, "refused for 6 s");
      feed(companion, 4, wrong);
      const [reset] = companion.twin.log.unplannedResets();
      assert.ok(reset !== undefined && reset.t_s - began_s > 6 && reset.t_s - began_s < 8.5);
      assert.ok(reset.jump_m > 250);
    }
  });

  it("NaN in eph makes the position invalid later", () => {
    const companion = standing();
    feed(companion, 5);
    feed(companion, 0.6, { eph: Number.NaN });
    assert.equal(companion.twin.vehicle.ekf.positionOk, true);
    feed(companion, 3, { eph: Number.NaN });
    assert.equal(companion.twin.vehicle.ekf.positionOk, false);
  });

  it("two fixes 80 m off cause no change of mode", () => {
    const steps = [
      at(70, ({ feed: f }) => f !== null && Object.assign(f.offset, { north_m: 80 })),
      at(71, ({ feed: f }) => f !== null && Object.assign(f.offset, { north_m: 0 })),
    ];
    const made = flightOf("px4-copter", { parameters: PARAMETERS, mission: PX4_SQUARE }, GLOBAL, (flight) => {
      for (const step of steps) step(flight);
    }).fly(85);
    assert.equal(made.twin.log.failsafes().length, 0);
    assert.ok(made.twin.log.horizontalError({ from_s: 60 }).max_m < 10);
  });

  it("errors that are stated too small lose a good feed in turns, and it comes back by itself (recorded)", () => {
    const options = { parameters: PARAMETERS, mission: PX4_SQUARE, compassOffset_deg: 15 };
    const log = (stated_m: number) => flightOf("px4-copter", options, { ...GLOBAL, stated_m }).fly(160).twin.log;
    const small = log(2);
    assert.ok(small.failsafes().length > 0);
    assert.ok(small.events("mode").some(({ reason, mode }) => reason === "recovered" && mode === "OFFBOARD"));
    assert.equal(log(5).failsafes().length, 0);
  });
});

describe("COM_POS_FS_EPH", () => {
  it("at its default of 5 m a coarse feed does not count as a position at first", () => {
    const strict = standing({ ...PARAMETERS, COM_POS_FS_EPH: 5 });
    feed(strict, 1, { eph: 8 });
    assert.equal(strict.twin.vehicle.ekf.positionOk, false);
  });
});

describe("43003", () => {
  it("only as COMMAND_INT in frame 5", () => {
    const companion = standing();
    feed(companion, 3);
    const place = { _param3: 5, _param5: 490_000_000, _param6: 160_000_000, _param7: Number.NaN };
    const inFrame = (frame: number) =>
      companion.commandInt(43003, { ...place, frame: frame as common.CommandInt["frame"] });
    assert.equal(inFrame(0), 9);
    assert.equal(inFrame(5), 0);
    assert.equal(companion.command(43003), 3);
  });
});

describe("the origin", () => {
  it("is told when it is set, and not on request", () => {
    const companion = standing();
    companion.send(
      Object.assign(new common.SetGpsGlobalOrigin(), { latitude: 490000000, longitude: 160000000, altitude: 300000 }),
    );
    companion.run(0.1);
    assert.equal(companion.all(common.GpsGlobalOrigin).length, 1);
    assert.equal(companion.command(512, 49), 2);
  });
});
