import { type MavLinkData, type MavLinkPacketField, MavLinkProtocolV2 } from "node-mavlink";
import { crcOver, crcWithExtra } from "./crc.js";
import { CHECKSUM_BYTES, HEADER_V2_BYTES, INCOMPAT_SIGNED, MAX_PAYLOAD_BYTES, type MavlinkFrame } from "./frame.js";
import { MESSAGES, type MessageClass, type MessageTable } from "./messages/registry.js";

/** Who sends a frame, and its place in the sender's sequence. */
export interface FrameHeader {
  readonly sysid: number;
  readonly compid: number;
  /** 0..255, one more for each frame of this sender on this link. */
  readonly seq: number;
}

const INTEGER_RANGES: Readonly<Record<string, readonly [number, number]>> = {
  char: [0, 0xff],
  int8_t: [-0x80, 0x7f],
  uint8_t: [0, 0xff],
  uint8_t_mavlink_version: [0, 0xff],
  int16_t: [-0x8000, 0x7fff],
  uint16_t: [0, 0xffff],
  int32_t: [-0x80000000, 0x7fffffff],
  uint32_t: [0, 0xffffffff],
};

const BIGINT_RANGES: Readonly<Record<string, readonly [bigint, bigint]>> = {
  int64_t: [-(2n ** 63n), 2n ** 63n - 1n],
  uint64_t: [0n, 2n ** 64n - 1n],
};

const LARGEST_FLOAT32 = 3.4028234663852886e38;

function describe(value: unknown): string {
  if (typeof value === "bigint") return `${value}n`;
  return typeof value === "string" ? JSON.stringify(value) : String(value);
}

/** Why `value` cannot stand in a field of this element type, or null. */
function elementProblem(type: string, value: unknown): string | null {
  const integers = INTEGER_RANGES[type];
  if (integers !== undefined) {
    if (typeof value === "number" && Number.isInteger(value) && value >= integers[0] && value <= integers[1])
      return null;
    return `${describe(value)} is not an integer from ${integers[0]} to ${integers[1]}`;
  }
  const bigints = BIGINT_RANGES[type];
  if (bigints !== undefined) {
    if (typeof value === "bigint" && value >= bigints[0] && value <= bigints[1]) return null;
    return `${describe(value)} is not a bigint from ${bigints[0]} to ${bigints[1]}`;
  }
  if (typeof value !== "number") return `${describe(value)} is not a number`;
  // NaN and the infinities are values of a float field; a finite number that would become infinite is a mistake.
  if (type === "float" && Number.isFinite(value) && Math.abs(value) > LARGEST_FLOAT32) {
    return `${value} does not fit a 32-bit float`;
  }
  return null;
}

function isArrayLike(value: unknown): value is ArrayLike<unknown> {
  return Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView));
}

/** Why `value` cannot stand in `field`, or null. */
function fieldProblem(field: MavLinkPacketField, value: unknown): string | null {
  if (field.type === "char[]") {
    if (typeof value !== "string") return `${describe(value)} is not a string`;
    if (value.length > field.length) return `${value.length} characters do not fit into ${field.length}`;
    for (let i = 0; i < value.length; i++) {
      const code = value.charCodeAt(i);
      if (code === 0 || code > 0xff) return `character ${i} (code ${code}) is not one byte from 1 to 255`;
    }
    return null;
  }
  if (!field.type.endsWith("[]")) return elementProblem(field.type, value);
  if (!isArrayLike(value) || value.length !== field.length) return `not an array of ${field.length} values`;
  for (let i = 0; i < field.length; i++) {
    const problem = elementProblem(field.type.slice(0, -2), value[i]);
    if (problem !== null) return `element ${i}: ${problem}`;
  }
  return null;
}

/** The class of a message instance. */
export function classOf(message: MavLinkData): MessageClass {
  return message.constructor as unknown as MessageClass;
}

/**
 * Throws a RangeError that names message and field unless every field holds a value that the wire can carry. The
 * serialiser below this would let a fraction into an integer field, `undefined` into a float field and a short array
 * into any, all silently.
 */
export function assertEncodable(message: MavLinkData): void {
  const { MSG_NAME, FIELDS } = classOf(message);
  const values = message as unknown as Readonly<Record<string, unknown>>;
  for (const field of FIELDS) {
    const problem = fieldProblem(field, values[field.name]);
    if (problem !== null) throw new RangeError(`${MSG_NAME}.${field.source}: ${problem}`);
  }
}

/**
 * A message as a MAVLink 2 frame, not signed, trailing zeros of the payload cut off.
 *
 * With `forSigning` the "signed" flag is set, which the checksum covers: the result is what `signFrame` completes.
 * Throws a RangeError if a field holds what the wire cannot carry.
 */
export function encodeMessage(message: MavLinkData, header: FrameHeader, forSigning = false): Buffer {
  assertEncodable(message);
  const flags = forSigning ? INCOMPAT_SIGNED : 0;
  const bytes = new MavLinkProtocolV2(header.sysid, header.compid, flags, 0).serialize(message, header.seq);
  return bytes[1] === 0 ? withOneByte(bytes, classOf(message).MAGIC_NUMBER) : bytes;
}

/** A frame without payload with the one byte that MAVLink 2 senders must keep; the serialiser cuts it off too. */
function withOneByte(empty: Buffer, crcExtra: number): Buffer {
  const bytes = Buffer.alloc(HEADER_V2_BYTES + 1 + CHECKSUM_BYTES);
  empty.copy(bytes, 0, 0, HEADER_V2_BYTES);
  bytes.writeUInt8(1, 1);
  const checked = HEADER_V2_BYTES + 1;
  bytes.writeUInt16LE(crcWithExtra(crcOver(bytes, 1, checked), crcExtra), checked);
  return bytes;
}

const reader = new MavLinkProtocolV2();

/** Reads a frame as a message of this class: bytes that are not there read as 0, bytes too many are ignored. */
export function decodeAs<T extends MavLinkData>(frame: MavlinkFrame, messageClass: MessageClass<T>): T {
  if (frame.msgid !== messageClass.MSG_ID) {
    throw new Error(`message ${frame.msgid} is not ${messageClass.MSG_NAME} (${messageClass.MSG_ID})`);
  }
  const payload = Buffer.alloc(MAX_PAYLOAD_BYTES);
  frame.payload.copy(payload);
  return reader.data(payload, messageClass);
}

/** Reads a frame as the message that its id stands for, or null if the table does not have it. */
export function decodeFrame(frame: MavlinkFrame, table: MessageTable = MESSAGES): MavLinkData | null {
  const definition = table.get(frame.msgid);
  return definition === undefined ? null : decodeAs(frame, definition.messageClass);
}
