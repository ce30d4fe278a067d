/** Where the tokens of a prompt are, for the decoder's rotary embedding: `axes` numbers a token. */
export interface Positions {
  readonly axes: 1 | 3;
  /** [axes, length] */
  readonly ids: BigInt64Array;
  readonly length: number;
}

/** 0, 1, 2, … */
export function countedPositions(length: number): Positions {
  return { axes: 1, ids: BigInt64Array.from({ length }, (_, i) => BigInt(i)), length };
}

/**
 * M-RoPE of Qwen2-VL: time, row and column of every token. Text counts on in all three; the tokens of an image share
 * one time and are numbered by row and column; what follows starts after the larger side of the image
 * (Qwen2-VL, arXiv 2409.12191, section 2.1).
 *
 * @param grids tokens down and across of each image, in order; their tokens are the runs of `image_id`
 * @throws RangeError when the images do not have as many tokens as the prompt
 */
export function multimodalPositions(
  ids: readonly number[],
  image_id: number,
  grids: readonly { readonly rows: number; readonly cols: number }[],
): Positions {
  const { length } = ids;
  const out = new BigInt64Array(3 * length);
  const put = (at: number, time: number, row: number, col: number): void => {
    out[at] = BigInt(time);
    out[length + at] = BigInt(row);
    out[2 * length + at] = BigInt(col);
  };
  let next = 0;
  let image = 0;
  for (let at = 0; at < length; ) {
    const grid = grids[image];
    if (ids[at] !== image_id) {
      put(at++, next, next, next);
      next++;
      continue;
    }
    if (grid === undefined) throw new RangeError("multimodalPositions: more images in the prompt than grids");
    for (let i = 0; i < grid.rows * grid.cols; i++, at++) {
      if (ids[at] !== image_id) throw new RangeError("multimodalPositions: an image with too few tokens in the prompt");
      put(at, next, next + Math.floor(i / grid.cols), next + (i % grid.cols));
    }
    next += Math.max(grid.rows, grid.cols);
    image++;
  }
  return { axes: 3, ids: out, length };
}

/** Positions `from` to `to` for `batch` sequences alike: [axes, batch, to - from], or [batch, to - from] of one axis. */
export function positionFeed(
  { axes, ids, length }: Positions,
  from: number,
  to: number,
  batch: number,
): { data: BigInt64Array; dims: number[] } {
  const span = to - from;
  const data = new BigInt64Array(axes * batch * span);
  for (let axis = 0; axis < axes; axis++) {
    const part = ids.subarray(axis * length + from, axis * length + to);
    for (let b = 0; b < batch; b++) data.set(part, (axis * batch + b) * span);
  }
  return { data, dims: axes === 1 ? [batch, span] : [axes, batch, span] };
}
