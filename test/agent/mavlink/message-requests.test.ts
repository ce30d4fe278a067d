import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { common } from "node-mavlink";
import { decodeAs } from "../../../agent/mavlink/codec.js";
import { SenderIdentity } from "../../../agent/mavlink/identity.js";
import { MessageRequests } from "../../../agent/mavlink/message-requests.js";
import { type WantedMessage, wantedMessages } from "../../../agent/mavlink/wanted-messages.js";
import { ARDUPILOT_COPTER, frameOf, PX4_QUAD } from "./fake-port.js";
import { type Recording, readFrames } from "./fixtures.js";

const TICK_US = 50_000;

function ackOf(result: number, command = 511, targetComponent = 197): common.CommandAck {
  return Object.assign(new common.CommandAck(), {
    command,
    result,
    progress: 0,
    resultParam2: 0,
    targetSystem: 8,
    targetComponent,
  });
}

function attitude(timeBootMs: number): common.Attitude {
  return Object.assign(new common.Attitude(), { timeBootMs });
}

/** A PX4 that answers what `result` says and sends what it was asked for, at the rate asked for. */
class Vehicle {
  readonly identity = { sysid: 8, compid: 197, vehicle: PX4_QUAD };
  readonly requests: MessageRequests;
  readonly asked: number[] = [];
  now_us = 1_000_000;
  booted_us = 0;
  result: (msgid: number) => number | null = () => 0;
  sends: (msgid: number) => boolean = () => true;
  readonly #streams = new Map<number, { every_us: number; next_us: number }>();

  constructor(wanted: readonly WantedMessage[]) {
    this.requests = new MessageRequests(this.identity, { wanted: () => wanted });
  }

  run(seconds: number): void {
    for (const end_us = this.now_us + seconds * 1e6; this.now_us < end_us; this.now_us += TICK_US / 10) {
      if (this.now_us % TICK_US === 0) {
        for (const message of this.requests.tick(this.now_us)) {
          assert.ok(message instanceof common.CommandLong);
          this.#take(message);
        }
      }
      for (const [msgid, stream] of this.#streams) {
        if (this.now_us < stream.next_us) continue;
        stream.next_us += stream.every_us;
        this.#say(msgid);
      }
    }
  }

  reboot(): void {
    this.#streams.clear();
    this.booted_us = this.now_us;
    this.#say(30);
  }

  turnOff(msgid: number): void {
    this.#streams.delete(msgid);
  }

  state(msgid: number) {
    return this.requests.statusAt(this.now_us).find((status) => status.msgid === msgid);
  }

  #take(message: common.CommandLong): void {
    const msgid = message._param1;
    this.asked.push(msgid);
    const result = this.result(msgid);
    if (result === null) return;
    if (result === 0 && this.sends(msgid)) {
      if (message.command === common.MavCmd.REQUEST_MESSAGE) this.#say(msgid);
      else this.#streams.set(msgid, { every_us: message._param2, next_us: this.now_us + message._param2 });
    }
    const ack = ackOf(result, message.command);
    this.requests.observe(frameOf(ack, 8, 1), this.now_us);
  }

  #say(msgid: number): void {
    const messages: Record<number, () => common.Attitude | common.GlobalPositionInt | common.GpsGlobalOrigin> = {
      30: () => attitude((this.now_us - this.booted_us) / 1000),
      33: () => new common.GlobalPositionInt(),
      49: () => Object.assign(new common.GpsGlobalOrigin(), { timeUsec: 0n }),
    };
    const message = messages[msgid]?.();
    if (message !== undefined) this.requests.observe(frameOf(message, 8, 1), this.now_us);
  }
}

const WANTED: readonly WantedMessage[] = [
  { msgid: 30, rate_hz: 20 },
  { msgid: 33, rate_hz: 5 },
  { msgid: 49, rate_hz: 0, optional: true },
];

