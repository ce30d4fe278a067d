import { setTimeout as sleep } from "node:timers/promises";
import type { TruePose } from "./true-pose.js";

/** Longest wait for the message behind a capture, microseconds: a vehicle that is silent has no picture. */
const POSE_WAIT_US = 300_000;

/** What a feed needs. Times are microseconds on one monotonic clock. */
export interface FeedParts {
  readonly period_us: number;
  now_us(): number;
  /** The vehicle's pose; null where its messages do not reach. */
  poseAt(t_us: number): TruePose | null;
  /** Time of the newest message. */
  newestPose_us(): number;
  /** Renders the picture of a moment and hands it over. */
  deliver(pose: TruePose, t_us: number): Promise<void>;
  /** The picture of t_us is done, and there is time until the next at next_us. */
  prepare(pose: TruePose, t_us: number, next_us: number): void;
}

/** What a feed has done so far. */
export interface FeedCounts {
  frames: number;
  /** Captures left out because the last picture was still being rendered: the newest pose wins. */
  late: number;
  /** Captures for which there was no pose. */
  blind: number;
}

/**
 * Takes a picture every period until the signal ends it. A picture is captured when its time has come and rendered when
 * the vehicle's messages have passed that time, so that its pose is interpolated and not guessed. Nothing queues: after a
 * picture that took longer than a period the next one is captured now.
 */
export async function runFeed(parts: FeedParts, counts: FeedCounts, signal: AbortSignal): Promise<void> {
  let capture_us = parts.now_us();
  while (!signal.aborted) {
    await sleepUntil(parts, capture_us);
    const pose = await poseOf(parts, capture_us, signal);
    if (pose === null) counts.blind++;
    else {
      await parts.deliver(pose, capture_us);
      counts.frames++;
    }
    const next_us = capture_us + parts.period_us;
    const now_us = parts.now_us();
    if (next_us < now_us) {
      counts.late += Math.floor((now_us - next_us) / parts.period_us) + 1;
      capture_us = now_us;
    } else {
      if (pose !== null) parts.prepare(pose, capture_us, next_us);
      capture_us = next_us;
    }
  }
}

async function poseOf(parts: FeedParts, t_us: number, signal: AbortSignal): Promise<TruePose | null> {
  while (parts.newestPose_us() < t_us && parts.now_us() - t_us < POSE_WAIT_US && !signal.aborted) await sleep(2);
  return parts.poseAt(t_us);
}

async function sleepUntil(parts: FeedParts, t_us: number): Promise<void> {
  const wait_ms = (t_us - parts.now_us()) / 1000;
  if (wait_ms > 0) await sleep(wait_ms);
}
