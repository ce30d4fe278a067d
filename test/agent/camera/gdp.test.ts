import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import fc from "fast-check";
import { GdpDamage, type GdpPacket, GdpParser } from "../../../agent/camera/gdp.js";
import { gdpCrc } from "../../../agent/camera/gdp-format.js";
import { gdpBuffer, gdpCaps, gdpPacket } from "../../../sim/feed/gdp-writer.js";

function parse(chunks: readonly Uint8Array[], parser = new GdpParser()): GdpPacket[] {
  const packets: GdpPacket[] = [];
  for (const chunk of chunks) parser.push(chunk, (packet) => packets.push(packet));
  return packets;
}

/** Cuts bytes into pieces of the given sizes, over and over. */
function cut(bytes: Uint8Array, sizes: readonly number[]): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const size = Math.max(1, sizes[i % sizes.length] ?? 1);
    pieces.push(bytes.subarray(at, at + size));
    at += size;
  }
  return pieces;
}

const picture = fc.record({
  pts_ns: fc.option(fc.bigInt(0n, 2n ** 63n), { nil: null }),
  data: fc.uint8Array({ maxLength: 300 }),
  options: fc.record({ payloadCrc: fc.boolean() }),
});

describe("GdpParser", () => {
  it("reads what gdppay wrote: caps, three pictures with their times, events left out", () => {
    const parser = new GdpParser();
    const bytes = readFileSync("test/fixtures/camera/gray8-10x6.gdp");
    const [caps, ...pictures] = parse([bytes], parser);
    assert.ok(caps?.kind === "caps");
    assert.match(caps.caps, /^video\/x-raw, format=\(string\)GRAY8, width=\(int\)10, height=\(int\)6/);
    assert.ok(!caps.caps.includes("\0"));
    assert.equal(pictures.length, 3);
    const times = pictures.map((packet) => (packet.kind === "buffer" ? packet.pts_ns : null));
    assert.deepEqual(times, [1_589_428n, 101_589_428n, 201_589_428n]);
    for (const packet of pictures) assert.equal(packet.kind === "buffer" && packet.data.length, 72);
    assert.deepEqual(parser.counts, { caps: 1, buffers: 3, events: 2, skippedBytes: 0, damages: 0, badPayloads: 0 });
  });

  it("has the checksum of GStreamer", () => {
    // The check value of CRC-16/GENIBUS.
    assert.equal(gdpCrc(Buffer.from("123456789")), 0xd64e);
  });

  it("gives the same packets however the bytes are cut", () => {
    fc.assert(
      fc.property(
        fc.array(picture, { maxLength: 5 }),
        fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1 }),
        (pictures, sizes) => {
          const stream = Buffer.concat([
            gdpCaps({ pixels: "GRAY8", width_px: 4, height_px: 4 }),
            ...pictures.map(({ pts_ns, data, options }) => gdpBuffer(pts_ns, data, options)),
          ]);
          const packets = parse(cut(stream, sizes));
          assert.equal(packets.length, 1 + pictures.length);
          pictures.forEach(({ pts_ns, data }, i) => {
            assert.deepEqual(packets[i + 1], { kind: "buffer", pts_ns, data });
          });
        },
      ),
    );
  });

  it("finds every packet behind any bytes that are no packet, and counts them", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 400 }), fc.uint8Array({ maxLength: 100 }), (noise, data) => {
        const parser = new GdpParser();
        const good = gdpBuffer(7n, data);
        const packets = parse([Buffer.concat([good, noise, good, good])], parser);
        assert.equal(packets.length, 3);
        assert.equal(parser.counts.skippedBytes, noise.length);
        assert.equal(parser.counts.damages, 1);
      }),
    );
  });

  it("never throws and never hands out a changed picture when a header byte is flipped in a stream of CRCs", () => {
    const pictures = [1, 2, 3, 4].map((value) =>
      gdpBuffer(BigInt(value), new Uint8Array(90).fill(value), { payloadCrc: true }),
    );
    const stream = Buffer.concat(pictures);
    fc.assert(
      fc.property(fc.nat(stream.length - 1), fc.integer({ min: 1, max: 255 }), (at, bits) => {
        const damaged = Buffer.from(stream);
        damaged.writeUInt8(damaged.readUInt8(at) ^ bits, at);
        const packets = parse([damaged]);
        assert.ok(packets.length >= 3);
        for (const packet of packets) {
          assert.ok(packet.kind === "buffer" && packet.pts_ns !== null);
          assert.ok(packet.data.every((value) => BigInt(value) === packet.pts_ns));
        }
      }),
    );
  });

  it("goes on after bytes were lost in the middle of a picture", () => {
    const frame = (value: number): Buffer => gdpBuffer(BigInt(value), new Uint8Array(500).fill(value));
    const stream = Buffer.concat([frame(1), frame(2).subarray(0, 300), frame(3), frame(4), frame(5)]);
    const times = parse([stream]).map((packet) => (packet.kind === "buffer" ? packet.pts_ns : null));
    assert.deepEqual(times.slice(-2), [4n, 5n]);
  });

  it("ends cleanly where a damaged stream has no header CRCs", () => {
    const good = gdpBuffer(1n, new Uint8Array(10), { headerCrc: false });
    const parser = new GdpParser();
    assert.equal(parse([good, good], parser).length, 2);
    assert.throws(() => parse([Buffer.alloc(62, 9)], parser), GdpDamage);
  });

  it("takes no packet that is larger than the limit, and reserves no memory for it", () => {
    const huge = gdpBuffer(1n, new Uint8Array(10));
    huge.writeUInt32BE(0xffff_ffff, 6);
    huge.writeUInt16BE(gdpCrc(huge.subarray(0, 58)), 58);
    const before = process.memoryUsage().arrayBuffers;
    const packets = parse([huge, gdpBuffer(2n, new Uint8Array(3))]);
    assert.deepEqual(packets, [{ kind: "buffer", pts_ns: 2n, data: new Uint8Array(3) }]);
    assert.ok(process.memoryUsage().arrayBuffers - before < 64 * 2 ** 20);
  });

  it("leaves a picture out whose own CRC is wrong, skips events and unknown kinds", () => {
    const bad = gdpBuffer(1n, Buffer.from("picture"), { payloadCrc: true });
    bad.writeUInt8(0, bad.length - 1);
    const parser = new GdpParser();
    const stream = [
      bad,
      gdpPacket(200, null, Buffer.from("event")),
      gdpPacket(0, null, Buffer.alloc(0)),
      gdpBuffer(2n, Buffer.from("x")),
    ];
    assert.equal(parse(stream, parser).length, 1);
    assert.equal(parser.counts.badPayloads, 1);
    assert.equal(parser.counts.events, 1);
  });
});
