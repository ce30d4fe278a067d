import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { common } from "node-mavlink";
import { decodeAs } from "../../../agent/mavlink/codec.js";
import { CommandClient } from "../../../agent/mavlink/command-client.js";
import { FakePort, PX4_QUAD } from "./fake-port.js";
import { FakeScheduler } from "./fake-scheduler.js";
import { readFrames } from "./fixtures.js";

function ack(command: number, result: number, target: readonly [number, number] = [8, 197]): common.CommandAck {
  return Object.assign(new common.CommandAck(), {
    command,
    result,
    progress: 0,
    resultParam2: 7,
    targetSystem: target[0],
    targetComponent: target[1],
  });
}

function setUp() {
  const port = new FakePort(PX4_QUAD);
  const clock = new FakeScheduler();
  const client = new CommandClient(port, clock);
  const confirmations = () =>
    port.sent.flatMap((frame) =>
      frame.msgid === common.CommandLong.MSG_ID ? [decodeAs(frame, common.CommandLong).confirmation] : [],
    );
  return { port, clock, client, confirmations };
}

describe("commands", () => {
  test("COMMAND_LONG to the vehicle, and its answer", async () => {
    const { port, client } = setUp();
    port.onSent = () => port.say(ack(42007, 0));
    const answer = await client.long({ command: 42007, params: [2] });
    assert.deepEqual(answer, { outcome: "accepted", ok: true, detail: 7, attempts: 1 });
    const [frame] = port.sent;
    assert.ok(frame);
    const sent = decodeAs(frame, common.CommandLong);
    assert.deepEqual(
      [sent.targetSystem, sent.targetComponent, sent.command, sent.confirmation, sent._param1, sent._param7],
      [8, 1, 42007, 0, 2, 0],
    );
  });

  test("COMMAND_INT with NaN in it", async () => {
    const { port, client } = setUp();
    port.onSent = () => port.say(ack(43003, 4));
    const command = {
      command: 43003,
      frame: 5,
      params: [1, 0.2, 5, Number.NaN],
      x: 490000000,
      y: 160000000,
      z: Number.NaN,
    };
    const answer = await client.int(command);
    assert.deepEqual([answer.outcome, answer.ok], ["failed", false]);
    const [frame] = port.sent;
    assert.ok(frame);
    const sent = decodeAs(frame, common.CommandInt);
    assert.deepEqual([sent.frame, sent._param3, sent._param5, sent._param6], [5, 5, 490000000, 160000000]);
    assert.ok(Number.isNaN(sent._param7) && Number.isNaN(sent._param4));
  });

  test("is sent again, counted, until there is an answer", async () => {
    const { port, clock, client, confirmations } = setUp();
    port.onSent = () => {
      if (port.sent.length === 3) port.say(ack(400, 0));
    };
    const answer = client.long({ command: 400 });
    await clock.advance(5000);
    assert.deepEqual(await answer, { outcome: "accepted", ok: true, detail: 7, attempts: 3 });
    assert.deepEqual(confirmations(), [0, 1, 2]);
  });

  test("no answer at all, no vehicle, a link that is down", async () => {
    const { port, clock, client } = setUp();
    const silent = client.long({ command: 400, timeout_ms: 100, attempts: 2 });
    await clock.advance(300);
    assert.deepEqual([(await silent).outcome, port.sent.length], ["no_answer", 2]);
    port.up = false;
    const down = client.long({ command: 400, timeout_ms: 100, attempts: 3 });
    await clock.advance(150);
    port.up = true;
    port.onSent = () => port.say(ack(400, 0));
    await clock.advance(200);
    assert.equal((await down).outcome, "accepted");
    port.identity.vehicle = null;
    assert.equal((await client.long({ command: 400 })).outcome, "no_vehicle");
  });

  test("IN_PROGRESS is waited on", async () => {
    const { port, clock, client } = setUp();
    port.onSent = () => port.say(ack(241, 5));
    const answer = client.long({ command: 241, progress_ms: 3000 });
    await clock.advance(2500);
    port.say(ack(241, 5));
    await clock.advance(2500);
    assert.equal(port.sent.length, 1, "not sent again meanwhile");
    port.say(ack(241, 0));
    assert.equal((await answer).outcome, "accepted");
  });

  test("answers for others, from others, and to other commands are not ours", async () => {
    const { port, clock, client } = setUp();
    port.onSent = () => {
      port.say(ack(400, 2, [255, 190]));
      port.say(ack(401, 2));
      port.say(ack(400, 2), 0, 9);
      port.say(ack(400, 2), 0, 8, 25);
      port.say(ack(400, 0, [0, 0]));
    };
    const answer = client.long({ command: 400 });
    await clock.advance(10);
    assert.equal((await answer).outcome, "accepted", "an old autopilot names nobody");
  });

  test("the same command waits for its turn, another does not", async () => {
    const { port, clock, client } = setUp();
    const first = client.long({ command: 512, params: [1] });
    const second = client.long({ command: 512, params: [2] });
    const other = client.long({ command: 511, params: [3] });
    await clock.advance(1);
    const asked = () => port.sent.map((frame) => decodeAs(frame, common.CommandLong)._param1);
    assert.deepEqual(asked(), [1, 3]);
    port.say(ack(512, 2));
    assert.equal((await first).outcome, "denied");
    await clock.advance(1);
    assert.deepEqual(asked(), [1, 3, 2]);
    port.say(ack(512, 0));
    port.say(ack(511, 3));
    assert.deepEqual([(await second).outcome, (await other).outcome], ["accepted", "unsupported"]);
  });

  test("a field that the wire cannot carry rejects, and does not block the next", async () => {
    const { port, client } = setUp();
    port.onSent = () => port.say(ack(43003, 0));
    const broken = { command: 43003, frame: 5, x: 0.5, y: 0, z: 0 };
    await assert.rejects(client.int(broken), RangeError);
    assert.equal((await client.int({ ...broken, x: 1 })).outcome, "accepted");
  });

  test("close ends what is under way", async () => {
    const { clock, client } = setUp();
    const waiting = [client.long({ command: 400 }), client.long({ command: 400 })];
    await clock.advance(1);
    client.close();
    for (const answer of await Promise.all(waiting)) assert.equal(answer.outcome, "closed");
    assert.equal(clock.pending, 0);
  });
});

