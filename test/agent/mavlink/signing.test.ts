import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { inspect } from "node:util";
import { common } from "node-mavlink";
import { encodeMessage } from "../../../agent/mavlink/codec.js";
import { crcOver, crcWithExtra } from "../../../agent/mavlink/crc.js";
import { frameFromBytes } from "../../../agent/mavlink/frame.js";
import { MavlinkFramer } from "../../../agent/mavlink/framer.js";
import { MESSAGES } from "../../../agent/mavlink/messages/registry.js";
import {
  FrameSigner,
  SignatureChecker,
  SigningKey,
  signFrame,
  signingTimestamp,
} from "../../../agent/mavlink/signing.js";
import { UserError } from "../../../tiles/errors.js";
import { recordedBytes, VECTORS } from "./fixtures.js";

const HEX = "74409b67a61433276e4b3083baf3229a4dda7628f913e20d0f52c069231b3308";

/**
 * The frame of a case as it is before signing: flag set, checksum made again. Changed in place, because encoding anew
 * would lose the bits of special NaNs.
 */
function forSigning(hex: string, msgid: number): Buffer {
  const bytes = Buffer.from(hex, "hex");
  bytes[2] = 1;
  const checked = bytes.length - 2;
  const crcExtra = MESSAGES.get(msgid)?.crcExtra ?? 0;
  bytes.writeUInt16LE(crcWithExtra(crcOver(bytes, 1, checked), crcExtra), checked);
  return bytes;
}

/** A message to sign. */
function timesync(): common.TimeSync {
  return Object.assign(new common.TimeSync(), { tc1: 0n, ts1: 123456789n, targetSystem: 0, targetComponent: 0 });
}

test("every signed case of the vectors: our signature is pymavlink's, and ours is found right", () => {
  for (const entry of VECTORS.cases) {
    const { key_hex, link_id, timestamp, hex_signed } = entry.signed;
    const key = SigningKey.fromHex(key_hex);
    const signed = signFrame(forSigning(entry.hex, entry.msgid), key, link_id, Number(timestamp));
    assert.equal(signed.toString("hex"), hex_signed, entry.name);
    const [frame] = new MavlinkFramer().push(signed);
    assert.ok(frame, entry.name);
    assert.equal(new SignatureChecker({ key, timestamp: Number(timestamp) }).check(frame), "ok", entry.name);
  }
});

describe("frames for a reader with a key", () => {
  for (const bad of VECTORS.bad_frames.filter((entry) => entry.key_hex !== undefined)) {
    test(bad.name, () => {
      const checker = new SignatureChecker({ key: SigningKey.fromHex(bad.key_hex ?? ""), timestamp: 0 });
      const framer = new MavlinkFramer();
      const frames = [...framer.push(Buffer.from(bad.hex, "hex")), ...framer.flush()];
      const verdicts = frames.map((frame) => checker.check(frame));
      assert.equal(verdicts.includes("ok"), bad.accept);
      if (bad.reason === "bad_crc") assert.ok(framer.counts.badCrc > 0);
      else if (bad.reason === "truncated") assert.ok(framer.counts.truncated > 0);
      else assert.deepEqual(verdicts, [bad.reason]);
    });
  }
});

describe("signing sequences", () => {
  for (const sequence of VECTORS.signing_sequences) {
    test(sequence.name, () => {
      const checker = new SignatureChecker({
        key: SigningKey.fromHex(sequence.key_hex),
        timestamp: Number(sequence.reader_timestamp),
      });
      const framer = new MavlinkFramer();
      for (const step of sequence.frames) {
        const [frame] = framer.push(Buffer.from(step.hex, "hex"));
        assert.ok(frame);
        assert.equal(frame.signature?.timestamp, Number(step.timestamp));
        assert.equal(checker.check(frame), step.reason);
      }
    });
  }
});

