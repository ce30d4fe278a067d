import { readFlight } from "../../agent/flight/flight.js";
import { replay } from "../../agent/replay/replay.js";
import type { JudgedFrame } from "../../agent/report/report.js";
import { VisionClient } from "../../agent/vision/client.js";
import { DEFAULT_VISION_CONFIG } from "../../agent/vision/config.js";
import { hash01 } from "../../sim/world/random.js";
import type { ReplayChange } from "./scenario.js";

/**
 * Replays a flight folder on a pack through the real pipeline, frames in order. One thread for the networks: benches
 * replay several flights at a time.
 */
export async function flyFolder(
  flightDir: string,
  pack: string,
  change: ReplayChange = {},
): Promise<{ frames: JudgedFrame[]; seconds: number }> {
  const flight = await readFlight(flightDir);
  const client = await VisionClient.open({
    pack,
    rig: flight.rig,
    config: DEFAULT_VISION_CONFIG,
    threads: 1,
    providers: ["cpu"],
  });
  try {
    const started = performance.now();
    const { frames } = await replay(flight, client, { pack, stills: false, ...optionsOf(change) });
    return { frames, seconds: (performance.now() - started) / 1000 };
  } finally {
    await client.close();
  }
}

/** The replay options of a change. */
export function optionsOf({ late_ms, match_every, options }: ReplayChange) {
  return {
    ...(late_ms === undefined ? {} : { latency_ms: latencies(late_ms) }),
    ...(match_every === undefined ? {} : { match_every }),
    ...options,
  };
}

/** A latency for every frame, the same in every run: drawn from its capture time. */
export function latencies({ least, most }: NonNullable<ReplayChange["late_ms"]>): (t_us: number) => number {
  return (t_us) => least + (most - least) * hash01(Math.floor(t_us / 1000), 0x1a7e);
}
