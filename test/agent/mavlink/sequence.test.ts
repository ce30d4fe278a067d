import assert from "node:assert/strict";
import { test } from "node:test";
import { MavlinkFramer } from "../../../agent/mavlink/framer.js";
import { SequenceTracker } from "../../../agent/mavlink/sequence.js";
import { recordedBytes } from "./fixtures.js";

function follow(sequence: readonly number[], sysid = 1): SequenceTracker {
  const tracker = new SequenceTracker();
  for (const seq of sequence) tracker.next({ sysid, compid: 1, seq });
  return tracker;
}

test("a rising sequence loses nothing, over the wrap too", () => {
  const tracker = follow([250, 251, 252, 253, 254, 255, 0, 1]);
  assert.equal(tracker.lost, 0);
  assert.equal(tracker.late, 0);
});

test("a gap is counted", () => {
  assert.equal(follow([1, 2, 6]).lost, 3);
  assert.equal(follow([254, 2]).lost, 3);
});

test("two datagrams in the wrong order are no loss", () => {
  const tracker = follow([1, 3, 2, 4, 5]);
  assert.equal(tracker.lost, 0);
  assert.equal(tracker.late, 1);
});

test("a frame that comes twice is late, not 255 frames lost", () => {
  const tracker = follow([7, 7, 8]);
  assert.equal(tracker.lost, 0);
  assert.equal(tracker.late, 1);
});

test("each sender has its own sequence", () => {
  const tracker = new SequenceTracker();
  for (let seq = 0; seq < 10; seq++) {
    tracker.next({ sysid: 1, compid: 1, seq });
    tracker.next({ sysid: 1, compid: 191, seq: 200 - seq * 0 + seq });
    tracker.next({ sysid: 255, compid: 190, seq: (250 + seq) & 0xff });
  }
  assert.equal(tracker.lost, 0);
  assert.equal(tracker.late, 0);
});

test("a recorded UDP link with swapped datagrams: nothing is lost", () => {
  const tracker = new SequenceTracker();
  const framer = new MavlinkFramer();
  let gaps = 0;
  for (const frame of framer.push(recordedBytes("px4-quad", "to"))) gaps += tracker.next(frame).lost;
  assert.equal(gaps, 0);
  assert.equal(tracker.lost, 0);
});
