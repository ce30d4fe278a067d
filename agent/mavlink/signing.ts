import { createHash, timingSafeEqual } from "node:crypto";
import { inspect } from "node:util";
import { UserError } from "../../tiles/errors.js";
import type { MavlinkFrame } from "./frame.js";
import { INCOMPAT_SIGNED, SIGNATURE_BYTES } from "./frame.js";

/**
 * Signing of MAVLink 2 frames: https://mavlink.io/en/guide/message_signing.html
 *
 * A signature is the first 48 bits of SHA-256(key, frame with its checksum, link id, timestamp). Timestamps count 10 us
 * since 2015-01-01 and must rise within a stream (link id, system, component): that is what refuses a replayed frame.
 */

const EPOCH_MS = Date.UTC(2015, 0, 1);
/** One minute: how far behind the clock of the reader a stream may begin. */
const NEW_STREAM_BEHIND = 6_000_000;
const KEY_BYTES = 32;
const VALUE_BYTES = 6;
/** Only holders of the key can open streams, and a vehicle has few. */
const MAX_STREAMS = 1024;

/** Signing timestamp of a Unix time in milliseconds: units of 10 us since 2015-01-01T00:00:00Z. */
export function signingTimestamp(unix_ms: number): number {
  return Math.max(0, Math.floor((unix_ms - EPOCH_MS) * 100));
}

/** The shared secret. It cannot be printed, logged or turned into JSON by accident. */
export class SigningKey {
  readonly #bytes: Buffer;

  /** `bytes`: the 32 bytes of the key, copied. Throws a UserError that does not repeat them. */
  constructor(bytes: Uint8Array) {
    if (bytes.length !== KEY_BYTES) {
      throw new UserError(
        `MAVLink signing key: ${bytes.length} bytes; it must be ${KEY_BYTES} (64 hexadecimal digits)`,
      );
    }
    this.#bytes = Buffer.from(bytes);
  }

  /** A key from 64 hexadecimal digits, white space around them ignored. */
  static fromHex(text: string): SigningKey {
    const digits = text.trim();
    if (!/^[0-9a-fA-F]{64}$/.test(digits)) {
      throw new UserError("MAVLink signing key: it must be 64 hexadecimal digits (32 bytes)");
    }
    return new SigningKey(Buffer.from(digits, "hex"));
  }

  /** The signature of `signed`: the frame up to and with the timestamp. */
  sign(signed: Uint8Array): Buffer {
    return createHash("sha256").update(this.#bytes).update(signed).digest().subarray(0, VALUE_BYTES);
  }

  toString(): string {
    return "SigningKey(hidden)";
  }

  toJSON(): string {
    return this.toString();
  }

  [inspect.custom](): string {
    return this.toString();
  }
}

/**
 * Completes a frame made by `encodeMessage(message, header, true)`.
 *
 * `linkId`: 0..255, one for each link of the sender. `timestamp`: higher than any that this sender used on this link.
 */
export function signFrame(frame: Buffer, key: SigningKey, linkId: number, timestamp: number): Buffer {
  if (((frame[2] ?? 0) & INCOMPAT_SIGNED) === 0) throw new Error("the frame was not encoded for signing");
  const signed = Buffer.alloc(frame.length + SIGNATURE_BYTES);
  frame.copy(signed);
  signed.writeUInt8(linkId, frame.length);
  signed.writeUIntLE(timestamp, frame.length + 1, 6);
  const valueAt = frame.length + SIGNATURE_BYTES - VALUE_BYTES;
  key.sign(signed.subarray(0, valueAt)).copy(signed, valueAt);
  return signed;
}

/** Signs the frames of one sender on one link, with timestamps that always rise. */
export class FrameSigner {
  readonly #key: SigningKey;
  readonly #linkId: number;
  readonly #now: () => number;
  readonly #beforeUse: (timestamp: number) => void;
  #timestamp: number;

