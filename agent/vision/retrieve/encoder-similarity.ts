import type { EncodedQuery } from "../encode/query-encoder.js";

/** Where the encoder's own descriptors of the cells are, in a pack whose index holds another model's. */
export interface EncoderDescriptors {
  encoderDescriptor(row: number): Float32Array;
}

/**
 * Cosine of the encoder's own descriptors of the query under a hypothesis and of a cell: what belief and acceptance were fitted
 * to, whichever model finds the cells. Null where the retriever is the encoder, whose cosines these are already.
 */
export function encoderSimilarity(
  { encoders, hypotheses }: Pick<EncodedQuery, "encoders" | "hypotheses">,
  { row, hypothesis }: { readonly row: number; readonly hypothesis: number },
  map: Partial<EncoderDescriptors>,
): number | null {
  const stored = encoders === undefined ? undefined : map.encoderDescriptor?.(row);
  if (encoders === undefined || stored === undefined) return null;
  const base = hypothesis * (encoders.length / hypotheses.length);
  return stored.reduce((sum, value, i) => sum + value * (encoders[base + i] ?? 0), 0);
}
