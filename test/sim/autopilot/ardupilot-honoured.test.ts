import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { common } from "node-mavlink";
import { PRESETS } from "../../../sim/autopilot/parameters/presets.js";
import { Twin } from "../../../sim/autopilot/twin.js";
import { Companion } from "../../twin/companion.js";
import { at, COPTER_SQUARE, type Flight, flightOf, PLANE_SQUARE } from "../../twin/flying.js";
import type { StandInOptions } from "../../twin/stand-in.js";

// Behaviour that was measured or recorded, one thing a test.

const VISION: StandInOptions = {
  message: "vision_position_estimate",
  rate_hz: 5,
  sigma_m: 1.5,
  stated_m: 1.5,
  latency_s: 0.25,
};
const AIR = { start: "air", parameters: PRESETS["ardupilot-vision-set-2"], mission: COPTER_SQUARE } as const;

/** In flight on vision, GPS jammed, from 5 s on. */
function onVision(each: (flight: Flight) => void = () => undefined, feed: StandInOptions = VISION): Flight {
  const choose = at(4, ({ companion }) => companion.command(42007, 2));
  return flightOf("ardupilot-copter", { ...AIR, jamAt_s: 3 }, feed, (made) => {
    choose(made);
    each(made);
  });
}

/** On the ground, booted. */
function standing(parameters: Readonly<Record<string, number>>): Companion {
  const companion = new Companion(new Twin({ kind: "ardupilot-copter", lostRequests: 0, parameters }));
  companion.run(3);
  return companion;
}

function vision(x: number, y: number, usec: number): common.VisionPositionEstimate {
  return Object.assign(new common.VisionPositionEstimate(), {
    usec: BigInt(usec),
    x,
    y,
    covariance: new Array(21).fill(0),
  });
}

describe("steps in what vision says", () => {
  // With VISO_POS_M_NSE 5 the gate lies at 37 m: see the recorded test ratio below.
  it("a step of 30 m is refused, and believed after about 7.5 s: a steady wrong fix wins", () => {
    const step = at(20, ({ feed }) => feed !== null && Object.assign(feed.offset, { north_m: 30 }));
    const made = onVision((flight) => {
      flight.twin.vehicle.parameters.set("VISO_POS_M_NSE", 2);
      step(flight);
    }).fly(40);
    const error = (t_s: number) => made.twin.log.horizontalError({ from_s: t_s - 1, to_s: t_s }).max_m;
    assert.ok(error(26) < 5, `still right after 6 s: ${error(26)}`);
    const [reset] = made.twin.log.unplannedResets();
    assert.ok(reset !== undefined && reset.t_s > 27 && reset.t_s < 28.3, `reset at ${reset?.t_s}`);
    assert.ok(error(32) > 25);
  });

  it("a change of reset_counter in the message that jumps is an immediate reset", () => {
    const made = onVision(
      at(20, ({ feed }) => {
        if (feed === null) return;
        feed.offset.north_m = 30;
        feed.resetCounter++;
      }),
    ).fly(25);
    const [reset] = made.twin.log.resets({ from_s: 10 });
    assert.equal(reset?.cause, "reset_counter");
    assert.ok(reset.t_s < 20.8 && reset.jump_m > 20);
    assert.equal(made.twin.log.unplannedResets().length, 0);
  });

  it("one outlier of 80 m and a burst of 2 s are refused without harm", () => {
    const north = (north_m: number) => (made: Flight) => {
      if (made.feed !== null) made.feed.offset.north_m = north_m;
    };
    const steps = [at(15, north(80)), at(15.2, north(0)), at(20, north(80)), at(22, north(0))];
    const made = onVision((flight) => {
      for (const step of steps) step(flight);
    }).fly(30);
    assert.equal(made.twin.log.resets({ from_s: 10 }).length, 0);
    // EKF_STATUS_REPORT.pos_horiz_variance says 2.04 to 2.15 during the recorded outliers of 80 m.
    const worst = Math.sqrt(Math.max(...made.twin.log.states({ from_s: 14 }).map(({ ratio }) => ratio)));
    assert.ok(worst > 1.9 && worst < 2.3, `test ratio ${worst}`);
    assert.ok(made.twin.log.horizontalError({ from_s: 10 }).max_m < 5);
    assert.equal(made.twin.log.failsafes().length, 0);
  });

  it("the feed stops: position lost at 7 s (flags 101), LAND 0.8 s later, constant position at 15 s (231)", () => {
    const made = onVision(at(30, ({ feed }) => feed !== null && Object.assign(feed, { on: false }))).fly(48);
    const first = (flags: number) =>
      made.twin.log.states({ from_s: 30 }).find((state) => state.flags === flags)?.t_s ?? 0;
    assert.ok(Math.abs(first(101) - 37) < 0.5, `lost at ${first(101)}`);
    assert.ok(Math.abs((made.twin.log.failsafes()[0]?.t_s ?? 0) - 37.8) < 0.5);
    assert.ok(Math.abs(first(231) - 45) < 0.5, `constant at ${first(231)}`);
  });
});

