import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { common, type MavLinkData } from "node-mavlink";
import { decodeAs } from "../../../agent/mavlink/codec.js";
import type { MavlinkFrame } from "../../../agent/mavlink/frame.js";
import type { Vehicle } from "../../../agent/mavlink/identity.js";
import { ParamSetInt32, ParamValueInt32 } from "../../../agent/mavlink/messages/bytewise-params.js";
import { ParamError } from "../../../agent/mavlink/messages/param-error.js";
import { ParamClient } from "../../../agent/mavlink/param-client.js";
import { decodeParam, encodeParam, encodingOf } from "../../../agent/mavlink/param-encoding.js";
import { ARDUPILOT_COPTER, FakePort, PX4_QUAD } from "./fake-port.js";
import { FakeScheduler } from "./fake-scheduler.js";
import { type Recording, readFrames, readIndex } from "./fixtures.js";

const INT32 = 6;
const FLOAT = 9;

/** An autopilot with parameters, on a link that loses what `loses` says. */
class Autopilot {
  readonly port: FakePort;
  readonly clock = new FakeScheduler();
  readonly client: ParamClient;
  readonly params = new Map<string, { value: number; type: number }>([
    ["EKF2_AGP0_CTRL", { value: 0, type: INT32 }],
    ["COM_POS_FS_EPH", { value: 5, type: FLOAT }],
    ["SYSID_THISMAV", { value: -1, type: INT32 }],
  ]);
  readonly errors: boolean;
  /** Called with each answer; false: it is lost. */
  answers: (message: MavLinkData) => boolean = () => true;
  keeps = (_name: string, value: number): number => value;
  readonly #vehicle: Vehicle;

  constructor(vehicle: Vehicle, errors: boolean) {
    this.#vehicle = vehicle;
    this.errors = errors;
    this.port = new FakePort(vehicle);
    this.client = new ParamClient(this.port, { scheduler: this.clock });
    this.port.onSent = (frame) => this.#take(frame);
  }

  value(name: string): number | undefined {
    return this.params.get(name)?.value;
  }

