import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { common } from "node-mavlink";
import { decodeAs, decodeFrame, encodeMessage } from "../../../agent/mavlink/codec.js";
import { crcOver, crcWithExtra } from "../../../agent/mavlink/crc.js";
import { MAX_FRAME_BYTES, type MavlinkFrame } from "../../../agent/mavlink/frame.js";
import { type FramerCounts, MavlinkFramer } from "../../../agent/mavlink/framer.js";
import { MESSAGES } from "../../../agent/mavlink/messages/registry.js";
import { type RecordedChunk, readIndex, readRecording, recordedBytes, VECTORS } from "./fixtures.js";

function nameOf(frame: MavlinkFrame): string {
  return MESSAGES.get(frame.msgid)?.name ?? `unknown ${frame.msgid}`;
}

function framesOf(bytes: Uint8Array): MavlinkFrame[] {
  const framer = new MavlinkFramer();
  return [...framer.push(bytes), ...framer.flush()];
}

/** The bytes in pieces of these sizes, taken in turn. */
function* pieces(bytes: Uint8Array, sizes: readonly number[]): Generator<Uint8Array> {
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const size = Math.max(1, sizes[i % sizes.length] ?? 1);
    yield bytes.subarray(at, at + size);
    at += size;
  }
}

describe("frames of the vectors", () => {
  for (const { name, hex } of VECTORS.cases) {
    test(name, () => {
      const bytes = Buffer.from(hex, "hex");
      const [frame, ...more] = framesOf(bytes);
      assert.ok(frame);
      assert.deepEqual(more, []);
      assert.deepEqual(frame.bytes, bytes);
    });
  }
});

describe("bad frames of the vectors", () => {
  /** The counter that must have moved, for each reason that a framer can see. */
  const counterOf: Readonly<Record<string, keyof FramerCounts>> = {
    bad_crc: "badCrc",
    incompat_flags: "incompatFlags",
    truncated: "truncated",
    unknown_message: "unknownMessage",
    mavlink1: "framesV1",
    resync: "bytesDropped",
    ok: "frames",
    mixed: "frames",
  };
  // Signatures are none of the framer's business: signing.test.ts takes those with a key.
  for (const bad of VECTORS.bad_frames.filter((entry) => entry.key_hex === undefined)) {
    test(bad.name, () => {
      const framer = new MavlinkFramer();
      const frames = [...framer.push(Buffer.from(bad.hex, "hex")), ...framer.flush()];
      assert.deepEqual(frames.map(nameOf), bad.decodes);
      assert.equal(frames.length > 0, bad.accept);
      const counter = counterOf[bad.reason];
      assert.ok(counter, `no counter for ${bad.reason}`);
      assert.ok(framer.counts[counter] > 0, `${counter} is 0`);
      assert.equal(framer.pendingBytes, 0);
      if (bad.fields !== undefined) {
        const [frame] = frames;
        assert.ok(frame);
        const message = decodeFrame(frame) as unknown as Record<string, unknown>;
        for (const field of MESSAGES.get(frame.msgid)?.messageClass.FIELDS ?? []) {
          assert.equal(message[field.name], bad.fields[field.source], field.source);
        }
      }
    });
  }

  test("nothing is given out while the rest of a frame may still come", () => {
    for (const bad of VECTORS.bad_frames.filter((entry) => entry.reason === "truncated")) {
      const framer = new MavlinkFramer();
      assert.deepEqual(framer.push(Buffer.from(bad.hex, "hex")), []);
      assert.ok(framer.pendingBytes > 0);
      assert.equal(framer.counts.bytesDropped, 0);
    }
  });

  test("a false start delays the frames behind it no longer than it claims", () => {
    const bad = VECTORS.bad_frames.find((entry) => entry.name === "noise with a false MAVLink 2 start");
    assert.ok(bad);
    const framer = new MavlinkFramer();
    assert.deepEqual(framer.push(Buffer.from(bad.hex, "hex")), []);
    assert.deepEqual(framer.push(new Uint8Array(MAX_FRAME_BYTES)).map(nameOf), bad.decodes);
  });
});

