import { PackReader } from "../../tiles/pack/reader.js";
import type { FixPublisher } from "../fix.js";
import type { Flight, FlightFrame } from "../flight/flight.js";
import type { NavigationConfig } from "../navigation/config.js";
import { type JudgedFrame, makeReport, type Report } from "../report/report.js";
import type { VisionClient } from "../vision/client.js";
import { FlightSequence } from "./sequence.js";

export interface ReplayOptions {
  /** The pack's folder: navigation and the report need its geometry. */
  readonly pack: string;
  /** Judge every frame alone over the whole pack, and publish each that is accepted. */
  readonly stills: boolean;
  readonly navigation?: NavigationConfig;
  /** How long vision takes: its result of a frame enters that much later. A number, or one for each frame. */
  readonly latency_ms?: number | ((index: number) => number);
  /** Vision looks at a frame only when the last one that it looked at is this much older; odometry takes all. */
  readonly fix_interval_s?: number;
  /** The vehicle is known to start within this distance of the first frame's true place. */
  readonly known_start_m?: number;
  /** Receives the published positions. */
  readonly publisher?: FixPublisher;
  /** Called after each frame. */
  readonly onFrame?: (frame: JudgedFrame, done: number, total: number) => void;
}

/**
 * Runs a recorded flight through the real pipeline, frame by frame as fast as it goes, and judges the result. The same
 * flight, pack and models give the same positions to the last bit.
 *
 * @throws UserError when an image cannot be decoded
 */
export async function replay(
  flight: Flight,
  client: VisionClient,
  options: ReplayOptions,
): Promise<{ frames: JudgedFrame[]; report: Report }> {
  const pack = PackReader.open(options.pack);
  try {
    const sequence = options.stills ? null : new FlightSequence(flight, client, pack, options);
    const frames: JudgedFrame[] = [];
    for (const recorded of flight.frames) {
      const judged = sequence === null ? await still(recorded, client) : await sequence.next(recorded);
      if (judged.published !== null) await options.publisher?.publish(judged.published);
      frames.push(judged);
      options.onFrame?.(judged, frames.length, flight.frames.length);
    }
    const report = makeReport(frames, {
      mode: options.stills ? "stills" : "sequence",
      flight: flight.name,
      info: client.info,
      bbox: pack.manifest.bbox,
      cell_side_m: (level) => pack.level(level).cell_side_m,
    });
    return { frames, report };
  } finally {
    pack.close();
  }
}

/** A frame alone, from nothing. */
async function still({ frame, file, truth }: FlightFrame, client: VisionClient): Promise<JudgedFrame> {
  const result = await client.localise(frame);
  return {
    t_us: frame.t_us,
    file,
    truth,
    result,
    published: result.fix,
    reason: result.reason,
    odometry: null,
    navigation: null,
    verdict: null,
  };
}
