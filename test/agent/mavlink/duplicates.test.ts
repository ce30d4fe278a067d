import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { minimal } from "node-mavlink";
import { MavlinkConnection } from "../../../agent/mavlink/connection.js";
import { DuplicateFilter } from "../../../agent/mavlink/duplicates.js";
import { openLink } from "../../../agent/mavlink/link/open.js";
import { frameOf } from "./fake-port.js";
import { until } from "./waiting.js";

function beat(seq: number) {
  const message = Object.assign(new minimal.Heartbeat(), {
    type: 2,
    autopilot: 12,
    baseMode: 81,
    systemStatus: 3,
    mavlinkVersion: 3,
  });
  return frameOf(message, 8, 1, seq);
}

describe("a frame that comes twice", () => {
  test("by another way is left out, by the same way it is not", () => {
    const filter = new DuplicateFilter();
    assert.equal(filter.isDuplicate(beat(1), "a", 0), false);
    assert.equal(filter.isDuplicate(beat(1), "a", 10_000), false);
    assert.equal(filter.isDuplicate(beat(2), "b", 20_000), false);
    assert.equal(filter.isDuplicate(beat(2), "a", 90_000), true);
    assert.equal(filter.isDuplicate(beat(2), "b", 91_000), false, "the first way repeats it");
    assert.equal(filter.isDuplicate(beat(3), "a", 100_000), false);
    assert.equal(filter.count, 1);
  });

  test("a sender that does not count its frames is heard again later", () => {
    const filter = new DuplicateFilter();
    filter.isDuplicate(beat(0), "a", 0);
    filter.isDuplicate(beat(0), "b", 0);
    assert.equal(filter.isDuplicate(beat(0), "a", 1_000_000), false);
    assert.equal(filter.isDuplicate(beat(0), "b", 1_000_500), true);
  });

  test("what is remembered stays bounded", () => {
    const filter = new DuplicateFilter();
    filter.isDuplicate(beat(0), "a", 0);
    for (let i = 0; i < 5000; i++) filter.isDuplicate(beat(i & 0xff), i % 2 === 0 ? "a" : "b", i * 300_000);
    assert.equal(filter.count, 0);
  });

  test("two routers on one port", async () => {
    const connection = await MavlinkConnection.open("udpin:127.0.0.1:0");
    const url = `udpout:127.0.0.1:${connection.localPort}`;
    const ways = await Promise.all([0, 1].map(() => openLink(url, { bytes: () => undefined })));
    let heard = 0;
    connection.onFrame(() => heard++);
    for (let seq = 0; seq < 20; seq++) for (const way of ways) await way.send(beat(seq).bytes);
    await until("all of them", () => connection.counts.received.frames === 40);
    // The first frame of the second way may come before there are two ways.
    assert.ok(heard <= 21 && heard >= 20, `${heard}`);
    assert.equal(connection.counts.duplicates, 40 - heard);
    assert.equal(connection.counts.lost, 0);
    await Promise.all(ways.map((way) => way.close()));
    await connection.close();
  });
});
