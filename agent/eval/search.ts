import type { ImageEmbedder } from "../../models/runtime/embedder.js";

/** Images in one run of a network: enough to keep it busy, few enough to bound memory. */
export const BATCH = 16;

/** Descriptors of n pictures in runs of at most BATCH: [n, embedder.width]. */
export async function embedInBatches(embedder: ImageEmbedder, pictures: readonly Uint8Array[]): Promise<Float32Array> {
  const out = new Float32Array(pictures.length * embedder.width);
  for (let from = 0; from < pictures.length; from += BATCH) {
    const here = pictures.slice(from, from + BATCH);
    out.set(await embedder.embed(joined(here), here.length), from * embedder.width);
  }
  return out;
}

function joined(pictures: readonly Uint8Array[]): Uint8Array {
  const size = pictures[0]?.length ?? 0;
  const all = new Uint8Array(pictures.length * size);
  pictures.forEach((picture, i) => {
    all.set(picture, i * size);
  });
  return all;
}

/** Cosine of each gallery image with the query at its best heading, and the number of that heading. */
export interface Similarities {
  readonly best: Float32Array;
  readonly heading: Uint16Array;
}

/**
 * Exact search: the cosine of every gallery row with every heading of a query, the best heading kept.
 *
 * @param gallery [n, width] unit rows
 * @param query [headings, width] unit rows
 */
export function bestOverHeadings(gallery: Float32Array, query: Float32Array, width: number): Similarities {
  const n = gallery.length / width;
  const best = new Float32Array(n).fill(Number.NEGATIVE_INFINITY);
  const heading = new Uint16Array(n);
  const headings = query.length / width;
  for (let row = 0; row < n; row++) {
    for (let h = 0; h < headings; h++) {
      const score = dot(gallery, row * width, query, h * width, width);
      if (score > (best[row] as number)) {
        best[row] = score;
        heading[row] = h;
      }
    }
  }
  return { best, heading };
}

/** Four running sums: one would make every addition wait for the one before. */
function dot(a: Float32Array, a0: number, b: Float32Array, b0: number, width: number): number {
  let s0 = 0;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  let i = 0;
  for (; i + 3 < width; i += 4) {
    s0 += (a[a0 + i] as number) * (b[b0 + i] as number);
    s1 += (a[a0 + i + 1] as number) * (b[b0 + i + 1] as number);
    s2 += (a[a0 + i + 2] as number) * (b[b0 + i + 2] as number);
    s3 += (a[a0 + i + 3] as number) * (b[b0 + i + 3] as number);
  }
  for (; i < width; i++) s0 += (a[a0 + i] as number) * (b[b0 + i] as number);
  return s0 + s1 + (s2 + s3);
}

/** Gallery indices by falling similarity, equal ones by index; junk left out. */
export function ranking(similarity: Float32Array, junk: ReadonlySet<number>): Uint32Array {
  const order = Uint32Array.from({ length: similarity.length }, (_, i) => i);
  const kept = junk.size === 0 ? order : order.filter((index) => !junk.has(index));
  return kept.sort((a, b) => (similarity[b] as number) - (similarity[a] as number) || a - b);
}
