import type { EncodedQuery } from "../encode/query-encoder.js";

/** Where the encoder's own descriptors of the cells are, in a pack whose index holds another model's. */
export interface EncoderDescriptors {
  encoderDescriptor(row: number): Float32Array;
}

/**
 * Cosine of the encoder's own descriptors of the query at a heading and of a cell: what belief and acceptance were fitted
 * to, whichever model finds the cells. Null where the retriever is the encoder, whose cosines these are already.
 */
export function encoderSimilarity(
  { encoders, headings_deg }: Pick<EncodedQuery, "encoders" | "headings_deg">,
  { row, heading }: { readonly row: number; readonly heading: number },
  map: Partial<EncoderDescriptors>,
): number | null {
  const stored = encoders === undefined ? undefined : map.encoderDescriptor?.(row);
  if (encoders === undefined || stored === undefined) return null;
  const base = heading * (encoders.length / headings_deg.length);
  return stored.reduce((sum, value, i) => sum + value * (encoders[base + i] ?? 0), 0);
}
