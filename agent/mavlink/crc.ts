/**
 * The checksum of MAVLink frames: CRC-16/MCRF4XX (the "X.25" of the MAVLink documents), over everything but the start
 * byte, followed by one more byte that stands for the definition of the message (CRC_EXTRA).
 *
 * https://mavlink.io/en/guide/serialization.html#checksum
 */

const TABLE = new Uint16Array(256);
for (let byte = 0; byte < 256; byte++) {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0x8408 : value >>> 1;
  TABLE[byte] = value;
}

/** Table value -> its index: what turns the last step of the checksum round. */
const INDEX_OF = new Map<number, number>();
TABLE.forEach((value, index) => {
  INDEX_OF.set(value, index);
});

/** The checksum of no bytes. */
export const CRC_START = 0xffff;

/** `crc` continued over `bytes[from, to)`. */
export function crcOver(bytes: Uint8Array, from: number, to: number, crc: number = CRC_START): number {
  let value = crc;
  for (let i = from; i < to; i++) value = (value >>> 8) ^ (TABLE[(value ^ (bytes[i] ?? 0)) & 0xff] ?? 0);
  return value;
}

/** `crc` continued over one byte (the CRC_EXTRA of a message, 0..255). */
export function crcWithExtra(crc: number, crcExtra: number): number {
  return (crc >>> 8) ^ (TABLE[(crc ^ crcExtra) & 0xff] ?? 0);
}

/**
 * The one CRC_EXTRA (0..255) with which `crc`, taken over a frame, becomes the frame's `checksum`; undefined if none
 * does, and then the bytes are no frame of any message. Random bytes pass with a probability of 1/256.
 */
export function crcExtraBehind(crc: number, checksum: number): number | undefined {
  const index = INDEX_OF.get((checksum ^ (crc >>> 8)) & 0xffff);
  return index === undefined ? undefined : (index ^ crc) & 0xff;
}