describe("what is heard", () => {
  const parameters = { ...PRESETS["ardupilot-vision-only"], VISO_POS_M_NSE: 1 };
  const heard = (companion: Companion, ids: { sysid?: number; compid?: number }) => {
    companion.run(
      4,
      () => companion.twin.t_us % 100_000 === 0 && companion.send(vision(3, 4, companion.twin.t_us), ids),
    );
    return companion.twin.vehicle.ekf.positionOk;
  };

  it("any sender but 1/1", () => {
    assert.equal(heard(standing(parameters), { sysid: 1, compid: 1 }), false);
    assert.equal(heard(standing(parameters), { sysid: 42, compid: 7 }), true);
    assert.equal(heard(standing(parameters), { sysid: 1, compid: 197 }), true);
  });

  it("with MAV_OPTIONS 1 only its own system and the ground station", () => {
    const strict = { ...parameters, MAV_OPTIONS: 1 };
    assert.equal(heard(standing(strict), { sysid: 42, compid: 197 }), false);
    assert.equal(heard(standing(strict), { sysid: 1, compid: 197 }), true);
    assert.equal(heard(standing(strict), { sysid: 255, compid: 190 }), true);
  });

  it("nothing while VISO_TYPE is 0", () => {
    assert.equal(heard(standing({ ...parameters, VISO_TYPE: 0 }), {}), false);
  });

  it("local positions without an origin: a good flag, and GLOBAL_POSITION_INT at 0/0", () => {
    const companion = standing(parameters);
    companion.command(511, 33, 100_000);
    assert.equal(heard(companion, {}), true);
    const last = companion.all(common.GlobalPositionInt).at(-1);
    assert.deepEqual([last?.lat, last?.lon], [0, 0]);
    companion.send(
      Object.assign(new common.SetGpsGlobalOrigin(), { latitude: 490000000, longitude: 160000000, altitude: 300000 }),
    );
    companion.run(0.3);
    assert.ok(companion.all(common.GpsGlobalOrigin).length > 0, "the origin is told");
    assert.notEqual(companion.all(common.GlobalPositionInt).at(-1)?.lat, 0);
  });

  it("no second origin", () => {
    const companion = standing({});
    const before = companion.twin.vehicle.ekf.origin;
    companion.send(
      Object.assign(new common.SetGpsGlobalOrigin(), { latitude: 100000000, longitude: 100000000, altitude: 0 }),
    );
    companion.run(0.1);
    assert.deepEqual(companion.twin.vehicle.ekf.origin, before);
  });
});

describe("VisOdom", () => {
  it("times out after 300 ms: at 2 Hz some tries to arm fail, at 5 Hz none does", () => {
    const tries = (send_hz: number) => {
      const made = flightOf(
        "ardupilot-copter",
        { parameters: PRESETS["ardupilot-vision-set-2"] },
        { ...VISION, send_hz },
      );
      const results: (number | null)[] = [];
      for (let k = 0; k < 40; k++) {
        made.fly(8 + k * 0.37);
        results.push(made.companion.command(400, 1));
        made.companion.command(400, 0);
      }
      return results.filter((result) => result !== 0).length;
    };
    const failed = tries(2);
    assert.ok(failed > 8 && failed < 25, `${failed} of 40 failed`);
    assert.equal(tries(5), 0);
  });
});

