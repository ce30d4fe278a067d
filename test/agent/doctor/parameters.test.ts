import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { z } from "zod";
import { checkParameters, ParamReadings, writeParameters } from "../../../agent/doctor/parameters.js";
import { accepted, type ParamSetup } from "../../../agent/doctor/rules.js";
import { COPTER_VISION_ALONE, visionBesideGps } from "../../../agent/doctor/rules-ardupilot.js";
import { PX4_GLOBAL_POSITION_SENSOR, PX4_ODOMETRY_DELAY } from "../../../agent/doctor/rules-px4.js";
import { SETUPS } from "../../../agent/doctor/setups.js";
import type { ParamAnswer } from "../../../agent/mavlink/param-client.js";
import { packageRoot } from "../../../models/runtime/paths.js";

/** Parameters in memory; `keeps` are those that do not change. */
class Memory {
  readonly values: Map<string, number>;
  readonly reads: string[] = [];

  constructor(
    values: Readonly<Record<string, number>>,
    readonly keeps: readonly string[] = [],
    readonly hidden: (name: string, values: ReadonlyMap<string, number>) => boolean = () => false,
  ) {
    this.values = new Map(Object.entries(values));
  }

  async read(name: string): Promise<ParamAnswer> {
    this.reads.push(name);
    const value = this.hidden(name, this.values) ? undefined : this.values.get(name);
    if (value === undefined) return { outcome: "missing", name, param: null, reason: `${name}: it does not exist` };
    return { outcome: "ok", name, param: { name, value, type: 9 }, reason: "" };
  }

  async set(name: string, value: number): Promise<ParamAnswer> {
    if (this.keeps.includes(name)) return { outcome: "refused", name, param: null, reason: `${name} stays` };
    this.values.set(name, Math.fround(value));
    return this.read(name);
  }
}

/** A vehicle that is set up as this setup wants. */
function perfect(setup: ParamSetup): Record<string, number> {
  return Object.fromEntries(setup.rules.map(({ names: [name], value }) => [name, value]));
}

const nothingTold = () => undefined;

describe("ArduPilot's arming check of vision", () => {
  const { ARMING_SKIPCHK: _new, ...others } = perfect(COPTER_VISION_ALONE);
  const checked = async (arming: Readonly<Record<string, number>>) => {
    const memory = new Memory({ ...others, ...arming });
    const { checks, fixes } = await checkParameters(COPTER_VISION_ALONE, new ParamReadings(memory));
    const found = checks.find(({ name }) => name.startsWith("ARMING"));
    return { name: found?.name, verdict: found?.verdict, detail: found?.detail ?? "", fixes };
  };

  it("is left out by a bit of the checks to skip, beside those that are skipped already", async () => {
    assert.equal((await checked({ ARMING_SKIPCHK: 262144 })).verdict, "ok");
    assert.equal((await checked({ ARMING_SKIPCHK: -1 })).verdict, "ok");
    const { verdict, detail, fixes } = await checked({ ARMING_SKIPCHK: 64 });
    assert.equal(verdict, "problem");
    assert.match(detail, /must have bit 18: set 262208; .*arms only while it hears vision/);
    assert.deepEqual(fixes, [{ name: "ARMING_SKIPCHK", from: 64, to: 262208, reboot: false }]);
  });

  it("is left out of the checks to make by firmware up to 4.6, where all become all but this one", async () => {
    assert.equal((await checked({ ARMING_CHECK: 1835006 })).verdict, "ok");
    const all = await checked({ ARMING_CHECK: 1 });
    assert.deepEqual([all.name, all.verdict], ["ARMING_CHECK", "problem"]);
    assert.match(all.detail, /^is 1, must not have bit 0 and bit 18: set 1835006; /);
    assert.deepEqual(all.fixes, [{ name: "ARMING_CHECK", from: 1, to: 1835006, reboot: false }]);
    assert.deepEqual((await checked({ ARMING_CHECK: 262144 + 72 })).fixes[0]?.to, 72);
  });

  it("that cannot be read is told under its newer name", async () => {
    const { name, verdict } = await checked({});
    assert.deepEqual([name, verdict], ["ARMING_SKIPCHK", "warning"]);
  });
});

