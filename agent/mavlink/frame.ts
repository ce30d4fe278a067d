/** Start byte of a MAVLink 1 frame. */
export const START_V1 = 0xfe;
/** Start byte of a MAVLink 2 frame. */
export const START_V2 = 0xfd;
/** Bytes before the payload, start byte included. */
export const HEADER_V1_BYTES = 6;
export const HEADER_V2_BYTES = 10;
export const CHECKSUM_BYTES = 2;
/** Link id (1), timestamp (6), signature (6). */
export const SIGNATURE_BYTES = 13;
export const MAX_PAYLOAD_BYTES = 255;
/** The largest frame there is: a signed MAVLink 2 frame with a full payload. */
export const MAX_FRAME_BYTES = HEADER_V2_BYTES + MAX_PAYLOAD_BYTES + CHECKSUM_BYTES + SIGNATURE_BYTES;
/** The only incompatibility flag defined so far: the frame carries a signature. */
export const INCOMPAT_SIGNED = 0x01;

/** The last 13 bytes of a signed MAVLink 2 frame. Being here does not mean that it is right: see signing.ts. */
export interface FrameSignature {
  readonly linkId: number;
  /** Units of 10 us since 2015-01-01T00:00:00Z, 48 bits: exact in a number. */
  readonly timestamp: number;
  /** The first 48 bits of the SHA-256. */
  readonly value: Buffer;
}

/** One frame whose checksum was right. The buffers are its own: nothing else holds on to them. */
export interface MavlinkFrame {
  readonly version: 1 | 2;
  readonly incompatFlags: number;
  readonly compatFlags: number;
  readonly seq: number;
  readonly sysid: number;
  readonly compid: number;
  readonly msgid: number;
  /** As on the wire: trailing zeros may be cut off, unknown extension fields may follow. */
  readonly payload: Buffer;
  readonly signature: FrameSignature | null;
  /** The whole frame. */
  readonly bytes: Buffer;
}

/** Splits the bytes of one whole frame, which is copied. The checksum is not looked at. */
export function frameFromBytes(source: Uint8Array): MavlinkFrame {
  const bytes = Buffer.from(source);
  const payloadLength = bytes.readUInt8(1);
  if (bytes[0] === START_V1) {
    return {
      version: 1,
      incompatFlags: 0,
      compatFlags: 0,
      seq: bytes.readUInt8(2),
      sysid: bytes.readUInt8(3),
      compid: bytes.readUInt8(4),
      msgid: bytes.readUInt8(5),
      payload: bytes.subarray(HEADER_V1_BYTES, HEADER_V1_BYTES + payloadLength),
      signature: null,
      bytes,
    };
  }
  const incompatFlags = bytes.readUInt8(2);
  const signatureAt = HEADER_V2_BYTES + payloadLength + CHECKSUM_BYTES;
  return {
    version: 2,
    incompatFlags,
    compatFlags: bytes.readUInt8(3),
    seq: bytes.readUInt8(4),
    sysid: bytes.readUInt8(5),
    compid: bytes.readUInt8(6),
    msgid: bytes.readUIntLE(7, 3),
    payload: bytes.subarray(HEADER_V2_BYTES, HEADER_V2_BYTES + payloadLength),
    signature:
      incompatFlags & INCOMPAT_SIGNED
        ? {
            linkId: bytes.readUInt8(signatureAt),
            timestamp: bytes.readUIntLE(signatureAt + 1, 6),
            value: bytes.subarray(signatureAt + 7, signatureAt + SIGNATURE_BYTES),
          }
        : null,
    bytes,
  };
}