describe("asking for messages", () => {
  test("each is asked for once when it then flows", () => {
    const vehicle = new Vehicle(WANTED);
    assert.equal(vehicle.requests.readyAt(0), false);
    vehicle.run(10);
    assert.deepEqual(vehicle.asked, [30, 33, 49]);
    assert.equal(vehicle.requests.readyAt(vehicle.now_us), true);
    for (const { state, rate_hz, wanted_hz, reason } of vehicle.requests.statusAt(vehicle.now_us)) {
      assert.deepEqual([state, reason], ["flowing", ""]);
      if (wanted_hz > 0) assert.ok(Math.abs(rate_hz - wanted_hz) < 0.05 * wanted_hz, `${rate_hz} of ${wanted_hz} Hz`);
    }
  });

  test("a request or an answer that is lost is repeated", () => {
    const vehicle = new Vehicle(WANTED);
    let lost = 3;
    vehicle.result = (msgid) => (msgid === 30 && lost-- > 0 ? null : 0);
    vehicle.run(10);
    assert.equal(vehicle.asked.filter((msgid) => msgid === 30).length, 4);
    assert.equal(vehicle.requests.readyAt(vehicle.now_us), true);
  });

  test("one that is promised and does not come is asked for again, ever less often, and keeps the state visible", () => {
    const vehicle = new Vehicle(WANTED);
    vehicle.sends = (msgid) => msgid !== 33;
    vehicle.run(60);
    assert.equal(vehicle.state(33)?.state, "accepted");
    assert.equal(vehicle.requests.readyAt(vehicle.now_us), false);
    const asked = vehicle.asked.filter((msgid) => msgid === 33).length;
    assert.ok(asked >= 5 && asked <= 8, `${asked} times in a minute`);
    vehicle.sends = () => true;
    vehicle.run(20);
    assert.equal(vehicle.state(33)?.state, "flowing");
  });

  test("what is refused is given up with the reason; what is refused for now is not", () => {
    for (const [result, reason] of [
      [2, "denied"],
      [3, "unsupported"],
      [4, "failed"],
    ] as const) {
      const vehicle = new Vehicle(WANTED);
      vehicle.result = (msgid) => (msgid === 33 ? result : 0);
      vehicle.run(60);
      assert.equal(vehicle.asked.filter((msgid) => msgid === 33).length, 1);
      assert.deepEqual([vehicle.state(33)?.state, vehicle.state(33)?.reason], ["refused", reason]);
    }
    const vehicle = new Vehicle(WANTED);
    let busy = 2;
    vehicle.result = (msgid) => (msgid === 33 && busy-- > 0 ? 1 : 0);
    vehicle.run(10);
    assert.equal(vehicle.state(33)?.state, "flowing");
  });

  test("after a restart of the autopilot all are asked for again", () => {
    const vehicle = new Vehicle(WANTED);
    vehicle.run(5);
    const before = vehicle.asked.length;
    vehicle.reboot();
    vehicle.run(5);
    assert.equal(vehicle.requests.reboots, 1);
    assert.equal(vehicle.asked.length, 2 * before);
    assert.equal(vehicle.requests.readyAt(vehicle.now_us), true);
  });

  test("a stream that somebody else turned off is asked for again", () => {
    const vehicle = new Vehicle(WANTED);
    vehicle.run(5);
    vehicle.turnOff(30);
    vehicle.run(0.5);
    assert.equal(vehicle.state(30)?.state, "flowing", "a pause is no stop");
    vehicle.run(5);
    assert.equal(vehicle.state(30)?.state, "flowing");
    assert.deepEqual(vehicle.asked, [30, 33, 49, 30]);
  });

  test("answers for others and to other commands say nothing", () => {
    const vehicle = new Vehicle(WANTED);
    vehicle.result = () => null;
    vehicle.run(0.2);
    const { requests, now_us } = vehicle;
    requests.observe(frameOf(ackOf(2, 511, 190), 8, 1), now_us);
    requests.observe(frameOf(ackOf(2, 400), 8, 1), now_us);
    requests.observe(frameOf(ackOf(2), 8, 25), now_us);
    assert.equal(vehicle.state(30)?.state, "requested");
    requests.observe(frameOf(ackOf(2), 8, 1), now_us);
    assert.equal(vehicle.state(30)?.state, "refused");
  });

  test("nothing is asked before a vehicle is heard; another vehicle is asked anew", () => {
    const identity = { sysid: 1, compid: 197, vehicle: null as typeof PX4_QUAD | null };
    const requests = new MessageRequests(identity);
    assert.deepEqual(requests.tick(0), []);
    identity.vehicle = PX4_QUAD;
    assert.equal(requests.tick(1).length, 1);
    const px4 = requests.statusAt(1).map(({ name }) => name);
    identity.vehicle = ARDUPILOT_COPTER;
    requests.tick(2);
    const ardupilot = requests.statusAt(2).map(({ name }) => name);
    assert.ok(px4.includes("ESTIMATOR_STATUS") && !px4.includes("EKF_STATUS_REPORT"));
    assert.ok(px4.includes("ESTIMATOR_SENSOR_FUSION_STATUS"));
    assert.ok(ardupilot.includes("EKF_STATUS_REPORT") && !ardupilot.includes("ESTIMATOR_STATUS"));
    for (const vehicle of [PX4_QUAD, ARDUPILOT_COPTER]) {
      const truth = wantedMessages(vehicle, true).length - wantedMessages(vehicle).length;
      assert.equal(truth, 1);
    }
  });
});

