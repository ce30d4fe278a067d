import {
  GDP_BUFFER,
  GDP_CAPS,
  GDP_FLAG_HEADER_CRC,
  GDP_FLAG_PAYLOAD_CRC,
  GDP_HEADER_BYTES,
  GDP_HEADER_CRC_AT,
  GDP_MAJOR,
  GDP_MINOR,
  GDP_NO_TIME,
  GDP_PAYLOAD_CRC_AT,
  gdpCrc,
} from "../../agent/camera/gdp-format.js";

export interface GdpWriterOptions {
  /** As gdppay does unless told otherwise. */
  readonly headerCrc?: boolean;
  readonly payloadCrc?: boolean;
}

/** The caps of raw pictures as a GDP packet: a stream begins with it. */
export function gdpCaps(
  format: { readonly pixels: "GRAY8" | "RGB"; readonly width_px: number; readonly height_px: number },
  options: GdpWriterOptions = {},
): Buffer {
  const { pixels, width_px, height_px } = format;
  const caps = `video/x-raw, format=(string)${pixels}, width=(int)${width_px}, height=(int)${height_px}, framerate=(fraction)0/1\0`;
  return gdpPacket(GDP_CAPS, null, Buffer.from(caps, "latin1"), options);
}

/** One picture as a GDP packet; its rows are padded to multiples of four bytes already. @param pts_ns null = no time */
export function gdpBuffer(pts_ns: bigint | null, data: Uint8Array, options: GdpWriterOptions = {}): Buffer {
  return gdpPacket(GDP_BUFFER, pts_ns, data, options);
}

/** One GDP packet of any kind. */
export function gdpPacket(
  kind: number,
  pts_ns: bigint | null,
  payload: Uint8Array,
  { headerCrc = true, payloadCrc = false }: GdpWriterOptions = {},
): Buffer {
  const packet = Buffer.alloc(GDP_HEADER_BYTES + payload.length);
  packet[0] = GDP_MAJOR;
  packet[1] = GDP_MINOR;
  packet[2] = (headerCrc ? GDP_FLAG_HEADER_CRC : 0) | (payloadCrc ? GDP_FLAG_PAYLOAD_CRC : 0);
  packet.writeUInt16BE(kind, 4);
  packet.writeUInt32BE(payload.length, 6);
  packet.writeBigUInt64BE(pts_ns ?? GDP_NO_TIME, 10);
  packet.writeBigUInt64BE(GDP_NO_TIME, 18);
  if (headerCrc) packet.writeUInt16BE(gdpCrc(packet.subarray(0, GDP_HEADER_CRC_AT)), GDP_HEADER_CRC_AT);
  if (payloadCrc) packet.writeUInt16BE(gdpCrc(payload), GDP_PAYLOAD_CRC_AT);
  packet.set(payload, GDP_HEADER_BYTES);
  return packet;
}