test("the recorded link with signing: what the autopilot signed is found right, what was forged is refused", () => {
  const key = SigningKey.fromHex("8ade77df0c48e140f585369985eda62e383eabc5cb077aa85abe2e16059e8a3e");
  const verdicts = (direction: "from" | "to") => {
    const checker = new SignatureChecker({ key, timestamp: 0 });
    const counts: Record<string, number> = {};
    for (const frame of new MavlinkFramer().push(recordedBytes("ardupilot-signed", direction))) {
      const verdict = checker.check(frame);
      counts[verdict] = (counts[verdict] ?? 0) + 1;
    }
    return counts;
  };
  assert.deepEqual(verdicts("from"), { ok: 194, unsigned: 123 });
  // 51 have a right signature: two of them are the frame played again and the one 30 s in the past.
  assert.deepEqual(verdicts("to"), { ok: 49, old_timestamp: 2, bad_signature: 5, unsigned: 43 });
});

describe("the signer", () => {
  const plain = () => encodeMessage(timesync(), { sysid: 1, compid: 197, seq: 0 }, true);
  const timestampOf = (bytes: Buffer) => frameFromBytes(bytes).signature?.timestamp;

  test("timestamps rise although the clock stands still or falls", () => {
    const times = [1000, 1000, 400, 5000];
    const signer = new FrameSigner({ key: SigningKey.fromHex(HEX), linkId: 3, now: () => times.shift() ?? 0 });
    assert.deepEqual(
      [1, 2, 3, 4, 5].map(() => timestampOf(signer.sign(plain()))),
      [1000, 1001, 1002, 5000, 5001],
    );
    assert.equal(signer.timestamp, 5001);
  });

  test("what it signs is found right, once", () => {
    const key = SigningKey.fromHex(HEX);
    const signed = new FrameSigner({ key, linkId: 3, now: () => 777 }).sign(plain());
    const [frame] = new MavlinkFramer().push(signed);
    assert.ok(frame);
    const checker = new SignatureChecker({ key, timestamp: 0 });
    assert.equal(checker.check(frame), "ok");
    assert.equal(checker.check(frame), "replay");
    assert.equal(checker.timestamp, 777);
  });

  test("a restart goes on after the last timestamp", () => {
    const signer = new FrameSigner({ key: SigningKey.fromHex(HEX), linkId: 3, after: 9000, now: () => 5 });
    assert.equal(timestampOf(signer.sign(plain())), 9001);
  });

  test("a frame that was not encoded for signing is not signed", () => {
    const unsigned = encodeMessage(timesync(), { sysid: 1, compid: 197, seq: 0 });
    assert.throws(() => signFrame(unsigned, SigningKey.fromHex(HEX), 0, 1), /not encoded for signing/);
  });

  test("a frame may be let through unsigned by rule", () => {
    const checker = new SignatureChecker({
      key: SigningKey.fromHex(HEX),
      timestamp: 0,
      acceptUnsigned: (frame) => frame.msgid === 111,
    });
    const [frame] = new MavlinkFramer().push(encodeMessage(timesync(), { sysid: 1, compid: 1, seq: 0 }));
    const [other] = new MavlinkFramer().push(Buffer.from(VECTORS.cases[0]?.hex ?? "", "hex"));
    assert.ok(frame && other);
    assert.equal(checker.check(frame), "ok");
    assert.equal(checker.check(other), "unsigned");
  });

  test("signing time counts 10 us from 2015", () => {
    assert.equal(signingTimestamp(Date.UTC(2015, 0, 1)), 0);
    assert.equal(signingTimestamp(Date.UTC(2015, 0, 1, 0, 0, 1)), 100_000);
  });
});

describe("the key", () => {
  test("is never shown", () => {
    const key = SigningKey.fromHex(HEX);
    for (const text of [`${key}`, inspect(key, { showHidden: true, depth: 9 }), JSON.stringify({ key })]) {
      assert.ok(!text.includes(HEX.slice(0, 8)), text);
      assert.match(text, /hidden/);
    }
  });

  test("a bad key is refused without being repeated", () => {
    for (const text of ["", "abcd", `${HEX}00`, `zz${HEX.slice(2)}`]) {
      assert.throws(
        () => SigningKey.fromHex(text),
        (error: unknown) => error instanceof UserError && (text === "" || !error.message.includes(text)),
      );
    }
    assert.throws(() => new SigningKey(new Uint8Array(31)), UserError);
    assert.throws(() => new FrameSigner({ key: SigningKey.fromHex(HEX), linkId: 256 }), UserError);
  });
});