  #take(frame: MavlinkFrame): void {
    const names = [...this.params.keys()];
    if (frame.msgid === common.ParamRequestList.MSG_ID) {
      for (const name of names) this.#say(name);
    } else if (frame.msgid === common.ParamRequestRead.MSG_ID) {
      const { paramId, paramIndex } = decodeAs(frame, common.ParamRequestRead);
      this.#say(paramIndex >= 0 ? (names[paramIndex] ?? "") : paramId, paramIndex);
    } else if (frame.msgid === ParamSetInt32.MSG_ID) {
      const { paramId, paramValue, paramType } = decodeAs(frame, ParamSetInt32);
      const param = this.params.get(paramId);
      if (param !== undefined) {
        assert.equal(paramType, param.type, "the type of the parameter itself");
        param.value = this.keeps(paramId, decodeParam(paramValue, paramType, encodingOf(this.#vehicle)));
      }
      this.#say(paramId);
    }
  }

  #say(name: string, index = -1): void {
    const param = this.params.get(name);
    const place = [...this.params.keys()].indexOf(name);
    let message: MavLinkData;
    if (param === undefined) {
      if (!this.errors) return;
      message = Object.assign(new ParamError(), { paramId: name, targetSystem: 8, targetComponent: 197, error: 1 });
    } else {
      message = Object.assign(new ParamValueInt32(), {
        paramId: name,
        paramValue: encodeParam(param.value, param.type, encodingOf(this.#vehicle)).readInt32LE(0),
        paramType: param.type,
        paramCount: this.params.size,
        paramIndex: index >= 0 ? index : place,
      });
    }
    if (this.answers(message)) this.port.say(message);
  }
}

const KINDS = [
  ["PX4", PX4_QUAD, true],
  ["ArduPilot", ARDUPILOT_COPTER, false],
] as const;

describe("parameters", () => {
  for (const [kind, vehicle, errors] of KINDS) {
    test(`${kind}: read, set and read back, integers and floats`, async () => {
      const autopilot = new Autopilot(vehicle, errors);
      const { client } = autopilot;
      assert.deepEqual(await client.read("SYSID_THISMAV"), {
        outcome: "ok",
        name: "SYSID_THISMAV",
        param: { name: "SYSID_THISMAV", value: -1, type: INT32 },
        reason: "",
      });
      assert.equal((await client.set("EKF2_AGP0_CTRL", 1)).param?.value, 1);
      assert.equal(autopilot.value("EKF2_AGP0_CTRL"), 1);
      const set = await client.set("COM_POS_FS_EPH", 0.1);
      assert.deepEqual([set.outcome, set.param?.value], ["ok", 0.1]);
      assert.equal(autopilot.value("COM_POS_FS_EPH"), Math.fround(0.1));
    });

    test(`${kind}: all of them, although every third answer is lost`, async () => {
      const autopilot = new Autopilot(vehicle, errors);
      for (let i = 0; i < 40; i++) autopilot.params.set(`P${i}`, { value: i, type: i % 2 === 0 ? INT32 : FLOAT });
      let answers = 0;
      autopilot.answers = () => answers++ % 3 !== 0;
      const seen: number[] = [];
      const list = autopilot.client.list((have) => seen.push(have));
      await autopilot.clock.advance(20_000);
      const { outcome, params, count } = await list;
      assert.deepEqual([outcome, params.size, count], ["ok", 43, 43]);
      assert.equal(params.get("P7")?.value, 7);
      assert.equal(seen.at(-1), 43);
    });
  }

  test("one that does not exist: told by PX4, not answered by ArduPilot", async () => {
    const px4 = new Autopilot(PX4_QUAD, true);
    const missing = await px4.client.read("EKF2_AGP_CTRL");
    assert.deepEqual([missing.outcome, missing.reason], ["missing", "EKF2_AGP_CTRL: it does not exist"]);
    assert.equal((await px4.client.set("EKF2_AGP_CTRL", 1)).outcome, "missing");

    const ardupilot = new Autopilot(ARDUPILOT_COPTER, false);
    const silent = ardupilot.client.read("EK3_SRC9_POSXY");
    await ardupilot.clock.advance(5000);
    assert.equal((await silent).outcome, "no_answer");
    assert.equal(ardupilot.port.sent.length, 4);
  });

  test("answers that are lost are asked for again", async () => {
    const autopilot = new Autopilot(PX4_QUAD, true);
    let lost = 2;
    autopilot.answers = () => lost-- <= 0;
    const answer = autopilot.client.read("COM_POS_FS_EPH");
    await autopilot.clock.advance(2000);
    assert.equal((await answer).param?.value, 5);
  });

  test("a value that the autopilot does not keep is refused, with what it keeps", async () => {
    const autopilot = new Autopilot(PX4_QUAD, true);
    autopilot.keeps = (_name, value) => Math.min(value, 3);
    const { outcome, param, reason } = await autopilot.client.set("EKF2_AGP0_CTRL", 7);
    assert.deepEqual([outcome, param?.value], ["refused", 3]);
    assert.match(reason, /EKF2_AGP0_CTRL stays 3: the autopilot does not take 7/);
  });

  test("values and names that cannot be", async () => {
    const { client, port } = new Autopilot(PX4_QUAD, true);
    await assert.rejects(client.set("EKF2_AGP0_CTRL", 1.5), RangeError);
    await assert.rejects(client.set("EKF2_AGP0_CTRL", 2 ** 31), RangeError);
    await assert.rejects(client.set("EKF2_AGP0_CTRL", Number.NaN), RangeError);
    await assert.rejects(client.read("A NAME WITH SPACES"), RangeError);
    await assert.rejects(client.read("SEVENTEEN_LETTERS"), RangeError);
    port.identity.vehicle = null;
    assert.equal((await client.read("EKF2_AGP0_CTRL")).outcome, "no_vehicle");
  });

  test("nobody answers a list; close ends what is under way", async () => {
    const autopilot = new Autopilot(PX4_QUAD, true);
    autopilot.answers = () => false;
    const nothing = autopilot.client.list();
    await autopilot.clock.advance(5000);
    assert.equal((await nothing).outcome, "no_answer");
    const reading = autopilot.client.read("COM_POS_FS_EPH");
    const listing = autopilot.client.list();
    await autopilot.clock.advance(1);
    autopilot.client.close();
    assert.deepEqual([(await reading).outcome, (await listing).outcome], ["closed", "closed"]);
    assert.equal(autopilot.clock.pending, 0);
  });
});

describe("recorded parameters", () => {
  const cases: readonly (readonly [Recording, Vehicle, Record<string, string>])[] = [
    ["ardupilot-copter", ARDUPILOT_COPTER, { EK3_SRC9_POSXY: "closed" }],
    ["px4-quad", PX4_QUAD, { EKF2_AGP_CTRL: "missing" }],
    ["px4-quad-dropout", PX4_QUAD, { EKF2_AGP_CTRL: "missing" }],
  ];
  for (const [name, vehicle, absent] of cases) {
    test(`${name}: what was read then is read now`, async () => {
      const port = new FakePort(vehicle, 191);
      const clock = new FakeScheduler();
      const client = new ParamClient(port, { scheduler: clock });
      const outcomes = new Map<string, string>();
      const values = new Map<string, number>();
      const reads: Promise<void>[] = [];
      for (const { direction, frame } of readFrames(name)) {
        if (direction === "from") {
          if (frame.msgid === ParamValueInt32.MSG_ID) port.say(decodeAs(frame, ParamValueInt32));
          if (frame.msgid === ParamError.MSG_ID) port.say(decodeAs(frame, ParamError));
        } else if (frame.msgid === common.ParamRequestRead.MSG_ID && frame.compid === 191) {
          const { paramId } = decodeAs(frame, common.ParamRequestRead);
          if (paramId === "" || outcomes.has(paramId)) continue;
          outcomes.set(paramId, "asked");
          reads.push(
            client.read(paramId).then(({ outcome, param }) => {
              outcomes.set(paramId, outcome);
              if (param !== null) values.set(paramId, param.value);
            }),
          );
        }
      }
      client.close();
      await Promise.all(reads);
      assert.ok(outcomes.size >= 10, `${outcomes.size}`);
      for (const [param, outcome] of outcomes) assert.equal(outcome, absent[param] ?? "ok", param);
      for (const param of Object.keys(absent)) assert.ok(outcomes.has(param), param);
      const told = readIndex(name).param_values;
      for (const [param, value] of values) {
        const expected = told.flatMap((entry) => (entry.param_id === param ? [Number(entry.param_value)] : []));
        // The index rounds floats.
        assert.ok(
          expected.some((other) => Math.abs(other - value) < 1e-6),
          `${param} ${value}`,
        );
      }
    });

    test(`${name}: every value of the index`, () => {
      const values = readFrames(name).flatMap(({ direction, frame }) => {
        if (direction !== "from" || frame.msgid !== ParamValueInt32.MSG_ID) return [];
        const { paramId, paramValue, paramType } = decodeAs(frame, ParamValueInt32);
        const value = decodeParam(paramValue, paramType, encodingOf(vehicle));
        return [{ param_id: paramId, param_type: paramType, param_value: value }];
      });
      const expected = readIndex(name).param_values;
      assert.equal(values.length, expected.length);
      for (const [at, entry] of expected.entries()) {
        const { param_value, ...rest } = values[at] ?? { param_value: Number.NaN };
        assert.ok(Math.abs(param_value - Number(entry.param_value)) < 1e-6, `${entry.param_id} ${param_value}`);
        assert.deepEqual(rest, { param_id: entry.param_id, param_type: entry.param_type });
      }
    });
  }
});