describe("recordings of autopilots", () => {
  const recordings = [
    "ardupilot-copter",
    "ardupilot-plane",
    "ardupilot-signed",
    "px4-quad",
    "px4-quad-dropout",
  ] as const;
  for (const name of recordings) {
    for (const direction of ["from", "to"] as const) {
      test(`${name}, ${direction} the autopilot: every frame, none too many`, () => {
        const index = readIndex(name);
        const framer = new MavlinkFramer();
        const counted = new Map<string, number>();
        const chunks: RecordedChunk[] = readRecording(name).filter((chunk) => chunk.direction === direction);
        for (const { bytes } of chunks) {
          for (const frame of framer.push(bytes)) {
            const key = `${frame.msgid} ${frame.sysid}/${frame.compid}`;
            counted.set(key, (counted.get(key) ?? 0) + 1);
          }
        }
        const expected = index.counts.filter((entry) => entry.direction === `${direction}_autopilot`);
        const known = expected.filter((entry) => MESSAGES.has(entry.msgid));
        const unknown = expected.filter((entry) => !MESSAGES.has(entry.msgid));
        assert.deepEqual(
          counted,
          new Map(known.map((entry) => [`${entry.msgid} ${entry.sysid}/${entry.compid}`, entry.count])),
          "counts by message and sender",
        );
        const unknownFrames = unknown.reduce((sum, entry) => sum + entry.count, 0);
        assert.equal(framer.counts.unknownMessage, unknownFrames);
        assert.equal(framer.counts.frames + unknownFrames, index.frames[`${direction}_autopilot`]);
        assert.equal(framer.counts.badCrc, 0);
        assert.equal(framer.pendingBytes, 0);
        if (unknown.length === 0) assert.equal(framer.counts.bytesDropped, 0);
      });
    }
  }

  test("the size of the pieces does not matter", () => {
    const bytes = recordedBytes("px4-quad", "from").subarray(0, 60_000);
    const whole = framesOf(bytes);
    assert.ok(whole.length > 800);
    for (const sizes of [[1], [7], [279, 3], [281], [4096]]) {
      const framer = new MavlinkFramer();
      const frames = [...pieces(bytes, sizes)].flatMap((piece) => framer.push(piece));
      frames.push(...framer.flush());
      assert.deepEqual(
        frames.map((frame) => frame.bytes),
        whole.map((frame) => frame.bytes),
      );
    }
  });
});

describe("unknown messages", () => {
  /** A MAVLink 2 frame of message 54321 (CRC_EXTRA 123), which nobody knows, around these bytes. */
  function unknownFrame(payload: Uint8Array): Buffer {
    const bytes = Buffer.alloc(12 + payload.length);
    bytes.set([0xfd, payload.length, 0, 0, 7, 1, 1], 0);
    bytes.writeUIntLE(54321, 7, 3);
    bytes.set(payload, 10);
    const checked = 10 + payload.length;
    bytes.writeUInt16LE(crcWithExtra(crcOver(bytes, 1, checked), 123), checked);
    return bytes;
  }
  const heartbeat = Buffer.from(VECTORS.cases[0]?.hex ?? "", "hex");

  test("are skipped whole once the same message was seen with the same CRC_EXTRA", () => {
    const framer = new MavlinkFramer();
    // AIRSPEED (295) is newer than the message table.
    framer.push(recordedBytes("ardupilot-plane", "from"));
    assert.equal(framer.counts.unknownMessage, 85);
    assert.equal(framer.counts.bytesDropped, 24, "the first one was searched, the others were skipped");

    framer.push(unknownFrame(Buffer.alloc(20)));
    assert.deepEqual(framer.push(unknownFrame(heartbeat)), [], "what is inside is not given out");
    assert.deepEqual(framer.push(unknownFrame(heartbeat)), [], "not when the next one follows either");
    assert.deepEqual(framer.push(heartbeat).map(nameOf), ["HEARTBEAT"]);
    assert.deepEqual(framer.flush(), []);
  });

  test("many of them do not fill the memory", () => {
    const framer = new MavlinkFramer();
    for (let msgid = 60_000; msgid < 61_000; msgid++) {
      const frame = unknownFrame(Buffer.alloc(4));
      frame.writeUIntLE(msgid, 7, 3);
      frame.writeUInt16LE(crcWithExtra(crcOver(frame, 1, 14), 9), 14);
      framer.push(frame);
    }
    framer.flush();
    assert.equal(framer.counts.unknownMessage, 1000);
    assert.equal(framer.counts.frames, 0);
  });

  test("one random match does not make the framer skip", () => {
    // The header claims 30 bytes of message 0xABCDEF; behind it stand intact frames.
    const good = Buffer.concat(VECTORS.cases.slice(0, 8).map((entry) => Buffer.from(entry.hex, "hex")));
    const bad = VECTORS.bad_frames.find((entry) => entry.true_msgid === 0xabcdef);
    assert.ok(bad);
    const header = Buffer.from(bad.hex, "hex").subarray(0, 10);
    for (let checksum = 0; checksum < 0x10000; checksum += 97) {
      const body = Buffer.from(good);
      const stream = Buffer.concat([header, body]);
      const frames = framesOf(stream);
      assert.equal(frames.length, 8);
    }
  });
});

