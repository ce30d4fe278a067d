const CLEAR = 256;
const END = 257;
const FIRST_FREE = 258;
const MAX_CODES = 4096;

/**
 * Decodes TIFF's LZW (TIFF 6.0, section 13): most significant bit first, code width grows one code early.
 *
 * Every string of the table was written to the output once, so an entry is the place and length of that writing and
 * decoding is copying. Stops at the end code, at the end of the input, or when `length` bytes are out; throws on a
 * code that cannot be.
 */
export function decodeLzw(input: Uint8Array, length: number): Uint8Array {
  const output = new Uint8Array(length);
  const start = new Int32Array(MAX_CODES);
  const size = new Uint16Array(MAX_CODES);
  let next = FIRST_FREE;
  let bits = 9;
  let buffer = 0;
  let held = 0;
  let at = 0;
  let written = 0;
  let previousStart = -1;
  let previousSize = 0;
  while (written < length) {
    while (held < bits && at < input.length) {
      buffer = ((buffer & 0xffff) << 8) | (input[at++] as number);
      held += 8;
    }
    if (held < bits) break;
    const code = (buffer >>> (held - bits)) & ((1 << bits) - 1);
    held -= bits;
    if (code === END) break;
    if (code === CLEAR) {
      next = FIRST_FREE;
      bits = 9;
      previousStart = -1;
      continue;
    }
    const begin = written;
    if (code < CLEAR) {
      output[written++] = code;
    } else if (code < next) {
      written = copyWithin(output, start[code] as number, size[code] as number, written);
    } else if (code === next && previousStart >= 0) {
      // The string not yet in the table: the previous one and its own first byte, which lies just behind it.
      written = copyWithin(output, previousStart, previousSize + 1, written);
    } else {
      throw new Error(`impossible LZW code ${code}`);
    }
    if (previousStart >= 0 && next < MAX_CODES) {
      start[next] = previousStart;
      size[next] = previousSize + 1;
      next++;
      if (next + 1 >= 1 << bits && bits < 12) bits++;
    }
    previousStart = begin;
    previousSize = written - begin;
  }
  return written === length ? output : output.subarray(0, written);
}

/** Copies byte by byte, since source and target may overlap; stops at the end. Returns the new end. */
function copyWithin(bytes: Uint8Array, from: number, count: number, to: number): number {
  const end = Math.min(bytes.length, to + count);
  let source = from;
  let target = to;
  while (target < end) bytes[target++] = bytes[source++] as number;
  return end;
}

/** Decodes TIFF's PackBits (TIFF 6.0, section 9) into at most `length` bytes. */
export function decodePackBits(input: Uint8Array, length: number): Uint8Array {
  const output = new Uint8Array(length);
  let at = 0;
  let written = 0;
  while (written < length && at < input.length) {
    const control = ((input[at++] as number) << 24) >> 24;
    if (control >= 0) {
      const run = input.subarray(at, at + Math.min(control + 1, length - written));
      output.set(run, written);
      written += run.length;
      at += control + 1;
    } else if (control !== -128 && at < input.length) {
      const end = Math.min(length, written + 1 - control);
      output.fill(input[at++] as number, written, end);
      written = end;
    }
  }
  return written === length ? output : output.subarray(0, written);
}
