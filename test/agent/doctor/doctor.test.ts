import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { minimal } from "node-mavlink";
import type { Area, Check } from "../../../agent/doctor/checks.js";
import { type DoctorPlan, type DoctorReport, runDoctor } from "../../../agent/doctor/doctor.js";
import type { ParamFix } from "../../../agent/doctor/parameters.js";
import type { ParamSetup } from "../../../agent/doctor/rules.js";
import { COPTER_VISION_ALONE } from "../../../agent/doctor/rules-ardupilot.js";
import { PX4_GLOBAL_POSITION_SENSOR, PX4_ODOMETRY_TIMESYNC } from "../../../agent/doctor/rules-px4.js";
import { shippedModel } from "../../../models/runtime/paths.js";
import { FakeVehicle, type FakeVehicleOptions } from "./fake-vehicle.js";

const open: FakeVehicle[] = [];
after(async () => {
  await Promise.all(open.map((vehicle) => vehicle.close()));
});

/** A vehicle set up as a setup wants, but for `changes`. */
async function vehicleFor(
  setup: ParamSetup,
  changes: Record<string, number> = {},
  more: Partial<FakeVehicleOptions> = {},
) {
  const right = Object.fromEntries(setup.rules.map(({ names: [name], value }) => [name, value]));
  const always = setup.autopilot === "px4" ? { SYS_AUTOSTART: 4001, SYS_HAS_GPS: 1 } : { GPS1_TYPE: 1, MAV_OPTIONS: 0 };
  const vehicle = await FakeVehicle.open({
    autopilot: setup.autopilot,
    params: { ...always, ...right, ...changes },
    floats: setup.rules.filter(({ kind }) => kind === "float").map(({ names: [name] }) => name),
    ...more,
  });
  open.push(vehicle);
  return vehicle;
}

interface Examination {
  readonly report: DoctorReport;
  readonly asked: readonly (readonly ParamFix[])[];
  find(name: string): Check | undefined;
}

async function examine(
  url: string,
  changes: {
    fix?: boolean;
    yes?: boolean;
    sysid?: number;
    wait_s?: number;
    choice?: Partial<DoctorPlan["choice"]>;
  } = {},
): Promise<Examination> {
  const asked: (readonly ParamFix[])[] = [];
  const report = await runDoctor(
    {
      areas: new Set<Area>(["vehicle", "parameters"]),
      system: { folders: [] },
      pack: null,
      models: { encoder: shippedModel("encoder"), reranker: null, registrar: shippedModel("registrar") },
      providers: ["cpu"],
      threads: 1,
      camera: null,
      link: {
        url,
        compid: 197,
        sysid: changes.sysid ?? null,
        wait_s: changes.wait_s ?? 3,
        hasOrigin: false,
        listen_ms: 1000,
        answer_ms: 60,
      },
      choice: {
        publisher: "auto",
        kind: "auto",
        answersTimesync: false,
        switchesSets: false,
        visionSet: null,
        gpsSet: 1,
        agent: { vision_latency_ms: null, gps_latency_ms: 250, sensor_id: 1 },
        ...changes.choice,
      },
      fix: changes.fix ?? false,
    },
    {
      check: () => undefined,
      confirm: async (fixes) => {
        asked.push(fixes);
        return changes.yes ?? false;
      },
      fixed: () => undefined,
    },
  );
  return { report, asked, find: (name) => report.checks.find((check) => check.name === name) };
}