describe("noise", () => {
  const frames = VECTORS.cases.map((entry) => Buffer.from(entry.hex, "hex"));
  const anyFrame = fc.constantFrom(...frames);
  const anyNoise = fc.oneof(
    fc.uint8Array({ maxLength: 40 }),
    // Noise made to look like starts of frames.
    fc
      .array(fc.constantFrom(0xfd, 0xfe, 0, 1, 9, 0x1c, 30, 0xff), { maxLength: 40 })
      .map((bytes) => Uint8Array.from(bytes)),
    // Frames with a flipped bit or cut short.
    fc.tuple(anyFrame, fc.nat(), fc.nat()).map(([frame, where, keep]) => {
      const damaged = Buffer.from(frame);
      const at = where % damaged.length;
      damaged[at] = (damaged[at] ?? 0) ^ (1 << (keep % 8));
      return damaged;
    }),
    fc.tuple(anyFrame, fc.nat()).map(([frame, keep]) => frame.subarray(0, keep % frame.length)),
  );

  test("every intact packet comes out of random and mutated noise, in order, however the bytes are cut", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(anyNoise, fc.array(anyFrame, { maxLength: 3 })), { maxLength: 12 }),
        anyNoise,
        fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 6 }),
        (parts, tail, sizes) => {
          const intact = parts.flatMap(([, packets]) => packets);
          const stream = Buffer.concat([...parts.flatMap(([noise, packets]) => [noise, ...packets]), tail]);
          const framer = new MavlinkFramer();
          const found: MavlinkFrame[] = [];
          for (const piece of pieces(stream, sizes)) {
            found.push(...framer.push(piece));
            assert.ok(framer.pendingBytes < MAX_FRAME_BYTES);
          }
          found.push(...framer.flush());
          // Noise can hold frames of its own (a cut frame may be a whole one short of nothing), so: a subsequence.
          let next = 0;
          for (const frame of found) if (intact[next]?.equals(frame.bytes)) next++;
          assert.equal(next, intact.length, `${next} of ${intact.length} packets came out`);
          const { counts } = framer;
          const given = found.reduce((sum, frame) => sum + frame.bytes.length, 0);
          assert.equal(counts.bytes, stream.length);
          assert.ok(given + counts.bytesDropped <= stream.length);
        },
      ),
      { numRuns: 1500, seed: 20261122 },
    );
  });

  test("nothing throws and at most one frame is held, whatever the bytes", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 700 }), { maxLength: 8 }), (chunks) => {
        const framer = new MavlinkFramer();
        for (const chunk of chunks) {
          framer.push(chunk);
          assert.ok(framer.pendingBytes <= MAX_FRAME_BYTES);
        }
        framer.flush();
        assert.equal(framer.pendingBytes, 0);
      }),
    );
  });

  // SKYLINK_NOISE_MB=100 makes it the long run.
  const megabytes = Number(process.env.SKYLINK_NOISE_MB ?? "4");
  for (const kind of ["random", "mutated"] as const) {
    test(`${megabytes} MB of ${kind} bytes: every intact packet comes out, memory stays flat`, (t) => {
      let state = kind === "random" ? 20261122 : 22112026;
      const random = (below: number): number => {
        // xorshift32
        state ^= state << 13;
        state ^= state >>> 17;
        state ^= state << 5;
        return (state >>> 0) % below;
      };
      const damaged = (): Buffer => {
        if (kind === "random") return Buffer.from(Array.from({ length: random(400) }, () => random(256)));
        const frame = Buffer.from(frames[random(frames.length)] ?? []);
        for (let flips = 1 + random(4); flips > 0; flips--) frame[random(frame.length)] = random(256);
        return frame.subarray(0, random(4) === 0 ? random(frame.length) : frame.length);
      };
      // Intact packets are those of one sender that nothing else comes from, numbered in ts1.
      const sender = { sysid: 77, compid: 33 };
      const packet = (number: number): Buffer =>
        encodeMessage(
          Object.assign(new common.TimeSync(), { tc1: 1n, ts1: BigInt(number), targetSystem: 9, targetComponent: 9 }),
          {
            ...sender,
            seq: number & 0xff,
          },
        );
      const framer = new MavlinkFramer();
      let intact = 0;
      let pieces = 0;
      let recovered = 0;
      let next = 0;
      const take = (found: readonly MavlinkFrame[]) => {
        for (const frame of found) {
          if (frame.msgid !== 111 || frame.sysid !== sender.sysid || frame.compid !== sender.compid) continue;
          const number = Number(decodeAs(frame, common.TimeSync).ts1);
          assert.ok(number >= next && number < intact, `packet ${number} came after ${next - 1}`);
          next = number + 1;
          recovered++;
        }
      };
      let before = 0;
      for (let rounds = 0; framer.counts.bytes < megabytes * 1e6; rounds++) {
        const parts = Array.from({ length: 200 }, () => {
          if (random(2) === 0) return packet(intact++);
          pieces++;
          return damaged();
        });
        take(framer.push(Buffer.concat(parts)));
        assert.ok(framer.pendingBytes <= MAX_FRAME_BYTES);
        if (rounds === 20) before = process.memoryUsage().arrayBuffers;
      }
      take(framer.flush());
      t.diagnostic(`${recovered} of ${intact} packets among ${pieces} pieces of noise`);
      // A checksum of 16 bits lets one damaged frame in 65536 pass, and it may end inside an intact one.
      assert.ok(intact - recovered <= Math.floor(pieces / 65536), `${intact - recovered} of ${intact} packets lost`);
      assert.ok(process.memoryUsage().arrayBuffers - before < 16e6);
    });
  }
});
