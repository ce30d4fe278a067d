import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { common, type MavLinkData } from "node-mavlink";
import { Timesync, type TimesyncOptions } from "../../../agent/mavlink/timesync.js";
import { frameOf, PX4_QUAD } from "./fake-port.js";

function sync(tc1: bigint, ts1: bigint): common.TimeSync {
  return Object.assign(new common.TimeSync(), { tc1, ts1, targetSystem: 0, targetComponent: 0 });
}

function syncIn(messages: readonly MavLinkData[]): common.TimeSync | null {
  const [message] = messages;
  if (message === undefined) return null;
  assert.ok(message instanceof common.TimeSync && messages.length === 1);
  return message;
}

/** Ticks every 50 ms from `from_s` to `to_s` against a vehicle whose clock is `offset_us` ahead; 400 us each way. */
function converse(timesync: Timesync, from_s: number, to_s: number, offset_us: number, answers = true): number[] {
  const asked_us: number[] = [];
  for (let now_us = from_s * 1e6; now_us < to_s * 1e6; now_us += 50_000) {
    const request = syncIn(timesync.tick(now_us));
    if (request === null) continue;
    asked_us.push(now_us);
    assert.equal(request.tc1, 0n);
    const answer = sync(BigInt(now_us + 400 + offset_us) * 1000n, request.ts1);
    if (answers) assert.deepEqual(timesync.observe(frameOf(answer, 8, 1), now_us + 800), []);
  }
  return asked_us;
}

function started(options: TimesyncOptions = {}): Timesync {
  return new Timesync({ sysid: 8, compid: 197, vehicle: PX4_QUAD }, options);
}

describe("TIMESYNC", () => {
  test("asks ten times at 10 Hz, then every second, and finds the offset", () => {
    const timesync = started();
    const asked_us = converse(timesync, 10, 20, 5_000_000);
    assert.equal(asked_us.filter((t_us) => t_us < 11e6).length, 10);
    const gaps_us = asked_us.slice(1).map((t_us, at) => t_us - (asked_us[at] ?? 0));
    assert.deepEqual(new Set(gaps_us), new Set([100_000, 1_000_000]));
    assert.ok(Math.abs((timesync.offsetAt(20e6) ?? 0) - 5_000_000) < 50);
    const status = timesync.statusAt(20e6);
    assert.equal(status.round_trip_us, 800);
    assert.equal(status.requests, asked_us.length);
    assert.equal(status.answers, asked_us.length);
    assert.ok((status.uncertainty_us ?? 0) >= 400 && (status.uncertainty_us ?? 0) < 1500);
    assert.deepEqual([status.rejected, status.steps, status.answered], [0, 0, 0]);
  });

  test("the offset is not told before there are enough answers, nor long after the last", () => {
    const timesync = started();
    converse(timesync, 10, 10.15, 5_000_000);
    assert.equal(timesync.offsetAt(10.2e6), null);
    assert.notEqual(timesync.statusAt(10.2e6).round_trip_us, null);
    converse(timesync, 10.15, 12, 5_000_000);
    assert.notEqual(timesync.offsetAt(12e6), null);
    converse(timesync, 12, 50, 0, false);
    assert.equal(timesync.offsetAt(50e6), null);
    assert.equal(timesync.statusAt(50e6).offset_us, null);
  });

  test("a restart of the autopilot is found within half a second of the first answer", () => {
    const timesync = started();
    converse(timesync, 10, 30, 5_000_000);
    converse(timesync, 30, 31.5, -29_000_000);
    assert.equal(timesync.statusAt(31.5e6).steps, 1);
    assert.ok(Math.abs((timesync.offsetAt(31.5e6) ?? 0) + 29_000_000) < 1000);
  });

  test("only answers to our own questions count, each once, and only those of the autopilot", () => {
    const timesync = started();
    const request = syncIn(timesync.tick(10e6));
    assert.ok(request);
    const answer = sync(99_000_000_000n, request.ts1);
    timesync.observe(frameOf(sync(99_000_000_000n, request.ts1 + 1n), 8, 1), 10_000_500);
    timesync.observe(frameOf(sync(99_000_000_000n, 123_000n), 8, 1), 10_000_500);
    timesync.observe(frameOf(answer, 8, 25), 10_000_500);
    assert.equal(timesync.statusAt(10.1e6).answers, 0);
    timesync.observe(frameOf(answer, 8, 1), 10_000_500);
    timesync.observe(frameOf(answer, 8, 1), 10_000_900);
    assert.equal(timesync.statusAt(10.1e6).answers, 1);
  });

  test("answers the vehicle only when told to", () => {
    const question = frameOf(sync(0n, 777_000n), 8, 1);
    assert.deepEqual(started().observe(question, 12_345_678), []);
    const answering = started({ answer: true });
    const answer = syncIn(answering.observe(question, 12_345_678));
    assert.ok(answer);
    assert.deepEqual(
      [answer.tc1, answer.ts1, answer.targetSystem, answer.targetComponent],
      [12_345_678_000n, 777_000n, 8, 1],
    );
    assert.equal(answering.statusAt(0).answered, 1);
    assert.equal(answering.answers, true);
  });

  test("says nothing before a vehicle is heard", () => {
    const timesync = new Timesync({ sysid: 1, compid: 197, vehicle: null });
    assert.deepEqual(timesync.tick(10e6), []);
  });
});