  /**
   * `after`: the last timestamp used before a restart. `now`: the present as a signing timestamp; when it does not rise,
   * timestamps go up by one for each frame. `beforeUse` is told each timestamp before it is used.
   */
  constructor(options: {
    key: SigningKey;
    linkId: number;
    after?: number;
    now?: () => number;
    beforeUse?: (timestamp: number) => void;
  }) {
    if (!Number.isInteger(options.linkId) || options.linkId < 0 || options.linkId > 255) {
      throw new UserError(`MAVLink signing link id: ${options.linkId} is not an integer from 0 to 255`);
    }
    this.#key = options.key;
    this.#linkId = options.linkId;
    this.#now = options.now ?? (() => signingTimestamp(Date.now()));
    this.#beforeUse = options.beforeUse ?? (() => undefined);
    this.#timestamp = options.after ?? 0;
  }

  /** The timestamp used last: to be kept over restarts. */
  get timestamp(): number {
    return this.#timestamp;
  }

  /** The clock moved on: a reader that accepted a later timestamp tells its own sender. */
  advanceTo(timestamp: number): void {
    this.#timestamp = Math.max(this.#timestamp, timestamp);
  }

  sign(frame: Buffer): Buffer {
    this.#timestamp = Math.max(this.#timestamp + 1, this.#now());
    this.#beforeUse(this.#timestamp);
    return signFrame(frame, this.#key, this.#linkId, this.#timestamp);
  }
}

/** Why a frame is taken or not. */
export type SignatureVerdict = "ok" | "unsigned" | "bad_signature" | "replay" | "old_timestamp";

/** Checks the frames that arrive. Nothing that is refused changes what will be accepted later. */
export class SignatureChecker {
  readonly #key: SigningKey;
  readonly #acceptUnsigned: (frame: MavlinkFrame) => boolean;
  /** link id, system, component -> last timestamp. */
  readonly #streams: Map<number, number>;
  #timestamp: number;

  /**
   * `timestamp`: the clock of the reader as a signing timestamp, at least the last one seen before a restart.
   * `acceptUnsigned`: which frames may come without a signature; none by default (e.g. RADIO_STATUS of a modem).
   * `streams`: those of before a restart, as `streams` told them.
   */
  constructor(options: {
    key: SigningKey;
    timestamp: number;
    acceptUnsigned?: (frame: MavlinkFrame) => boolean;
    streams?: Iterable<readonly [number, number]>;
  }) {
    this.#key = options.key;
    this.#streams = new Map(options.streams);
    this.#timestamp = options.timestamp;
    this.#acceptUnsigned = options.acceptUnsigned ?? (() => false);
  }

  /** The latest time known: to be kept over restarts. */
  get timestamp(): number {
    return this.#timestamp;
  }

  /** The last timestamp of each stream (link id x 65536 + system x 256 + component): to be kept over restarts. */
  get streams(): ReadonlyMap<number, number> {
    return this.#streams;
  }

  /** Time passes; it never goes back. */
  advanceTo(timestamp: number): void {
    this.#timestamp = Math.max(this.#timestamp, timestamp);
  }

  check(frame: MavlinkFrame): SignatureVerdict {
    const { signature, bytes } = frame;
    if (signature === null) return this.#acceptUnsigned(frame) ? "ok" : "unsigned";
    const expected = this.#key.sign(bytes.subarray(0, bytes.length - VALUE_BYTES));
    if (!timingSafeEqual(expected, signature.value)) return "bad_signature";

    const stream = (signature.linkId << 16) | (frame.sysid << 8) | frame.compid;
    const last = this.#streams.get(stream);
    if (last !== undefined && signature.timestamp === last) return "replay";
    if (last !== undefined && signature.timestamp < last) return "old_timestamp";
    if (last === undefined && signature.timestamp < this.#timestamp - NEW_STREAM_BEHIND) return "old_timestamp";
    if (last === undefined && this.#streams.size >= MAX_STREAMS) return "old_timestamp";
    this.#streams.set(stream, signature.timestamp);
    this.advanceTo(signature.timestamp);
    return "ok";
  }
}
