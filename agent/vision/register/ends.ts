import type { Hypothesis } from "../encode/hypotheses.js";

/**
 * Is a heading the last one tried: at an end of the offsets of the outermost hypothesis of its height? Offsets of the
 * others overlap those of their neighbours; where all directions were tried there is no end.
 */
export function headingAtEnd(
  hypotheses: readonly Hypothesis[],
  { heading_deg, scale }: Hypothesis,
  index: number,
  offsets: number,
): boolean {
  const headings_deg = hypotheses.filter((one) => one.scale === scale).map((one) => one.heading_deg);
  const range_deg = Math.max(...headings_deg) - Math.min(...headings_deg);
  const step_deg = headings_deg.length > 1 ? range_deg / (headings_deg.length - 1) : 360;
  if (headings_deg.length > 1 && range_deg + step_deg > 359) return false;
  return outermost(headings_deg, heading_deg, index, offsets);
}

/** Is it the first one tried of the lowest hypothesis, or the last one of the highest? */
export function outermost(hypotheses: readonly number[], hypothesis: number, index: number, tried: number): boolean {
  return (
    (hypothesis === Math.min(...hypotheses) && index === 0) ||
    (hypothesis === Math.max(...hypotheses) && index === tried - 1)
  );
}
