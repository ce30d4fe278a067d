import { crcExtraBehind, crcOver, crcWithExtra } from "./crc.js";
import {
  CHECKSUM_BYTES,
  frameFromBytes,
  HEADER_V1_BYTES,
  HEADER_V2_BYTES,
  INCOMPAT_SIGNED,
  MAX_FRAME_BYTES,
  type MavlinkFrame,
  SIGNATURE_BYTES,
  START_V1,
  START_V2,
} from "./frame.js";
import { MESSAGES, type MessageTable } from "./messages/registry.js";

/** What a framer has seen so far. Everything it dropped is in one of these, with the reason. */
export interface FramerCounts {
  bytes: number;
  /** Whole frames given out. */
  frames: number;
  /** How many of `frames` were MAVLink 1. */
  framesV1: number;
  /** Bytes that belong to no frame given out and to no whole frame set aside (the next three). */
  bytesDropped: number;
  /** Frames of messages that we do not know, with a checksum that fits some definition. */
  unknownMessage: number;
  /** Frames with a right checksum and an incompatibility flag that we do not know. */
  incompatFlags: number;
  /** Starts of known messages whose checksum was wrong. */
  badCrc: number;
  /** Starts that cannot be a frame: no definition fits the checksum, or the length is impossible. */
  falseStarts: number;
  /** Starts that were still waiting for bytes when the input ended or paused (`flush`). */
  truncated: number;
}

/** What the bytes at a start marker are: not enough of them yet, no frame, or `length` bytes that belong together. */
type Verdict =
  | { readonly kind: "wait" }
  | { readonly kind: "none" }
  | { readonly kind: "frame" | "skip"; length: number };
const WAIT: Verdict = { kind: "wait" };
const NONE: Verdict = { kind: "none" };

/** What is looked at together: a whole frame and what may hide behind its end. Only one frame of it is ever kept. */
const WINDOW_BYTES = 4 * MAX_FRAME_BYTES;

/** How many unknown messages a framer remembers the definition of. */
const REMEMBERED_UNKNOWN = 64;

/**
 * Finds MAVLink 1 and 2 frames in a stream of bytes.
 *
 * It holds at most one frame (280 bytes), whatever arrives. After bytes that are no frame it looks again from the very
 * next byte, so that a false start never hides the frames behind it; the price is that a false start delays them until
 * as many bytes have come as it claims, or until `flush`.
 *
 * A message that is not in the table has an unknown CRC_EXTRA, so its checksum proves nothing by itself: any CRC_EXTRA
 * is possible, and one random start in 256 has a checksum that fits one. Its frames are skipped whole only when the
 * message came with the same CRC_EXTRA before and another start follows at once; otherwise they are searched like noise,
 * because a false start would swallow good frames.
 *
 * One framer serves one sender on one link: bytes of two senders must not be mixed inside a frame.
 */