describe("source sets (42007)", () => {
  it("1 to 3 are accepted, 0 and 4 denied; an unconfigured one stops aiding", () => {
    const companion = standing({});
    const flags = () => companion.twin.vehicle.ekf.flags;
    assert.equal(flags(), 831);
    assert.deepEqual(
      [0, 1, 2, 3, 4, 9].map((set) => companion.command(42007, set)),
      [2, 0, 0, 0, 2, 2],
    );
    companion.run(0.3);
    assert.equal(flags(), 167);
    companion.command(42007, 1);
    companion.run(1);
    assert.equal(flags(), 831);
  });
});

describe("boot as recorded", () => {
  it("flags 1024, 0, 167, 831 at the recorded times; gyros keep it from arming for 24 s", () => {
    const companion = new Companion(new Twin({ kind: "ardupilot-copter", boot: "recorded", lostRequests: 0 }));
    companion.run(20);
    assert.equal(companion.command(400, 1), 4);
    companion.run(25);
    const seen: number[] = [];
    for (const { flags } of companion.twin.log.states()) if (flags !== seen.at(-1)) seen.push(flags);
    assert.deepEqual(seen, [1024, 0, 167, 831]);
    assert.equal(companion.command(400, 1), 0);
  });
});

describe("MAV_CMD_EXTERNAL_POSITION_ESTIMATE on a plane", () => {
  const fix = (made: Flight, changes: Partial<common.CommandInt> = {}, north_m = 0) => {
    const { lat_deg, lon_deg } = made.twin.vehicle.trueLatLon;
    return made.companion.commandInt(43003, {
      frame: 0 as common.CommandInt["frame"],
      _param1: made.twin.t_us / 1e6,
      _param3: 5,
      _param5: Math.round(lat_deg * 1e7 + (north_m / 111_229) * 1e7),
      _param6: Math.round(lon_deg * 1e7),
      _param7: Number.NaN,
      ...changes,
    });
  };
  const frame = (value: number) => ({ frame: value as common.CommandInt["frame"] });

  it("fails while GPS is healthy, is accepted between 1.0 and 1.5 s after its loss, and has no gate", () => {
    const made = flightOf("ardupilot-plane", { start: "air", mission: PLANE_SQUARE, jamAt_s: 20 }, null);
    made.fly(19);
    assert.equal(fix(made), 4);
    made.fly(21);
    assert.equal(fix(made), 4);
    made.fly(21.5);
    assert.equal(fix(made), 0);
    assert.equal(fix(made, frame(5)), 0);
    assert.equal(fix(made, frame(3)), 2);
    assert.equal(fix(made, frame(6)), 2);
    assert.equal(fix(made, { _param7: 0 }), 2);
    assert.equal(made.companion.command(43003), 3);
    assert.equal(fix(made, { _param3: Number.NaN }), 0);
    assert.equal(fix(made, {}, 100), 0);
    made.fly(22);
    const wrong = made.twin.log.states().at(-1)?.error_m ?? 0;
    assert.ok(Math.abs(wrong - 100) < 8, `taken at once: ${wrong}`);
    assert.equal(fix(made), 0);
    made.fly(36);
    const drifted = made.twin.log.states().at(-1)?.error_m ?? 0;
    assert.ok(drifted < 20, `dead reckoning on air speed: ${drifted} m after 14 s`);
    assert.equal(made.twin.vehicle.ekf.flags, 303);
    made.twin.vehicle.jam(false);
    made.fly(41);
    assert.equal(fix(made), 4);
    assert.equal(made.twin.vehicle.ekf.flags, 831);
  });
});

describe("a steady clock matters, the absolute one does not", () => {
  it("a clock that is 11 days ahead changes nothing", () => {
    const here = onVision().fly(40).twin.log.horizontalError({ from_s: 10 });
    const ahead = onVision(undefined, { ...VISION, clockAhead_us: 1e12 })
      .fly(40)
      .twin.log.horizontalError({ from_s: 10 });
    assert.ok(Math.abs(here.rms_m - ahead.rms_m) < 0.05);
  });
});