describe("checkParameters", () => {
  for (const setup of SETUPS) {
    it(`${setup.id}: a vehicle set up like this has nothing wrong`, async () => {
      const { checks, fixes } = await checkParameters(setup, new ParamReadings(new Memory(perfect(setup))));
      assert.deepEqual(fixes, []);
      assert.ok(
        checks.every(({ verdict }) => verdict === "ok"),
        JSON.stringify(checks),
      );
      const unconditional = setup.rules.filter(({ when }) => when === undefined);
      assert.equal(checks.length, unconditional.length);
    });

    it(`${setup.id}: every wrong value is found, named with the value to set, and put right`, async () => {
      const rules = setup.rules.filter(({ when }) => when === undefined);
      for (const rule of rules) {
        const [name] = rule.names;
        const wrong = [-77, 0, 3, 1e5].find((value) => !accepted(rule, value));
        assert.ok(wrong !== undefined, name);
        const memory = new Memory({ ...perfect(setup), [name]: wrong });
        const { checks, fixes } = await checkParameters(setup, new ParamReadings(memory));
        const found = checks.filter(({ verdict }) => verdict !== "ok");
        assert.deepEqual(
          found.map((one) => [one.name, one.verdict]),
          [[name, rule.severity]],
        );
        assert.match(found[0]?.detail ?? "", /^is .* must .*: set /);
        assert.equal(/then reboot the autopilot/.test(found[0]?.detail ?? ""), rule.reboot);
        const { results, after } = await writeParameters(setup, fixes, memory, nothingTold);
        assert.deepEqual(
          results.map((one) => [one.name, one.ok, one.reboot]),
          [[name, true, rule.reboot]],
        );
        assert.ok(after.checks.every(({ verdict }) => verdict === "ok"));
      }
    });
  }

  it("knows the older names", async () => {
    const { GPS1_TYPE, ...values } = perfect(COPTER_VISION_ALONE);
    assert.equal(GPS1_TYPE, 0);
    const { checks, fixes } = await checkParameters(
      COPTER_VISION_ALONE,
      new ParamReadings(new Memory({ ...values, GPS_TYPE: 1 })),
    );
    assert.deepEqual(fixes, [{ name: "GPS_TYPE", from: 1, to: 0, reboot: true }]);
    assert.ok(checks.some(({ name, verdict }) => name === "GPS_TYPE" && verdict === "problem"));
  });

  it("says that a firmware is too old or was built without", async () => {
    const old = await checkParameters(
      PX4_GLOBAL_POSITION_SENSOR,
      new ParamReadings(new Memory({ EKF2_AGP_CTRL: 1, COM_POS_FS_EPH: 50, EKF2_DELAY_MAX: 200 })),
    );
    assert.match(old.checks.find(({ name }) => name === "EKF2_AGP0_ID")?.detail ?? "", /no receiver .*odometry/);
    assert.match(old.checks.find(({ name }) => name === "firmware")?.detail ?? "", /before 2026-02/);
    const small = await checkParameters(COPTER_VISION_ALONE, new ParamReadings(new Memory({ AHRS_EKF_TYPE: 3 })));
    assert.match(small.checks.find(({ name }) => name === "VISO_TYPE")?.detail ?? "", /built without/);
  });

  it("asks for arming without GPS only where there is no GPS", async () => {
    const values = { ...perfect(PX4_GLOBAL_POSITION_SENSOR), COM_ARM_WO_GPS: 0 };
    const check = async (hasGps: number) => {
      const memory = new Memory({ ...values, SYS_HAS_GPS: hasGps });
      return (await checkParameters(PX4_GLOBAL_POSITION_SENSOR, new ParamReadings(memory))).fixes;
    };
    assert.deepEqual(await check(1), []);
    assert.deepEqual(await check(0), [{ name: "COM_ARM_WO_GPS", from: 0, to: 1, reboot: false }]);
  });

  it("reads nothing twice", async () => {
    const memory = new Memory(perfect(PX4_GLOBAL_POSITION_SENSOR));
    const readings = new ParamReadings(memory);
    await checkParameters(PX4_GLOBAL_POSITION_SENSOR, readings);
    await checkParameters(PX4_GLOBAL_POSITION_SENSOR, readings);
    assert.equal(new Set(memory.reads).size, memory.reads.length);
  });
});

