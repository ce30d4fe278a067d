import assert from "node:assert/strict";
import { test } from "node:test";
import { imageType } from "../../../tiles/pack/image-type.js";

test("images are known by their first bytes", () => {
  assert.equal(imageType(Buffer.from("ffd8ffe000104a464946", "hex")), "jpg");
  assert.equal(imageType(Buffer.from("89504e470d0a1a0a", "hex")), "png");
  assert.equal(imageType(Buffer.from("524946462400000057454250", "hex")), "webp");
  assert.equal(imageType(Buffer.from("5249464624000000", "hex")), undefined);
  assert.equal(imageType(Buffer.alloc(0)), undefined);
});
