/**
 * A unit vector as int8: its direction, in steps of 1/127 of its largest element. Cosines with what unpackDirection makes
 * of it are off by at most about .01 for vectors of a few hundred elements.
 */
export function packDirection(vector: Float32Array): Int8Array {
  const largest = vector.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return Int8Array.from(vector, (value) => (largest === 0 ? 0 : Math.round((127 * value) / largest)));
}

/** The unit vector of a direction; zeros for one of zeros. */
export function unpackDirection(bytes: Uint8Array): Float32Array {
  const signed = new Int8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let sum = 0;
  for (const value of signed) sum += value * value;
  const scale = sum === 0 ? 0 : 1 / Math.sqrt(sum);
  return Float32Array.from(signed, (value) => value * scale);
}
