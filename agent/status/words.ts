import type { NoFixReason } from "../vision/result.js";

/** Why one frame gave no fix. */
const FRAME_REASONS: Readonly<Record<NoFixReason, string>> = {
  "tilt-too-high": "the camera is tilted too far from straight down",
  "agl-too-low": "too low: the camera sees too little ground",
  "agl-too-high": "too high: the picture is coarser than the map",
  "low-visibility": "too little of the map's patch is in the picture",
  featureless: "the picture has no contrast (lens cap, fog, darkness?)",
  "off-map": "the place where the aircraft must be is outside the pack",
  "no-candidates": "the pack has no place to compare with",
  ambiguous: "another place fits nearly as well",
  "not-this-place": "no place of the map fits well enough",
};

/** What navigation adds: its own reasons for refusing a fix, and the names of its gates for having no position. */
const NAVIGATION_REASONS: Readonly<Record<string, string>> = {
  "awaiting-agreement": "a plausible place; more frames must agree first",
  disagrees: "contradicts what earlier frames agreed on",
  picture: "the camera delivers the same picture again and again",
  frozen: "the camera delivers the same picture again and again",
  agreement: "not enough frames agree on one place yet",
  belief: "other places of the map are still as likely",
  innovation: "the last fixes contradict the way that was flown",
  "fix-age": "the last fix is too old",
  "protection-level": "the position is too uncertain to be used",
  lost: "the position was given up: the frames fit no place any more",
  history: "the movement since the last fix is not known",
  "too-late": "the fix came too late to be used",
  "search-end": "the best match lies at the end of what was searched",
  "out-of-reach": "too far away to have been flown to",
};

/** A reason of vision or navigation in plain words; one that is not known is given as it is. */
export function inWords(reason: string): string {
  const frame: Readonly<Record<string, string>> = FRAME_REASONS;
  if (Object.hasOwn(frame, reason)) return frame[reason] ?? reason;
  if (Object.hasOwn(NAVIGATION_REASONS, reason)) return NAVIGATION_REASONS[reason] ?? reason;
  return reason;
}
