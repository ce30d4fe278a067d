import { common, minimal } from "node-mavlink";
import type { Vehicle } from "./identity.js";

/**
 * How an integer parameter stands in the float field of PARAM_VALUE and PARAM_SET: its own bytes (PX4), or the number as a
 * float (ArduPilot).
 */
export type ParamEncoding = "bytewise" | "c_cast";

const { MavParamType } = common;

/** The encoding of a kind of autopilot. */
export function encodingOf(vehicle: Vehicle | null): ParamEncoding {
  return vehicle?.autopilot === minimal.MavAutopilot.PX4 ? "bytewise" : "c_cast";
}

/** Smallest and largest value of the integer types that fit the field. */
const INTEGER_TYPES: ReadonlyMap<number, readonly [number, number]> = new Map([
  [MavParamType.UINT8, [0, 0xff]],
  [MavParamType.INT8, [-0x80, 0x7f]],
  [MavParamType.UINT16, [0, 0xffff]],
  [MavParamType.INT16, [-0x8000, 0x7fff]],
  [MavParamType.UINT32, [0, 0xffffffff]],
  [MavParamType.INT32, [-0x80000000, 0x7fffffff]],
]);

/** Whether parameters of this MAV_PARAM_TYPE are integers. */
export function isIntegerType(type: number): boolean {
  return INTEGER_TYPES.has(type);
}

/** The value behind the four bytes of the field, given as an int32. */
export function decodeParam(bits: number, type: number, encoding: ParamEncoding): number {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(bits, 0);
  if (encoding === "c_cast" || !isIntegerType(type)) return bytes.readFloatLE(0);
  switch (type) {
    case MavParamType.UINT8:
      return bytes.readUInt8(0);
    case MavParamType.INT8:
      return bytes.readInt8(0);
    case MavParamType.UINT16:
      return bytes.readUInt16LE(0);
    case MavParamType.INT16:
      return bytes.readInt16LE(0);
    case MavParamType.UINT32:
      return bytes.readUInt32LE(0);
    default:
      return bits;
  }
}

/** The shortest decimal that a float32 stands for: 0.1 rather than 0.10000000149011612. */
export function shortestFloat(value: number): number {
  for (let digits = 6; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return short;
  }
  return value;
}

/** The four bytes of the field for a value. Throws a RangeError if the value does not fit the type. */
export function encodeParam(value: number, type: number, encoding: ParamEncoding): Buffer {
  const range = INTEGER_TYPES.get(type);
  if (range !== undefined && !(value >= range[0] && value <= range[1])) {
    throw new RangeError(`${value} is not from ${range[0]} to ${range[1]}`);
  }
  const bytes = Buffer.alloc(4);
  if (encoding === "c_cast" || range === undefined) bytes.writeFloatLE(value, 0);
  else bytes.writeUInt32LE(value >>> 0, 0);
  return bytes;
}

/** Whether `value` is what `wanted` becomes on its way to the autopilot: a float keeps 24 bits. */
export function sameParamValue(value: number, wanted: number, type: number, encoding: ParamEncoding): boolean {
  if (encoding === "bytewise" && isIntegerType(type)) return value === wanted;
  return Math.fround(wanted) === Math.fround(value);
}