test("the recorded plane: every 43003 and 42007 ends as it did then", async () => {
  const port = new FakePort({ sysid: 1, compid: 1, autopilot: 3, type: 1 }, 191);
  const clock = new FakeScheduler();
  const client = new CommandClient(port, clock);
  const results: Record<number, string[]> = { 42007: [], 43003: [] };
  for (const { direction, frame } of readFrames("ardupilot-plane")) {
    if (direction === "from") {
      if (frame.msgid === common.CommandAck.MSG_ID) port.say(decodeAs(frame, common.CommandAck));
      continue;
    }
    if (frame.compid !== 191) continue;
    if (frame.msgid === common.CommandLong.MSG_ID) {
      const { command, _param1 } = decodeAs(frame, common.CommandLong);
      const ends = results[command];
      if (ends === undefined) continue;
      void client.long({ command, params: [_param1] }).then(({ outcome }) => ends.push(outcome));
    } else if (frame.msgid === common.CommandInt.MSG_ID) {
      const { command, frame: place, _param5, _param6, _param7 } = decodeAs(frame, common.CommandInt);
      const ends = results[command];
      if (ends === undefined) continue;
      void client
        .int({ command, frame: place, x: _param5, y: _param6, z: _param7 })
        .then(({ outcome }) => ends.push(outcome));
    } else continue;
    await clock.advance(0);
  }
  await clock.advance(0);
  client.close();
  const name = ["accepted", "temporarily_rejected", "denied", "unsupported", "failed"];
  const expected = "4 4 4 4 4 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 2 2 2 3 0 0 0 0 4";
  assert.deepEqual(
    results[43003],
    expected.split(" ").map((result) => name[Number(result)]),
  );
  assert.deepEqual(results[42007], ["denied", "accepted", "accepted", "accepted", "denied", "accepted"]);
});
