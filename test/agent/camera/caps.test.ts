import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { CapsError, imageOf, parseCaps } from "../../../agent/camera/caps.js";

describe("parseCaps", () => {
  it("reads caps with types, quotes, lists and fields it does not know", () => {
    const caps =
      'video/x-raw, format=(string)RGB, width=(int)640, height=(int)480, framerate=(fraction)30/1, colorimetry=(string)"1:1:5:1", x={ (int)1, (int)2 }';
    assert.deepEqual(parseCaps(caps), { format: "RGB", width_px: 640, height_px: 480 });
    assert.deepEqual(parseCaps("video/x-raw,format=GRAY8,width=10,height=6"), {
      format: "GRAY8",
      width_px: 10,
      height_px: 6,
    });
  });

  it("says what to change in the pipeline for anything else", () => {
    const refused: [string, RegExp][] = [
      ["video/x-raw(memory:NVMM), format=(string)NV12, width=(int)4, height=(int)4", /memory:NVMM.*nvvidconv/],
      ["video/x-raw, format=(string)NV12, width=(int)4, height=(int)4", /NV12.*videoconvert/],
      ["image/jpeg, width=(int)4, height=(int)4", /image\/jpeg/],
      ["video/x-raw, format=(string)RGB, width=(int)0, height=(int)4", /width is 0/],
      ["video/x-raw, format=(string)RGB, width=(int)99999, height=(int)4", /width is 99999/],
      ["video/x-raw, format=(string)RGB, width=(int)4", /height is missing/],
      ["", /empty/],
    ];
    for (const [caps, message] of refused) assert.throws(() => parseCaps(caps), { name: "CapsError", message });
  });

  it("gives a format or a CapsError for any text", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        try {
          parseCaps(`video/x-raw,${text}`);
        } catch (thrown) {
          assert.ok(thrown instanceof CapsError);
        }
      }),
    );
  });
});

describe("imageOf", () => {
  it("takes the padding out of the rows, whatever the width", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 1, max: 9 }),
        fc.constantFrom("GRAY8", "RGB"),
        (width_px, height_px, format) => {
          const row = width_px * (format === "RGB" ? 3 : 1);
          const stride = Math.ceil(row / 4) * 4;
          const data = new Uint8Array(stride * height_px).fill(255);
          for (let y = 0; y < height_px; y++) for (let x = 0; x < row; x++) data[y * stride + x] = (y * row + x) % 251;
          const image = imageOf({ format, width_px, height_px }, data);
          assert.ok(image.kind === "raw");
          assert.equal(image.data.length, row * height_px);
          assert.ok(image.data.every((value, i) => value === i % 251));
        },
      ),
    );
  });

  it("refuses a buffer that is no picture of the format", () => {
    assert.throws(() => imageOf({ format: "GRAY8", width_px: 10, height_px: 6 }, new Uint8Array(61)), /61 bytes/);
  });
});
