/**
 * The GStreamer Data Protocol 1.0, as `gdppay` writes it: packets of a 62-byte header and a payload, big-endian.
 *
 * | at | bytes | what |
 * |----|-------|------|
 * | 0  | 2 | version: major 1, minor 0 |
 * | 2  | 1 | flags: 1 = the header's CRC is set, 2 = the payload's CRC is set |
 * | 4  | 2 | kind: 1 buffer, 2 caps, 64 and more an event |
 * | 6  | 4 | length of the payload |
 * | 10 | 8 | PTS of a buffer, nanoseconds; all ones = none |
 * | 18 | 8 | duration |
 * | 58 | 2 | CRC of bytes 0 to 57 |
 * | 60 | 2 | CRC of the payload |
 *
 * Source: gst/gdp/dataprotocol.c of gst-plugins-bad 1.22, checked against what its gdppay writes (test/fixtures/camera).
 */

export const GDP_HEADER_BYTES = 62;
/** Bytes of the header that its CRC covers, which is also where the CRC stands. */
export const GDP_HEADER_CRC_AT = 58;
export const GDP_PAYLOAD_CRC_AT = 60;
export const GDP_MAJOR = 1;
export const GDP_MINOR = 0;
export const GDP_FLAG_HEADER_CRC = 1;
export const GDP_FLAG_PAYLOAD_CRC = 2;
export const GDP_BUFFER = 1;
export const GDP_CAPS = 2;
export const GDP_FIRST_EVENT = 64;
/** GST_CLOCK_TIME_NONE: the buffer has no time. */
export const GDP_NO_TIME = 0xffff_ffff_ffff_ffffn;

const TABLE = new Uint16Array(256);
for (let byte = 0; byte < 256; byte++) {
  let crc = byte << 8;
  for (let bit = 0; bit < 8; bit++) crc = (crc & 0x8000) !== 0 ? ((crc << 1) ^ 0x1021) & 0xffff : (crc << 1) & 0xffff;
  TABLE[byte] = crc;
}

/** GDP's checksum: CRC-16 with polynomial 0x1021, begun with ones and inverted at the end (CRC-16/GENIBUS). */
export function gdpCrc(bytes: Uint8Array): number {
  let crc = 0xffff;
  for (let i = 0; i < bytes.length; i++) {
    crc = ((crc << 8) & 0xffff) ^ (TABLE[(crc >> 8) ^ (bytes[i] as number)] as number);
  }
  return crc ^ 0xffff;
}
