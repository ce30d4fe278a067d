/** Bits used of one machine word: 32-bit integer operations, sign bit left alone. */
const WORD = 30;

/**
 * For each query mask and each shift, how many positions are valid in both masks: the correlation of the masks, done
 * on rows packed to bits.
 *
 * @param query [count, side, side]; @param map [mapSide, mapSide]
 * @returns [count, shifts, shifts] with shifts = mapSide - side + 1
 */
export function overlapCounts(
  query: Uint8Array,
  count: number,
  side: number,
  map: Uint8Array,
  mapSide: number,
): Uint16Array {
  const shifts = mapSide - side + 1;
  const words = Math.ceil(side / WORD);
  const mapBits = new Int32Array(mapSide * shifts * words);
  for (let y = 0; y < mapSide; y++) {
    for (let dx = 0; dx < shifts; dx++) {
      for (let x = 0; x < side; x++) {
        if (map[y * mapSide + dx + x] === 0) continue;
        const at = (y * shifts + dx) * words + Math.floor(x / WORD);
        mapBits[at] = (mapBits[at] as number) | (1 << (x % WORD));
      }
    }
  }
  const out = new Uint16Array(count * shifts * shifts);
  const rowBits = new Int32Array(side * words);
  for (let v = 0; v < count; v++) {
    rowBits.fill(0);
    for (let y = 0; y < side; y++) {
      for (let x = 0; x < side; x++) {
        if (query[(v * side + y) * side + x] === 0) continue;
        const at = y * words + Math.floor(x / WORD);
        rowBits[at] = (rowBits[at] as number) | (1 << (x % WORD));
      }
    }
    for (let dy = 0; dy < shifts; dy++) {
      for (let dx = 0; dx < shifts; dx++) {
        let sum = 0;
        for (let y = 0; y < side; y++) {
          for (let w = 0; w < words; w++) {
            sum += bitCount(
              (rowBits[y * words + w] as number) & (mapBits[((dy + y) * shifts + dx) * words + w] as number),
            );
          }
        }
        out[(v * shifts + dy) * shifts + dx] = sum;
      }
    }
  }
  return out;
}

/** Number of set bits of a 32-bit integer (Warren, Hacker's Delight, 5-1). */
function bitCount(value: number): number {
  let v = value - ((value >>> 1) & 0x55555555);
  v = (v & 0x33333333) + ((v >>> 2) & 0x33333333);
  return Math.imul((v + (v >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}
