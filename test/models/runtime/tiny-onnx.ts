/** A one-node ONNX model, written by hand: enough to see exactly what a graph was fed. */
export interface TinyGraph {
  readonly op: "Flatten" | "ReduceMean";
  /** Numbers, or names of free dimensions. */
  readonly input: readonly (number | string)[];
  readonly output: readonly (number | string)[];
  /** ReduceMean: the axes that vanish. */
  readonly axes?: readonly number[];
}

/** The bytes of a model with input "x" and output "y" (onnx.proto, IR version 8, operators of version 13). */
export function tinyOnnx({ op, input, output, axes }: TinyGraph): Uint8Array {
  const attributes =
    axes === undefined
      ? []
      : [
          field(5, [...text(1, "axes"), ...axes.flatMap((axis) => number(8, axis)), ...number(20, 7)]),
          field(5, [...text(1, "keepdims"), ...number(3, 0), ...number(20, 2)]),
        ];
  const node = [...text(1, "x"), ...text(2, "y"), ...text(4, op), ...attributes.flat()];
  const graph = [...field(1, node), ...text(2, "g"), ...field(11, value("x", input)), ...field(12, value("y", output))];
  const opset = [...text(1, ""), ...number(2, 13)];
  return Uint8Array.from([...number(1, 8), ...field(7, graph), ...field(8, opset)]);
}

function value(name: string, dims: readonly (number | string)[]): number[] {
  const shape = dims.flatMap((dim) => field(1, typeof dim === "number" ? number(1, dim) : text(2, dim)));
  const tensor = [...number(1, 1), ...field(2, shape)];
  return [...text(1, name), ...field(2, field(1, tensor))];
}

function varint(value: number): number[] {
  const out: number[] = [];
  let rest = value;
  for (; rest > 127; rest >>>= 7) out.push((rest & 127) | 128);
  return [...out, rest];
}

const number = (tag: number, value: number): number[] => [...varint(tag << 3), ...varint(value)];
const field = (tag: number, bytes: readonly number[]): number[] => [
  ...varint((tag << 3) | 2),
  ...varint(bytes.length),
  ...bytes,
];
const text = (tag: number, value: string): number[] => field(tag, [...Buffer.from(value)]);
