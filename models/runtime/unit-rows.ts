import { UserError } from "../../tiles/errors.js";

/**
 * Scales every row to length 1, in place. A row of zeros - a picture in which the model sees nothing - becomes the first
 * axis, so that such pictures are like each other and like nothing else.
 *
 * @throws UserError naming the model when a value is not finite
 */
export function unitRows(rows: Float32Array, n: number, width: number, model: string): Float32Array {
  for (let row = 0; row < n; row++) {
    const from = row * width;
    let sum = 0;
    for (let i = from; i < from + width; i++) sum += (rows[i] as number) ** 2;
    if (!Number.isFinite(sum)) {
      throw new UserError(
        `the model ${model} gives values that are not finite (NaN or infinity): check mean, std and range in its model.json, or export it again in float32`,
      );
    }
    if (sum < 1e-24) {
      rows.fill(0, from, from + width);
      rows[from] = 1;
      continue;
    }
    const scale = 1 / Math.sqrt(sum);
    for (let i = from; i < from + width; i++) rows[i] = (rows[i] as number) * scale;
  }
  return rows;
}
