import { readFlight } from "../../agent/flight/flight.js";
import { replay } from "../../agent/replay/replay.js";
import type { JudgedFrame } from "../../agent/report/report.js";
import { VisionClient } from "../../agent/vision/client.js";
import { DEFAULT_VISION_CONFIG } from "../../agent/vision/config.js";
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
    const { frames } = await replay(flight, client, { pack, stills: false, ...change });
    return { frames, seconds: (performance.now() - started) / 1000 };
  } finally {
    await client.close();
  }
}