describe("doctor and a vehicle", () => {
  it("PX4 (integers byte by byte): all good", async () => {
    const vehicle = await vehicleFor(PX4_GLOBAL_POSITION_SENSOR);
    const { report, find } = await examine(vehicle.url);
    assert.deepEqual(
      report.checks.filter(({ verdict }) => verdict === "problem"),
      [],
    );
    assert.equal(report.ok, true);
    assert.equal(report.setup, "px4-global-position-sensor");
    assert.match(find("autopilot")?.detail ?? "", /PX4 copter, system 1, .*disarmed/);
    assert.match(find("clock")?.detail ?? "", /round trip/);
    assert.equal(find("EKF2_AGP0_CTRL")?.detail, "1");
    assert.match(find("messages")?.detail ?? "", /ATTITUDE/);
    assert.match(find("height")?.detail ?? "", /40.0 m above ground, by relative/);
  });

  it("ArduPilot (integers as floats): all good on vision alone", async () => {
    const vehicle = await vehicleFor(COPTER_VISION_ALONE, { MAV_OPTIONS: 1 }, { sysid: 7 });
    const { report, find } = await examine(vehicle.url);
    assert.equal(report.ok, true, JSON.stringify(report.checks));
    assert.equal(report.setup, "ardupilot-copter-vision-alone");
    assert.match(find("MAV_OPTIONS")?.detail ?? "", /only system 7 is heard, and the agent speaks as that/);
  });

  it("finds the traps, says what to set, and touches nothing unless told to", async () => {
    const vehicle = await vehicleFor(PX4_ODOMETRY_TIMESYNC, {
      EKF2_EV_DELAY: 300,
      EKF2_EV_CTRL: 15,
      COM_POS_FS_EPH: 5,
    });
    const { report, asked, find } = await examine(vehicle.url, {
      choice: { publisher: "odometry", answersTimesync: true },
    });
    assert.equal(report.ok, false);
    assert.match(find("EKF2_EV_DELAY")?.detail ?? "", /is 300, must be 0: set 0.*lands blind/);
    assert.match(find("EKF2_EV_CTRL")?.detail ?? "", /is 15, .*: set 5/);
    assert.match(find("COM_POS_FS_EPH")?.detail ?? "", /is 5, must be at least 30 or -1: set 50/);
    assert.deepEqual([asked.length, vehicle.written], [0, []]);
  });

  it("writes after a yes, reads back, and says that a reboot is needed", async () => {
    const vehicle = await vehicleFor(PX4_GLOBAL_POSITION_SENSOR, {
      EKF2_AGP0_ID: 0,
      EKF2_AGP0_CTRL: 0,
      COM_POS_FS_EPH: 5,
    });
    const no = await examine(vehicle.url, { fix: true, yes: false });
    assert.equal(no.asked[0]?.length, 3);
    assert.deepEqual([vehicle.written, no.report.ok], [[], false]);
    const yes = await examine(vehicle.url, { fix: true, yes: true });
    assert.deepEqual(vehicle.written, ["EKF2_AGP0_ID", "EKF2_AGP0_CTRL", "COM_POS_FS_EPH"]);
    assert.deepEqual(
      ["EKF2_AGP0_ID", "EKF2_AGP0_CTRL", "COM_POS_FS_EPH"].map((name) => vehicle.params.get(name)),
      [1, 1, 50],
    );
    assert.deepEqual(yes.report.reboot_for, ["EKF2_AGP0_ID"]);
    assert.equal(yes.report.ok, false, "not before the reboot");
    assert.equal(yes.find("EKF2_AGP0_CTRL")?.verdict, "ok");
    const again = await examine(vehicle.url);
    assert.equal(again.report.ok, true);
  });

  it("ArduPilot: writes what shows only after VISO_TYPE is set, and tells what the vehicle keeps", async () => {
    const vehicle = await vehicleFor(
      COPTER_VISION_ALONE,
      { VISO_TYPE: 0, VISO_DELAY_MS: 10, VISO_POS_M_NSE: 0.2, EK3_SRC1_POSXY: 3 },
      {
        hidden: (name, params) => /^VISO_(DELAY|POS)/.test(name) && params.get("VISO_TYPE") === 0,
        stubborn: ["EK3_SRC1_POSXY"],
      },
    );
    const { report, find } = await examine(vehicle.url, { fix: true, yes: true });
    assert.deepEqual(vehicle.written, ["VISO_TYPE", "VISO_DELAY_MS", "VISO_POS_M_NSE"]);
    assert.equal(vehicle.params.get("VISO_POS_M_NSE"), 5);
    assert.equal(report.fixes.find(({ name }) => name === "EK3_SRC1_POSXY")?.ok, false);
    assert.match(find("EK3_SRC1_POSXY")?.detail ?? "", /is 3, must be 6/);
    assert.equal(find("VISO_POS_M_NSE")?.verdict, "ok");
    assert.equal(report.ok, false);
  });

  it("writes nothing to an armed vehicle", async () => {
    const vehicle = await vehicleFor(PX4_GLOBAL_POSITION_SENSOR, { COM_POS_FS_EPH: 5 }, { armed: true });
    const { report, asked, find } = await examine(vehicle.url, { fix: true, yes: true });
    assert.deepEqual([asked.length, vehicle.written, report.ok], [0, [], false]);
    assert.match(find("fix")?.detail ?? "", /armed/);
  });

  it("checks a plane for 43003, and says what does not go together", async () => {
    const plane = await FakeVehicle.open({
      autopilot: "ardupilot",
      type: minimal.MavType.FIXED_WING,
      params: { AHRS_EKF_TYPE: 3, EK3_ENABLE: 1, GPS1_TYPE: 0, EK3_SRC1_POSXY: 3, ARSPD_TYPE: 0 },
    });
    open.push(plane);
    const { find, report } = await examine(plane.url);
    assert.equal(report.setup, "ardupilot-plane-external-position");
    assert.match(find("GPS1_TYPE")?.detail ?? "", /is 0, must not be 0: set 1, then reboot/);
    assert.equal(find("ARSPD_TYPE")?.verdict, "warning");
    const wrong = await examine(plane.url, { choice: { publisher: "global_position_sensor" } });
    assert.match(wrong.find("publisher")?.detail ?? "", /#31738/);
  });

  it("says why nobody was heard", async () => {
    const silent = await FakeVehicle.open({ autopilot: "px4", params: {}, silent: true });
    open.push(silent);
    const nothing = await examine(silent.url, { wait_s: 0.3 });
    assert.match(nothing.find("autopilot")?.detail ?? "", /none heard on udpout.* within 0.3 s: nothing came/);
    const other = await vehicleFor(PX4_GLOBAL_POSITION_SENSOR, {}, { sysid: 8 });
    const wrong = await examine(other.url, { wait_s: 1, sysid: 3 });
    assert.match(wrong.find("autopilot")?.detail ?? "", /system 8 was heard, but only system 3 is listened to/);
    assert.equal(wrong.report.ok, false);
  });

  it("says when parameters cannot be read at all", async () => {
    const vehicle = await FakeVehicle.open({ autopilot: "ardupilot", params: {} });
    open.push(vehicle);
    const { find } = await examine(vehicle.url);
    assert.match(find("reading")?.detail ?? "", /does not answer when parameters are read/);
  });
});
