/** One line of `replay --frames-csv`, the columns that benchmarks need; null where the field is empty. */
export interface FrameRow {
  published: boolean;
  reason: string;
  error_m: number | null;
  eph_m: number | null;
  rank_before: number | null;
  rank_after: number | null;
  measures: Record<string, number | null>;
}

export interface Recall {
  at_1: number;
  at_5: number;
  at_10: number;
}

/** What a set of stills came to. */
export interface Summary {
  n: number;
  before: Recall;
  after: Recall;
  /** Median error of the frames whose best candidate is the right place, fix or not. */
  right_median_m: number | null;
  right_median_px: number | null;
  right_within_5m: number | null;
  fixes: number;
  fix_median_m: number | null;
  fix_max_m: number | null;
  false_fixes: number;
}

/** Parses the CSV of `replay --frames-csv` (written by us: no quoting in the columns that are read). */
export function readFrames(csv: string): FrameRow[] {
  const [head = "", ...lines] = csv.trim().split("\n");
  const names = head.split(",");
  return lines.map((line) => {
    const fields = line.split(",");
    const text = (name: string): string => fields[names.indexOf(name)] ?? "";
    const number = (name: string): number | null => (text(name) === "" ? null : Number(text(name)));
    const measures: Record<string, number | null> = {};
    for (const name of names.slice(names.indexOf("peak"))) measures[name] = number(name);
    return {
      published: text("published") === "1",
      reason: text("reason"),
      error_m: number("error_m"),
      eph_m: number("eph_m"),
      rank_before: number("rank_before"),
      rank_after: number("rank_after"),
      measures,
    };
  });
}

/** The middle value; null of nothing. */
export function median(values: readonly number[]): number | null {
  if (values.length === 0) return null;
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const high = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? high : (high + (sorted[middle - 1] ?? 0)) / 2;
}

/** @param metresPerPixel of the map, to give errors in its pixels too */
export function summarise(frames: readonly FrameRow[], metresPerPixel: number): Summary {
  const recall = (rank: (frame: FrameRow) => number | null): Recall => {
    const at = (k: number): number =>
      frames.filter((frame) => (rank(frame) ?? Number.POSITIVE_INFINITY) <= k).length / Math.max(1, frames.length);
    return { at_1: at(1), at_5: at(5), at_10: at(10) };
  };
  const right = frames.flatMap((frame) => (frame.rank_after === 1 && frame.error_m !== null ? [frame.error_m] : []));
  const fixes = frames.filter((frame) => frame.published);
  const errors = fixes.flatMap((frame) => (frame.error_m === null ? [] : [frame.error_m]));
  const rightMedian = median(right);
  return {
    n: frames.length,
    before: recall((frame) => frame.rank_before),
    after: recall((frame) => frame.rank_after),
    right_median_m: rightMedian,
    right_median_px: rightMedian === null ? null : rightMedian / metresPerPixel,
    right_within_5m: right.length === 0 ? null : right.filter((error) => error <= 5).length / right.length,
    fixes: fixes.length,
    fix_median_m: median(errors),
    fix_max_m: errors.length === 0 ? null : Math.max(...errors),
    false_fixes: fixes.filter((frame) => (frame.error_m ?? 0) > Math.max(3 * (frame.eph_m ?? 0), 50)).length,
  };
}
