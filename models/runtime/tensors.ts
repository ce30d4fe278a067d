import { Tensor } from "onnxruntime-node";
import { UserError } from "../../tiles/errors.js";
import type { TensorInfo, Tensors } from "./tensor-session.js";

/** IEEE 754 half precision, read through single precision's bits. */
export function halfToFloat(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** The nearest half precision number, halves to even; too large ones become infinite. */
export function floatToHalf(value: number): number {
  if (Number.isNaN(value)) return 0x7e00;
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const size = Math.abs(value);
  if (size >= 65520) return sign | 0x7c00;
  // Below 2^-14 all halves are 2^-24 apart; above, 1024 steps to each power of two.
  const exponent = size < 2 ** -14 ? -14 : Math.min(15, Math.floor(Math.log2(size)));
  const steps = roundHalfEven(size / 2 ** (exponent - 10));
  return size < 2 ** -14 ? sign | steps : sign + ((exponent + 14) << 10) + steps;
}

function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest !== 0.5) return rest < 0.5 ? floor : floor + 1;
  return floor % 2 === 0 ? floor : floor + 1;
}

/** A tensor of numbers in the element type that an input wants: float32 or float16. */
export function floatTensor(info: TensorInfo, data: Float32Array, dims: readonly number[], path: string): Tensor {
  if (info.type === "float32") return new Tensor("float32", data, [...dims]);
  if (info.type === "float16") return new Tensor("float16", Uint16Array.from(data, floatToHalf), [...dims]);
  throw new UserError(`${path}: input ${info.name} is ${info.type}; float32 and float16 are supported`);
}

/** A tensor of whole numbers in the element type that an input wants: int64, int32, bool or a float. */
export function wholeTensor(
  info: TensorInfo,
  data: BigInt64Array | Uint8Array,
  dims: readonly number[],
  path: string,
): Tensor {
  if (info.type === "int64") return new Tensor("int64", BigInt64Array.from(data, BigInt), [...dims]);
  if (info.type === "int32") return new Tensor("int32", Int32Array.from(data, Number), [...dims]);
  if (info.type === "bool") return new Tensor("bool", Uint8Array.from(data, Number), [...dims]);
  return floatTensor(info, Float32Array.from(data, Number), dims, path);
}

/** The numbers of an output of float32 or float16. */
export function floatsOf(tensor: Tensor, name: string, path: string): Float32Array {
  const { data } = tensor;
  if (data instanceof Float32Array) return data;
  if (tensor.type === "float16" && ArrayBuffer.isView(data)) {
    const bits = new Uint16Array(data.buffer, data.byteOffset, data.byteLength / 2);
    return Float32Array.from(bits, halfToFloat);
  }
  throw new UserError(`${path}: output ${name} is ${tensor.type}; float32 and float16 are supported`);
}

/** The output of this name. @throws UserError when the graph has none */
export function outputNamed(outputs: Tensors, name: string, path: string): Tensor {
  const tensor = outputs[name];
  if (tensor === undefined) {
    throw new UserError(`${path}: has no output ${name}; it has ${Object.keys(outputs).join(", ")}`);
  }
  return tensor;
}

/** An empty tensor, or one repeated along its first axis of length 1; any element type. */
export function repeatFirst(tensor: Tensor, times: number): Tensor {
  if (times === 1) return tensor;
  const { data, dims, type } = tensor;
  if (!ArrayBuffer.isView(data) || (type !== "float32" && type !== "float16")) {
    throw new UserError(`a cache of ${type} cannot be repeated; float32 and float16 are supported`);
  }
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  const out = new Uint8Array(bytes.length * times);
  for (let i = 0; i < times; i++) out.set(bytes, i * bytes.length);
  const shape = [times, ...dims.slice(1)];
  if (type === "float32") return new Tensor("float32", new Float32Array(out.buffer), shape);
  return new Tensor("float16", new Uint16Array(out.buffer), shape);
}

/** An empty tensor of a float type. */
export function emptyFloats(info: TensorInfo, dims: readonly number[], path: string): Tensor {
  return floatTensor(info, new Float32Array(0), dims, path);
}
