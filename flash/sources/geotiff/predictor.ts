/**
 * Undoes TIFF's horizontal predictors in place, row by row, on little-endian samples.
 *
 * predictor 2 (TIFF 6.0, section 14): every sample is the difference to the same sample of the pixel to the left.
 * predictor 3 (TIFF Technical Note 3): a row's float bytes, most significant first and sorted by significance, each
 * as the difference to the byte `samples` before it.
 */
export function undoPredictor(
  bytes: Uint8Array,
  predictor: number,
  rowPixels: number,
  samples: number,
  bytesPerSample: number,
): void {
  const rowBytes = rowPixels * samples * bytesPerSample;
  const rows = Math.floor(bytes.length / rowBytes);
  if (predictor === 2) {
    if (bytesPerSample === 1) accumulate(bytes, rows, rowBytes, samples);
    else if (bytesPerSample === 2) {
      const view = new Uint16Array(bytes.buffer, bytes.byteOffset, (rows * rowBytes) / 2);
      accumulate(view, rows, rowBytes / 2, samples);
    } else if (bytesPerSample === 4) {
      const view = new Uint32Array(bytes.buffer, bytes.byteOffset, (rows * rowBytes) / 4);
      accumulate(view, rows, rowBytes / 4, samples);
    } else {
      throw new Error(`predictor 2 on samples of ${bytesPerSample} bytes`);
    }
  } else if (predictor === 3) {
    for (let row = 0; row < rows; row++) {
      undoFloatRow(bytes.subarray(row * rowBytes, (row + 1) * rowBytes), samples, bytesPerSample);
    }
  } else if (predictor !== 1) {
    throw new Error(`unknown predictor ${predictor}`);
  }
}

function accumulate(
  values: Uint8Array | Uint16Array | Uint32Array,
  rows: number,
  rowLength: number,
  samples: number,
): void {
  for (let row = 0; row < rows; row++) {
    const end = (row + 1) * rowLength;
    // Typed arrays wrap around, which is the arithmetic the predictor is defined in.
    for (let i = row * rowLength + samples; i < end; i++)
      values[i] = (values[i] as number) + (values[i - samples] as number);
  }
}

function undoFloatRow(row: Uint8Array, samples: number, bytesPerSample: number): void {
  for (let i = samples; i < row.length; i++) row[i] = (row[i] as number) + (row[i - samples] as number);
  const planes = row.slice();
  const values = row.length / bytesPerSample;
  for (let value = 0; value < values; value++) {
    for (let byte = 0; byte < bytesPerSample; byte++) {
      row[value * bytesPerSample + byte] = planes[(bytesPerSample - 1 - byte) * values + value] as number;
    }
  }
}

/** Turns big-endian samples into little-endian ones, in place. */
export function swapBytes(bytes: Uint8Array, bytesPerSample: number): void {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length - (bytes.length % bytesPerSample));
  if (bytesPerSample === 2) buffer.swap16();
  else if (bytesPerSample === 4) buffer.swap32();
  else if (bytesPerSample === 8) buffer.swap64();
}