describe("parameters that real autopilots told", () => {
  const recorded = (name: "ardupilot-copter" | "px4-quad") => {
    const file = join(packageRoot(), "test", "fixtures", "mavlink", `${name}.idx.json`);
    const index = z
      .object({ param_values: z.array(z.object({ t_s: z.number(), param_id: z.string(), param_value: z.number() })) })
      .parse(JSON.parse(readFileSync(file, "utf8")));
    const told = (until_s: number) =>
      Object.fromEntries(
        index.param_values
          .filter(({ t_s }) => t_s <= until_s)
          .map(({ param_id, param_value }) => [param_id, param_value]),
      );
    return { first: told(6.7), last: told(1e9) };
  };
  const wrong = async (setup: ParamSetup, values: Readonly<Record<string, number>>) => {
    const { checks } = await checkParameters(setup, new ParamReadings(new Memory(values)));
    return checks.filter(({ verdict }) => verdict !== "ok").map(({ name, detail }) => [name, detail.split(";")[0]]);
  };

  it("ArduPilot copter that flew on vision after GPS: nothing is wrong in what it was asked for", async () => {
    // It heard a stand-in from the ground on, so nobody had looked at its arming checks.
    assert.deepEqual(await wrong(visionBesideGps("copter", 2, 1), recorded("ardupilot-copter").last), [
      ["ARMING_SKIPCHK", "could not be read: it does not exist"],
    ]);
  });

  it("PX4 that flew on GLOBAL_POSITION_SENSOR: the limit was wrong at first, and set before the flight", async () => {
    const { first, last } = recorded("px4-quad");
    // It was recorded before velocities went beside the positions, and the last one was not asked for then.
    const velocities = [
      ["EKF2_EV_CTRL", "is 1, must have bit 2 and must not have bit 1 and bit 3: set 5"],
      ["EKF2_EV_DELAY", "is 0, must be from 50 to 200: set 150, then reboot the autopilot"],
      ["EKF2_EV_NOISE_MD", "could not be read: it does not exist"],
    ];
    assert.deepEqual(await wrong(PX4_GLOBAL_POSITION_SENSOR, first), [
      ...velocities,
      ["COM_POS_FS_EPH", "is 5, must be at least 30 or -1: set 50"],
    ]);
    assert.deepEqual(await wrong(PX4_GLOBAL_POSITION_SENSOR, last), velocities);
  });

  it("the same PX4 was not set up for ODOMETRY at that horizon: it never took it", async () => {
    const { last } = recorded("px4-quad");
    const names = (await wrong(PX4_ODOMETRY_DELAY, last)).map(([name]) => name);
    assert.ok(names.includes("EKF2_EV_DELAY") && names.includes("EKF2_DELAY_MAX"));
  });
});

describe("writeParameters", () => {
  it("writes too what only comes to light by writing", async () => {
    const hidden = (name: string, values: ReadonlyMap<string, number>) =>
      name.startsWith("VISO_") && name !== "VISO_TYPE" && values.get("VISO_TYPE") === 0;
    const memory = new Memory(
      { ...perfect(COPTER_VISION_ALONE), VISO_TYPE: 0, VISO_DELAY_MS: 10, VISO_POS_M_NSE: 0.2 },
      [],
      hidden,
    );
    const { fixes } = await checkParameters(COPTER_VISION_ALONE, new ParamReadings(memory));
    assert.deepEqual(
      fixes.map(({ name }) => name),
      ["VISO_TYPE"],
    );
    const { results, after } = await writeParameters(COPTER_VISION_ALONE, fixes, memory, nothingTold);
    assert.deepEqual(
      results.map(({ name, to }) => [name, to]),
      [
        ["VISO_TYPE", 1],
        ["VISO_DELAY_MS", 250],
        ["VISO_POS_M_NSE", 5],
      ],
    );
    assert.ok(after.checks.every(({ verdict }) => verdict === "ok"));
  });

  it("tries a parameter that does not change once, and says so", async () => {
    const memory = new Memory({ ...perfect(COPTER_VISION_ALONE), VISO_POS_M_NSE: 0.2 }, ["VISO_POS_M_NSE"]);
    const { fixes } = await checkParameters(COPTER_VISION_ALONE, new ParamReadings(memory));
    const { results, after } = await writeParameters(COPTER_VISION_ALONE, fixes, memory, nothingTold);
    assert.deepEqual(
      results.map(({ ok, reason }) => [ok, reason]),
      [[false, "VISO_POS_M_NSE stays"]],
    );
    const left = after.checks.filter(({ verdict }) => verdict === "problem");
    assert.match(left[0]?.detail ?? "", /is 0.2, must be from 2 to 20: set 5; with/);
  });
});
