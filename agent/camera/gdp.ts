import {
  GDP_BUFFER,
  GDP_CAPS,
  GDP_FIRST_EVENT,
  GDP_FLAG_HEADER_CRC,
  GDP_FLAG_PAYLOAD_CRC,
  GDP_HEADER_BYTES,
  GDP_HEADER_CRC_AT,
  GDP_MAJOR,
  GDP_MINOR,
  GDP_NO_TIME,
  GDP_PAYLOAD_CRC_AT,
  gdpCrc,
} from "./gdp-format.js";

/** One packet of the stream that concerns a camera; events are left out. */
export type GdpPacket =
  | { readonly kind: "caps"; readonly caps: string }
  /** `pts_ns` null: the buffer carries no time. `data` belongs to whoever takes the packet. */
  | { readonly kind: "buffer"; readonly pts_ns: bigint | null; readonly data: Uint8Array };

/** What a parser has seen. Every byte that came is in a packet, an event, `skippedBytes` or still pending. */
export interface GdpCounts {
  caps: number;
  buffers: number;
  events: number;
  /** Bytes between packets that were no header. */
  skippedBytes: number;
  /** Times that the stream was lost and headers had to be looked for. */
  damages: number;
  /** Packets left out because their payload's CRC was wrong. */
  badPayloads: number;
}

/** Largest payloads that are taken; a header that says more is damage. */
export interface GdpLimits {
  readonly buffer_bytes: number;
  readonly caps_bytes: number;
  readonly event_bytes: number;
}

/** A buffer of 64 MiB is an RGB picture of 22 megapixels. */
export const DEFAULT_GDP_LIMITS: GdpLimits = { buffer_bytes: 64 * 2 ** 20, caps_bytes: 65536, event_bytes: 2 ** 20 };

/** The stream is damaged and carries no header CRCs by which to find its next packet. */
export class GdpDamage extends Error {
  override readonly name = "GdpDamage";
}

/** A packet whose payload is being collected; `data` null = skipped over. */
interface Pending {
  readonly kind: number;
  readonly pts_ns: bigint | null;
  readonly crc: number | null;
  readonly length: number;
  readonly data: Uint8Array | null;
  filled: number;
}

/**
 * Reads a GDP stream as it arrives. At any time it holds one header and one payload at most, however the bytes are cut,
 * and payloads are copied once, from the chunk into the buffer that is handed out.
 *
 * After damage the next header is looked for byte by byte, by its CRC. A stream whose headers carry none (gdppay
 * crc-header=false) cannot be found again: `push` throws GdpDamage, and the source has to begin anew.
 */
export class GdpParser {
  readonly #limits: GdpLimits;
  readonly #header = Buffer.alloc(GDP_HEADER_BYTES);
  #headerFilled = 0;
  #pending: Pending | null = null;
  #lost = false;
  /** Whether the last good header carried a CRC; null before the first. */
  #checked: boolean | null = null;
  readonly #counts: GdpCounts = { caps: 0, buffers: 0, events: 0, skippedBytes: 0, damages: 0, badPayloads: 0 };

  constructor(limits: Partial<GdpLimits> = {}) {
    this.#limits = { ...DEFAULT_GDP_LIMITS, ...limits };
  }

  get counts(): Readonly<GdpCounts> {
    return this.#counts;
  }

  /**
   * Takes the next bytes of the stream and hands each packet that is complete to `take`, in order. The bytes are not kept.
   *
   * @throws GdpDamage when the stream is lost for good; the parser must not be used again
   */
  push(bytes: Uint8Array, take: (packet: GdpPacket) => void): void {
    let at = 0;
    while (at < bytes.length) {
      if (this.#pending !== null) at += this.#collect(this.#pending, bytes, at, take);
      else at += this.#readHeader(bytes, at, take);
    }
  }

  #collect(pending: Pending, bytes: Uint8Array, at: number, take: (packet: GdpPacket) => void): number {
    const count = Math.min(pending.length - pending.filled, bytes.length - at);
    pending.data?.set(bytes.subarray(at, at + count), pending.filled);
    pending.filled += count;
    if (pending.filled === pending.length) this.#finish(pending, take);
    return count;
  }

  #readHeader(bytes: Uint8Array, at: number, take: (packet: GdpPacket) => void): number {
    const count = Math.min(GDP_HEADER_BYTES - this.#headerFilled, bytes.length - at);
    this.#header.set(bytes.subarray(at, at + count), this.#headerFilled);
    this.#headerFilled += count;
    if (this.#headerFilled === GDP_HEADER_BYTES) {
      const pending = this.#interpret();
      if (pending === null) this.#shift();
      else {
        this.#headerFilled = 0;
        this.#lost = false;
        this.#pending = pending;
        if (pending.length === 0) this.#finish(pending, take);
      }
    }
    return count;
  }

  /** Goes on to the next place in the header's bytes where a header could begin. */
  #shift(): void {
    if (!this.#lost) {
      this.#lost = true;
      this.#counts.damages++;
      if (this.#checked === false) throw new GdpDamage("the stream is damaged and its headers carry no CRC");
    }
    let next = this.#header.indexOf(GDP_MAJOR, 1);
    if (next < 0) next = GDP_HEADER_BYTES;
    this.#header.copyWithin(0, next);
    this.#headerFilled = GDP_HEADER_BYTES - next;
    this.#counts.skippedBytes += next;
  }

  /** The packet that the header announces, or null when it is no header. */
  #interpret(): Pending | null {
    const header = this.#header;
    if (header[0] !== GDP_MAJOR || header[1] !== GDP_MINOR) return null;
    const flags = header.readUInt8(2);
    const hasCrc = (flags & GDP_FLAG_HEADER_CRC) !== 0;
    if (hasCrc) {
      if (gdpCrc(header.subarray(0, GDP_HEADER_CRC_AT)) !== header.readUInt16BE(GDP_HEADER_CRC_AT)) return null;
    } else if (this.#lost || this.#checked === true) return null;
    const kind = header.readUInt16BE(4);
    const length = header.readUInt32BE(6);
    if (kind !== GDP_BUFFER && kind !== GDP_CAPS && kind < GDP_FIRST_EVENT) return null;
    const limit = kind === GDP_BUFFER ? "buffer_bytes" : kind === GDP_CAPS ? "caps_bytes" : "event_bytes";
    if (length > this.#limits[limit]) return null;
    this.#checked = hasCrc;
    const pts = header.readBigUInt64BE(10);
    return {
      kind,
      pts_ns: pts === GDP_NO_TIME ? null : pts,
      crc: (flags & GDP_FLAG_PAYLOAD_CRC) !== 0 ? header.readUInt16BE(GDP_PAYLOAD_CRC_AT) : null,
      length,
      data: kind >= GDP_FIRST_EVENT ? null : new Uint8Array(length),
      filled: 0,
    };
  }

  #finish({ kind, pts_ns, crc, data }: Pending, take: (packet: GdpPacket) => void): void {
    this.#pending = null;
    if (data === null) {
      this.#counts.events++;
    } else if (crc !== null && gdpCrc(data) !== crc) {
      this.#counts.badPayloads++;
    } else if (kind === GDP_CAPS) {
      this.#counts.caps++;
      // A C string: what stands behind its zero byte is not part of it.
      const text = Buffer.from(data).toString("utf8");
      take({ kind: "caps", caps: text.split("\0", 1)[0] ?? "" });
    } else {
      this.#counts.buffers++;
      take({ kind: "buffer", pts_ns, data });
    }
  }
}
