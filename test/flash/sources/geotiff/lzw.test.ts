import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { getDecoder } from "geotiff";
import { decodeLzw, decodePackBits } from "../../../../flash/sources/geotiff/lzw.js";
import { encodeLzw, encodePackBits } from "../../fixtures/tiff-codecs.js";

/** Bytes with repetition, as images have. */
const imagery = fc
  .array(fc.tuple(fc.integer({ min: 0, max: 255 }), fc.integer({ min: 1, max: 40 })), { minLength: 1, maxLength: 400 })
  .map((runs) =>
    Uint8Array.from(runs.flatMap(([value, count]) => Array.from({ length: count }, (_, i) => (value + (i % 3)) & 255))),
  );

test("LZW decodes what a specification's encoder writes, every code width and table resets included", () => {
  fc.assert(
    fc.property(imagery, (bytes) => {
      assert.deepEqual(decodeLzw(encodeLzw(bytes), bytes.length), bytes);
    }),
    { numRuns: 40 },
  );
  const noise = Uint8Array.from({ length: 40_000 }, (_, i) => (Math.imul(i, 2654435761) >>> 13) & 255);
  assert.deepEqual(decodeLzw(encodeLzw(noise), noise.length), noise);
});

test("LZW agrees with the geotiff package's decoder", async () => {
  const bytes = Uint8Array.from({ length: 20_000 }, (_, i) => (i * i) >> 7);
  const encoded = encodeLzw(bytes);
  const decoder = await getDecoder(5, {
    tileWidth: 100,
    tileHeight: 200,
    predictor: 1,
    bitsPerSample: [8],
    planarConfiguration: 1,
  });
  const theirs = new Uint8Array((await decoder.decode(encoded.buffer as ArrayBuffer)) as ArrayBuffer);
  assert.deepEqual(decodeLzw(encoded, bytes.length), theirs);
});

test("LZW never writes past the end, whatever comes in", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.integer({ min: 0, max: 500 }), (bytes, length) => {
      try {
        assert.ok(decodeLzw(bytes, length).length <= length);
      } catch (thrown) {
        assert.match(String(thrown), /impossible LZW code/);
      }
    }),
  );
});

test("PackBits decodes what was encoded", () => {
  fc.assert(
    fc.property(imagery, (bytes) => {
      assert.deepEqual(decodePackBits(encodePackBits(bytes), bytes.length), bytes);
    }),
    { numRuns: 40 },
  );
});
