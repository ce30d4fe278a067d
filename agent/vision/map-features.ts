/** Map features in the layout and scale of the query's. */
export interface MapFeatures {
  /** [channels, height, width]: unit norm where there is map, zero elsewhere. */
  readonly data: Float32Array;
  /** [height, width]: 1 where there is map. */
  readonly valid: Uint8Array;
  readonly allValid: boolean;
}

/**
 * Unpacks int8 features [height, width, channels] to float [channels, height, width] and brings each position back to
 * unit norm, which undoes scale, rounding and clamping at once.
 *
 * @param out receives the values from `base` on, else a new array
 */
export function unpackFeatures(
  window: Int8Array,
  positions: number,
  channels: number,
  out: Float32Array = new Float32Array(positions * channels),
  base = 0,
): MapFeatures {
  const valid = new Uint8Array(positions);
  let count = 0;
  for (let p = 0, from = 0; p < positions; p++, from += channels) {
    let sum = 0;
    for (let c = 0; c < channels; c++) {
      const value = window[from + c] as number;
      sum += value * value;
    }
    if (sum === 0) {
      for (let c = 0, to = base + p; c < channels; c++, to += positions) out[to] = 0;
      continue;
    }
    const scale = 1 / Math.sqrt(sum);
    for (let c = 0, to = base + p; c < channels; c++, to += positions) out[to] = (window[from + c] as number) * scale;
    valid[p] = 1;
    count++;
  }
  return { data: out, valid, allValid: count === positions };
}
