import { Tensor } from "onnxruntime-node";

/**
 * Has onnxruntime hold half floats as their bits, in a Uint16Array, on every version of Node. Where the language has
 * Float16Array (Node 24), onnxruntime-common 1.30 would make one of the bits, of which its own binding then reads nothing
 * ("not enough space: expected 7008, got 0"). It looks for that class once, when the first tensor of a thread is made:
 * that happens here, with the class out of sight.
 */
export function holdHalfFloatsAsBits(): void {
  const found = Object.getOwnPropertyDescriptor(globalThis, "Float16Array");
  if (found?.configurable !== true) return;
  Reflect.deleteProperty(globalThis, "Float16Array");
  try {
    new Tensor("float16", new Uint16Array(1), [1]);
  } finally {
    Object.defineProperty(globalThis, "Float16Array", found);
  }
}
