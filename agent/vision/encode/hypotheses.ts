import type { VisionConfig } from "../config.js";

/** One way in which the reported pose may be wrong: the query is rectified and encoded once for each. */
export interface Hypothesis {
  /** Degrees to add to the reported yaw. */
  readonly heading_deg: number;
  /** True over reported height above ground. */
  readonly scale: number;
}

/** The pose as it was reported. */
export const REPORTED: Hypothesis = { heading_deg: 0, scale: 1 };

/** Is this the pose as it was reported? Every query has one such hypothesis. */
export function isReported({ heading_deg, scale }: Hypothesis): boolean {
  return heading_deg === REPORTED.heading_deg && scale === REPORTED.scale;
}

/**
 * Heading hypotheses as degrees to add to the reported yaw: `step` apart, reaching `sigmas` sigma to either side when
 * one hypothesis covers half a step; all around when the heading is unknown. 0 is always among them.
 */
export function headingHypotheses(yaw_sigma_deg: number, config: VisionConfig["retrieve"]): number[] {
  const step = config.heading_step_deg;
  const all = Math.max(1, Math.round(360 / step));
  const each = Math.max(0, Math.ceil((config.heading_sigmas * yaw_sigma_deg - step / 2) / step));
  if (yaw_sigma_deg >= config.heading_unknown_sigma_deg || 2 * each + 1 >= all) {
    return Array.from({ length: all }, (_, i) => (i * 360) / all - (i * 2 > all ? 360 : 0));
  }
  return Array.from({ length: 2 * each + 1 }, (_, i) => (i - each) * step);
}

/** Rounding of logarithms must not add a hypothesis. */
const SLACK = 1e-9;

/**
 * Height hypotheses as ratios of true to reported height, ascending: a factor of `step` apart, reaching `sigmas` sigma,
 * but at most `scale_reach`, to either side when one hypothesis covers half a step. 1 is always among them.
 *
 * @param agl_sigma_ratio 1-sigma of the height above ground over the height
 */
export function scaleHypotheses(agl_sigma_ratio: number, config: VisionConfig["retrieve"]): number[] {
  const step = Math.log(config.scale_step);
  const reach = Math.log(Math.min(1 + config.scale_sigmas * agl_sigma_ratio, config.scale_reach));
  const each = Math.max(0, Math.ceil((reach - step / 2) / step - SLACK));
  return Array.from({ length: 2 * each + 1 }, (_, i) => config.scale_step ** (i - each));
}

/**
 * Everything that is tried of a query: every heading at the reported height, then the headings at the other heights,
 * those next to the reported one first. Where that would be more than `max_hypotheses`, the other heights are tried at
 * every second heading only, or every third and so on, counted from the reported one; not at all when even one heading
 * each would be too many. The headings at the reported height are never thinned.
 */
export function queryHypotheses(
  yaw_sigma_deg: number,
  agl_sigma_ratio: number,
  config: VisionConfig["retrieve"],
): Hypothesis[] {
  const headings = headingHypotheses(yaw_sigma_deg, config);
  const others = scaleHypotheses(agl_sigma_ratio, config)
    .filter((scale) => scale !== 1)
    .sort((a, b) => Math.abs(Math.log(a)) - Math.abs(Math.log(b)) || a - b);
  const at = (scale: number, some: readonly number[]): Hypothesis[] =>
    some.map((heading_deg) => ({ heading_deg, scale }));
  const reported = at(1, headings);
  if (others.length === 0) return reported;
  const each = Math.floor((config.max_hypotheses - headings.length) / others.length);
  const some = thinned(headings, each);
  return [...reported, ...others.flatMap((scale) => at(scale, some))];
}

/** Every heading, or every second, third ... of them around 0 until at most `limit` are left. */
function thinned(headings: readonly number[], limit: number): readonly number[] {
  const middle = headings.indexOf(0);
  for (let every = 1; every <= headings.length; every++) {
    const some = headings.filter((_, i) => (i - middle) % every === 0);
    if (some.length <= limit) return some;
  }
  return [];
}