/** What the recorded agent asked for, with the times, and the messages it wanted to stop left out. */
function recordedRequests(name: Recording) {
  return readFrames(name).flatMap(({ t_us, direction, frame }) => {
    if (direction !== "to" || frame.msgid !== common.CommandLong.MSG_ID || frame.compid !== 191) return [];
    const { command, _param1, _param2 } = decodeAs(frame, common.CommandLong);
    return command === common.MavCmd.SET_MESSAGE_INTERVAL && _param2 > 0
      ? [{ t_us, msgid: _param1, interval_us: _param2 }]
      : [];
  });
}

describe("on recorded links, in the place of the agent of then", () => {
  const cases: readonly (readonly [Recording, number, Record<number, string>])[] = [
    ["ardupilot-copter", 15, { 141: "denied" }],
    ["ardupilot-plane", 12, { 141: "denied" }],
    ["ardupilot-signed", 5, { 141: "denied" }],
    ["px4-quad", 11, { 193: "failed" }],
    ["px4-quad-dropout", 11, { 193: "failed" }],
  ];
  for (const [name, expected, refused] of cases) {
    test(`${name}: asks the same, and ends in the states that were recorded`, () => {
      const recorded = recordedRequests(name);
      assert.equal(recorded.length, expected);
      // The last one came later, after others that were turned off, where it was refused by PX4.
      const groups = [recorded.slice(0, -1), recorded.slice(-1)];
      const states = groups.flatMap((group) => {
        const identity = new SenderIdentity({ compid: 191 });
        const requests = new MessageRequests(identity, {
          wanted: () => group.map(({ msgid, interval_us }) => ({ msgid, rate_hz: 1e6 / interval_us })),
        });
        const asked: { msgid: number; interval_us: number }[] = [];
        const tick = (t_us: number) => {
          for (const message of requests.tick(t_us)) {
            assert.ok(message instanceof common.CommandLong);
            asked.push({ msgid: message._param1, interval_us: message._param2 });
          }
        };
        const due = group.map(({ t_us }) => t_us);
        const [first] = group;
        assert.ok(first);
        let now_us = 0;
        for (const { t_us, direction, frame } of readFrames(name)) {
          if (t_us > first.t_us + 8_000_000) break;
          now_us = t_us;
          if (direction === "from") {
            identity.observe(frame, t_us / 1000);
            if (t_us >= first.t_us || frame.msgid !== common.CommandAck.MSG_ID) requests.observe(frame, t_us);
          }
          if (due[0] !== undefined && t_us >= due[0]) {
            due.shift();
            tick(t_us);
          }
        }
        assert.deepEqual(
          asked,
          group.map(({ msgid, interval_us }) => ({ msgid, interval_us })),
        );
        return requests.statusAt(now_us);
      });
      for (const { msgid, state, reason, rate_hz, wanted_hz } of states) {
        if (refused[msgid] !== undefined) assert.deepEqual([state, reason], ["refused", refused[msgid]], String(msgid));
        else assert.ok(state === "flowing" || state === "accepted", `${msgid} ${state} ${rate_hz} of ${wanted_hz}`);
      }
      for (const msgid of [30, 33]) {
        assert.equal(states.find((status) => status.msgid === msgid)?.state, "flowing", String(msgid));
      }
    });
  }
});
