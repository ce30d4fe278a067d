import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { common } from "node-mavlink";
import { encodeMessage } from "../../../agent/mavlink/codec.js";
import { SEVERITIES, StatusTextSender, statusTextMessages } from "../../../agent/mavlink/status-text.js";
import { FakeScheduler } from "./fake-scheduler.js";
import { VECTORS } from "./fixtures.js";

describe("STATUSTEXT", () => {
  for (const { text, severity, id, cases } of VECTORS.chunked_texts) {
    test(`${text.length} characters in chunks, to the byte as pymavlink has them`, () => {
      const messages = statusTextMessages(SEVERITIES[severity] ?? "debug", text, id);
      const hex = messages.map((message, at) => {
        const entry = VECTORS.cases.find(({ name }) => name === cases[at]);
        assert.ok(entry);
        return [encodeMessage(message, entry).toString("hex"), entry.hex];
      });
      assert.equal(messages.length, cases.length);
      for (const [ours, theirs] of hex) assert.equal(ours, theirs);
    });
  }

  test("a short text is one message without an id", () => {
    const [message, ...rest] = statusTextMessages("warning", "x".repeat(50), 77);
    assert.deepEqual(rest, []);
    assert.deepEqual(
      [message?.severity, message?.text.length, message?.id, message?.chunkSeq],
      [common.MavSeverity.WARNING, 50, 0, 0],
    );
  });

  test("the severities are MAVLink's", () => {
    for (const [at, name] of SEVERITIES.entries()) {
      assert.equal(common.MavSeverity[at as common.MavSeverity], name.toUpperCase());
    }
  });

  const character = fc.oneof(fc.integer({ min: 0x20, max: 0x7e }), fc.integer({ min: 0, max: 0x10ffff }));
  test("any text can be sent, and comes together again", () => {
    fc.assert(
      fc.property(fc.array(character, { maxLength: 300 }), (codes) => {
        const text = String.fromCodePoint(...codes);
        const messages = statusTextMessages("info", text, 1);
        for (const message of messages) encodeMessage(message, { sysid: 1, compid: 197, seq: 0 });
        const whole = messages.map((message) => message.text).join("");
        assert.match(whole, /^[ -~]{0,200}$/);
        if (/^[ -~]{0,200}$/.test(text)) assert.equal(whole, text);
        assert.ok(messages.length === 1 || (messages.at(-1)?.text.length ?? 50) < 50, "the last one has room left");
      }),
    );
    assert.equal(statusTextMessages("info", "Höhe 30 m · ok", 1)[0]?.text, "Hohe 30 m ? ok");
  });
});

describe("the sender", () => {
  const collect = () => {
    const clock = new FakeScheduler(0);
    const sent: common.StatusText[] = [];
    return { clock, sent, sender: new StatusTextSender((message) => sent.push(message), clock) };
  };

  test("says the same thing at most every 10 s", async () => {
    const { clock, sent, sender } = collect();
    assert.equal(sender.say("warning", "no fix: no texture"), true);
    await clock.advance(9_900);
    assert.equal(sender.say("warning", "no fix: no texture"), false);
    assert.equal(sender.say("error", "no fix: no texture"), true, "graver is another thing");
    await clock.advance(200);
    assert.equal(sender.say("warning", "no fix: no texture"), true);
    assert.equal(sent.length, 3);
    assert.equal(sender.suppressed, 1);
  });

  test("holds back a flood, but not errors", async () => {
    const { clock, sent, sender } = collect();
    for (let i = 0; i < 50; i++) sender.say("info", `message ${i}`);
    assert.equal(sent.length, 10);
    assert.equal(sender.say("error", "EKF does not use the fixes"), true);
    await clock.advance(10_000);
    assert.equal(sender.say("info", "message 50"), true);
  });

  test("each chunked text has an id of its own", () => {
    const { sent, sender } = collect();
    sender.say("info", "a".repeat(60));
    sender.say("info", "b".repeat(60));
    assert.deepEqual(
      sent.map(({ id, chunkSeq }) => [id, chunkSeq]),
      [
        [1, 0],
        [1, 1],
        [2, 0],
        [2, 1],
      ],
    );
  });
});
