import assert from "node:assert/strict";
import { test } from "node:test";
import { Tensor } from "onnxruntime-node";
import "../../../models/runtime/native-session.js";

test("half floats stay bits on every version of Node, and the language's own class stays where it was", () => {
  const before = Reflect.has(globalThis, "Float16Array");
  const { data } = new Tensor("float16", Uint16Array.of(0x3c00, 0xc000), [2]);
  assert.ok(data instanceof Uint16Array);
  assert.deepEqual([...data], [0x3c00, 0xc000]);
  assert.equal(Reflect.has(globalThis, "Float16Array"), before);
});