export class MavlinkFramer {
  readonly #table: MessageTable;
  readonly #held = Buffer.alloc(WINDOW_BYTES);
  #heldBytes = 0;
  /** msgid -> CRC_EXTRA of unknown messages, the least recently seen first. */
  readonly #learned = new Map<number, number>();
  readonly #counts: FramerCounts = {
    bytes: 0,
    frames: 0,
    framesV1: 0,
    bytesDropped: 0,
    unknownMessage: 0,
    incompatFlags: 0,
    badCrc: 0,
    falseStarts: 0,
    truncated: 0,
  };

  /** `table` says which messages are known and with which CRC_EXTRA; by default all that the codec knows. */
  constructor(table: MessageTable = MESSAGES) {
    this.#table = table;
  }

  get counts(): Readonly<FramerCounts> {
    return { ...this.#counts };
  }

  /** Bytes of a frame that has begun and is not complete. */
  get pendingBytes(): number {
    return this.#heldBytes;
  }

  /** Takes the next bytes, cut anywhere, and returns the frames that they complete, in order. */
  push(bytes: Uint8Array): MavlinkFrame[] {
    const frames: MavlinkFrame[] = [];
    this.#counts.bytes += bytes.length;
    for (let from = 0; from < bytes.length; ) {
      const room = Math.min(this.#held.length - this.#heldBytes, bytes.length - from);
      this.#held.set(bytes.subarray(from, from + room), this.#heldBytes);
      this.#heldBytes += room;
      from += room;
      this.#search(frames, false);
    }
    return frames;
  }

  /**
   * Gives up waiting: the input has ended or has been silent for long enough. What is held is searched without the
   * false or cut start at its beginning; nothing is held afterwards.
   */
  flush(): MavlinkFrame[] {
    const frames: MavlinkFrame[] = [];
    this.#search(frames, true);
    return frames;
  }

  #search(frames: MavlinkFrame[], final: boolean): void {
    const held = this.#held;
    let at = 0;
    while (at < this.#heldBytes) {
      if (held[at] !== START_V2 && held[at] !== START_V1) {
        at++;
        this.#counts.bytesDropped++;
        continue;
      }
      const verdict = this.#judge(at, final);
      if (verdict.kind === "wait") {
        if (!final) break;
        this.#counts.truncated++;
      }
      if (verdict.kind === "frame" || verdict.kind === "skip") {
        if (verdict.kind === "frame") {
          const frame = frameFromBytes(held.subarray(at, at + verdict.length));
          this.#counts.frames++;
          if (frame.version === 1) this.#counts.framesV1++;
          frames.push(frame);
        }
        at += verdict.length;
      } else {
        at++;
        this.#counts.bytesDropped++;
      }
    }
    held.copyWithin(0, at, this.#heldBytes);
    this.#heldBytes -= at;
  }

  #judge(at: number, final: boolean): Verdict {
    return this.#held[at] === START_V2 ? this.#judgeV2(at, final) : this.#judgeV1(at);
  }

  #judgeV2(at: number, final: boolean): Verdict {
    const held = this.#held;
    const available = this.#heldBytes - at;
    if (available < HEADER_V2_BYTES) return WAIT;
    const payloadLength = held.readUInt8(at + 1);
    const incompatFlags = held.readUInt8(at + 2);
    const msgid = held.readUIntLE(at + 7, 3);
    const known = this.#table.get(msgid);
    const strangeFlags = (incompatFlags & ~INCOMPAT_SIGNED) !== 0;
    // Neither the message nor the layout is known: nothing here could ever be checked, so do not wait for it.
    if (known === undefined && strangeFlags) return this.#falseStart();
    const checked = HEADER_V2_BYTES + payloadLength;
    const length = checked + CHECKSUM_BYTES + (incompatFlags & INCOMPAT_SIGNED ? SIGNATURE_BYTES : 0);
    if (available < length) return WAIT;

    const crc = crcOver(held, at + 1, at + checked);
    const checksum = held.readUInt16LE(at + checked);
    if (known === undefined) {
      if (available === length && !final) return WAIT;
      const next = available > length ? held[at + length] : undefined;
      return this.#judgeUnknown(msgid, crcExtraBehind(crc, checksum), length, next);
    }
    if (crcWithExtra(crc, known.crcExtra) !== checksum) return this.#badCrc();
    if (!known.carriesBytes && this.#hidesFrame(at, at + length)) return this.#badCrc();
    if (!strangeFlags) return { kind: "frame", length };
    this.#counts.incompatFlags++;
    return { kind: "skip", length };
  }

  /**
   * Whether another whole frame begins between `at` and `end`. One damaged frame in 65536 has a right checksum by chance;
   * if its damage is in the length, it reaches over the frames that follow. A message that cannot carry a frame and seems
   * to is such a one.
   */
  #hidesFrame(at: number, end: number): boolean {
    const held = this.#held;
    for (let from = held.indexOf(START_V2, at + 1); from >= 0 && from < end; from = held.indexOf(START_V2, from + 1)) {
      if (this.#heldBytes - from < HEADER_V2_BYTES) return false;
      const known = this.#table.get(held.readUIntLE(from + 7, 3));
      if (known === undefined || held.readUInt8(from + 2) > INCOMPAT_SIGNED) continue;
      const checked = from + HEADER_V2_BYTES + held.readUInt8(from + 1);
      if (checked + CHECKSUM_BYTES > this.#heldBytes) continue;
      if (crcWithExtra(crcOver(held, from + 1, checked), known.crcExtra) === held.readUInt16LE(checked)) return true;
    }
    return false;
  }

  /** `next`: the byte after the frame; undefined where the input ends. */
  #judgeUnknown(msgid: number, crcExtra: number | undefined, length: number, next: number | undefined): Verdict {
    if (crcExtra === undefined) return this.#falseStart();
    this.#counts.unknownMessage++;
    const seenBefore = this.#learned.get(msgid) === crcExtra;
    this.#learned.delete(msgid);
    this.#learned.set(msgid, crcExtra);
    if (this.#learned.size > REMEMBERED_UNKNOWN) {
      const oldest = this.#learned.keys().next();
      if (!oldest.done) this.#learned.delete(oldest.value);
    }
    const startFollows = next === undefined || next === START_V2 || next === START_V1;
    return seenBefore && startFollows ? { kind: "skip", length } : NONE;
  }

  #judgeV1(at: number): Verdict {
    const held = this.#held;
    const available = this.#heldBytes - at;
    if (available < HEADER_V1_BYTES) return WAIT;
    const payloadLength = held.readUInt8(at + 1);
    const known = this.#table.get(held.readUInt8(at + 5));
    // MAVLink 1 neither cuts zeros nor has extension fields, so the length is fixed. Checking it matters: most values
    // of the one-byte id are messages we know, and noise would otherwise pass once in every 20 MB. For the same reason
    // unknown MAVLink 1 messages are never skipped whole: 256 ids are too few to tell them from noise.
    if (known === undefined || payloadLength !== known.baseLength) return this.#falseStart();
    const checked = HEADER_V1_BYTES + payloadLength;
    const length = checked + CHECKSUM_BYTES;
    if (available < length) return WAIT;
    const crc = crcWithExtra(crcOver(held, at + 1, at + checked), known.crcExtra);
    return crc === held.readUInt16LE(at + checked) ? { kind: "frame", length } : this.#badCrc();
  }

  #falseStart(): Verdict {
    this.#counts.falseStarts++;
    return NONE;
  }

  #badCrc(): Verdict {
    this.#counts.badCrc++;
    return NONE;
  }
}
