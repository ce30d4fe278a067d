import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import fc from "fast-check";
import sharp from "sharp";
import { headingsAround, loadSquare, turnClockwise } from "../../../agent/eval/images.js";
import { UserError } from "../../../tiles/errors.js";
import { raster } from "./raster.js";
import { writeRaster } from "./small-images.js";

const dir = mkdtempSync(join(tmpdir(), "eval-images-"));
after(() => rmSync(dir, { recursive: true, force: true }));

const RED = [255, 0, 0] as const;
const BLUE = [0, 0, 255] as const;

test("a wide picture is squeezed whole, or cut to its middle", async () => {
  const path = join(dir, "wide.png");
  // 60 x 20: red in the outer thirds, blue in the middle one.
  await writeRaster(
    path,
    raster(60, 20, (x) => (x < 20 || x >= 40 ? RED : BLUE)),
  );
  const squeezed = await loadSquare({ path }, 12, "squeeze");
  assert.deepEqual([...squeezed.subarray(0, 3)], [...RED]);
  assert.deepEqual([...squeezed.subarray(6 * 3, 6 * 3 + 3)], [...BLUE]);
  const cropped = await loadSquare({ path }, 12, "crop");
  assert.equal(cropped.length, 12 * 12 * 3);
  assert.deepEqual([...cropped.subarray(6 * 3, 6 * 3 + 3)], [...BLUE]);
  assert.ok((cropped[2] ?? 0) > 200);
});

test("grey, transparent and 16-bit pictures become RGB", async () => {
  const grey = join(dir, "grey.png");
  await sharp(Buffer.alloc(64, 77), { raw: { width: 8, height: 8, channels: 1 } })
    .toColourspace("b-w")
    .toFile(grey);
  assert.deepEqual([...(await loadSquare({ path: grey }, 4, "squeeze"))], new Array(48).fill(77));
  const clear = join(dir, "clear.png");
  await sharp({ create: { width: 8, height: 8, channels: 4, background: { r: 9, g: 8, b: 7, alpha: 1 } } }).toFile(
    clear,
  );
  assert.deepEqual([...(await loadSquare({ path: clear }, 4, "squeeze")).subarray(0, 3)], [9, 8, 7]);
});

test("damaged and missing files are named", async () => {
  const whole = join(dir, "noise.jpg");
  await writeRaster(
    whole,
    raster(64, 64, (x, y) => [(x * 37) % 256, (y * 91) % 256, (x * y) % 256]),
  );
  const half = join(dir, "half.jpg");
  writeFileSync(half, readFileSync(whole).subarray(0, 900));
  for (const path of [half, join(dir, "none.jpg")]) {
    await assert.rejects(loadSquare({ path }, 8, "squeeze"), (thrown: unknown) => {
      assert.ok(thrown instanceof UserError);
      assert.ok(thrown.message.startsWith(`${path}: cannot be decoded`));
      return true;
    });
  }
});

test("a quarter turn clockwise brings the left edge to the top, exactly", () => {
  const { data } = raster(3, 3, (x, y) => [10 * x, 10 * y, 0]);
  const { rgb, valid } = turnClockwise(data, 3, 90, [1, 2, 3]);
  // The top row reads the left column from bottom to top.
  assert.deepEqual([...rgb.subarray(0, 9)], [0, 20, 0, 0, 10, 0, 0, 0, 0]);
  assert.ok(valid.every((seen) => seen === 1));
});

test("four quarter turns, and two opposite ones, give the picture back", () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 75, maxLength: 75 }), fc.constantFrom(90, 180, 270), (rgb, deg) => {
      const there = turnClockwise(rgb, 5, deg, [0, 0, 0]).rgb;
      assert.deepEqual([...turnClockwise(there, 5, -deg, [0, 0, 0]).rgb], [...rgb]);
      assert.deepEqual([...turnClockwise(there, 5, 360 - deg, [0, 0, 0]).rgb], [...rgb]);
    }),
  );
});

test("what a turn brings in is filled and not valid; the middle is", () => {
  const { data } = raster(9, 9, () => [200, 200, 200]);
  const { rgb, valid } = turnClockwise(data, 9, 45, [7, 8, 9]);
  assert.equal(valid[0], 0);
  assert.deepEqual([...rgb.subarray(0, 3)], [7, 8, 9]);
  assert.equal(valid[40], 1);
  assert.deepEqual([...rgb.subarray(120, 123)], [200, 200, 200]);
});

test("headings go evenly around", () => {
  assert.deepEqual(headingsAround(1), [0]);
  assert.deepEqual(headingsAround(4), [0, 90, 180, 270]);
});
