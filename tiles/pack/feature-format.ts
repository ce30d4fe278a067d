import { UserError } from "../errors.js";
import { FEATURE_BLOCK, FEATURE_STRIDE_PX } from "./manifest.js";

/** features.bin: a header, then blocks of 64 x 64 features one after the other. */
export const FEATURES_MAGIC = "SKYFEATS";
export const FEATURES_VERSION = 1;
export const FEATURES_HEADER_BYTES = 64;

/** Bytes of one block. */
export function blockBytes(channels: number): number {
  return FEATURE_BLOCK * FEATURE_BLOCK * channels;
}

/** The header of features.bin. */
export function encodeFeaturesHeader(channels: number): Buffer {
  const header = Buffer.alloc(FEATURES_HEADER_BYTES);
  header.write(FEATURES_MAGIC, 0, "latin1");
  header.writeUInt32LE(FEATURES_VERSION, 8);
  header.writeUInt32LE(FEATURES_HEADER_BYTES, 12);
  header.writeUInt32LE(channels, 16);
  header.writeUInt32LE(FEATURE_BLOCK, 20);
  header.writeUInt32LE(FEATURE_STRIDE_PX, 24);
  return header;
}

/**
 * Checks the header of features.bin against what the manifest says.
 * @throws UserError when it is not that file
 */
export function checkFeaturesHeader(bytes: Buffer, channels: number, path: string): void {
  if (bytes.length < FEATURES_HEADER_BYTES) {
    throw new UserError(`${path} is truncated: ${bytes.length} bytes do not hold its header, copy the pack again`);
  }
  if (bytes.toString("latin1", 0, 8) !== FEATURES_MAGIC) {
    throw new UserError(`${path} is not a feature file: it does not start with ${FEATURES_MAGIC}, copy the pack again`);
  }
  const version = bytes.readUInt32LE(8);
  if (version !== FEATURES_VERSION) {
    throw new UserError(`${path} has feature file version ${version}, this program reads version ${FEATURES_VERSION}`);
  }
  if (!bytes.subarray(0, FEATURES_HEADER_BYTES).equals(encodeFeaturesHeader(channels))) {
    throw new UserError(`${path} has a header that does not fit pack.json: copy the pack again`);
  }
}
