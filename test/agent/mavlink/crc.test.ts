import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { crcExtraBehind, crcOver, crcWithExtra } from "../../../agent/mavlink/crc.js";

test("the checksum is CRC-16/MCRF4XX", () => {
  const digits = Buffer.from("123456789", "latin1");
  assert.equal(crcOver(digits, 0, digits.length), 0x6f91);
  assert.equal(crcOver(digits, 4, 9, crcOver(digits, 0, 4)), 0x6f91);
  assert.equal(crcWithExtra(crcOver(digits, 0, 8), 0x39), 0x6f91);
});

test("the CRC_EXTRA behind a checksum is found again, and is found for one checksum in 256 only", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 0xffff }), fc.integer({ min: 0, max: 255 }), (crc, extra) => {
      assert.equal(crcExtraBehind(crc, crcWithExtra(crc, extra)), extra);
    }),
  );
  let found = 0;
  for (let checksum = 0; checksum < 0x10000; checksum++) if (crcExtraBehind(0x1234, checksum) !== undefined) found++;
  assert.equal(found, 256);
});
