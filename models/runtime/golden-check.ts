import { compare, type GoldenGraph, goldenFeeds } from "./golden.js";
import type { GraphSession } from "./native-session.js";

/** What a session's golden cases showed. */
export interface GoldenResult {
  /** Why the session must not be used; null when it may. */
  readonly why: string | null;
  readonly min_cosine: number;
  readonly max_difference: number;
  /** The first run of the smallest case: engines are built and kernels chosen in it. */
  readonly first_ms: number;
  /** A later run of the smallest case. */
  readonly warm_ms: number;
}

/** How long a run may take, milliseconds. */
export interface RunLimits {
  readonly first_ms: number;
  readonly warm_ms: number;
}

/** A first run chooses kernels and fills memory; what takes longer than this has hung. */
export const RUN_LIMITS: RunLimits = { first_ms: 60_000, warm_ms: 2000 };

/** Thrown when a run does not end: the session is still inside it and must not be released. */
export class NoAnswer extends Error {}

/**
 * Runs every golden case and compares. Each case runs once more when it is warm, and the second run counts as well: a
 * provider may be right once and wrong after.
 *
 * @param limits null where nothing but the outputs matters
 * @throws NoAnswer when a run does not end in time; whatever a run throws
 */
export async function checkGolden(
  session: GraphSession,
  golden: GoldenGraph,
  limits: RunLimits | null = RUN_LIMITS,
): Promise<GoldenResult> {
  let [min_cosine, max_difference] = [1, 0];
  const times_ms: { first: number; warm: number }[] = [];
  const result = (why: string | null): GoldenResult => {
    const { first = Number.NaN, warm = Number.NaN } = times_ms[0] ?? {};
    return { why, min_cosine, max_difference, first_ms: first, warm_ms: warm };
  };
  for (const one of golden.cases) {
    const feeds = goldenFeeds(one);
    const times = { first: Number.NaN, warm: Number.NaN };
    times_ms.push(times);
    for (const turn of ["first", "warm"] as const) {
      const limit_ms = limits === null ? null : turn === "first" ? limits.first_ms : limits.warm_ms;
      const from_ms = performance.now();
      const outputs = await within(session.run(feeds), limit_ms);
      times[turn] = performance.now() - from_ms;
      const difference = compare(outputs, one, golden.tolerance);
      min_cosine = Math.min(min_cosine, difference.min_cosine);
      max_difference = Math.max(max_difference, difference.max_difference);
      if (difference.why !== null) return result(`differs from the CPU's golden output: ${difference.why}`);
      // A run that blocked the thread could not be timed out; it is late all the same.
      if (limit_ms !== null && times[turn] > limit_ms) return result(lateness(times[turn], limit_ms));
    }
  }
  return result(null);
}

function lateness(took_ms: number, limit_ms: number): string {
  return `a run of the golden input took ${took_ms.toFixed(0)} ms (at most ${limit_ms})`;
}

async function within<T>(answer: Promise<T>, limit_ms: number | null): Promise<T> {
  if (limit_ms === null) return answer;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new NoAnswer(`a run of the golden input has not ended after ${limit_ms} ms`));
    }, limit_ms);
  });
  // What comes after all is nobody's business any more.
  answer.catch(() => undefined);
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}
