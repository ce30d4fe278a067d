import { PackReader } from "../../tiles/pack/reader.js";
import type { FixPublisher } from "../fix.js";
import type { Flight, FlightFrame } from "../flight/flight.js";
import { Agreement, type AgreementConfig } from "../navigation/agreement.js";
import { type JudgedFrame, makeReport, type Report } from "../report/report.js";
import type { VisionClient } from "../vision/client.js";

export interface ReplayOptions {
  /** The pack's folder: the report needs its geometry. */
  readonly pack: string;
  /** Judge every frame alone over the whole pack, and publish each that is accepted. */
  readonly stills: boolean;
  readonly agreement?: AgreementConfig;
  /** Receives the published fixes. */
  readonly publisher?: FixPublisher;
  /** Called after each frame. */
  readonly onFrame?: (frame: JudgedFrame, done: number, total: number) => void;
}

/**
 * Runs a recorded flight through the real pipeline, frame by frame as fast as it goes, and judges the result.
 *
 * @throws UserError when an image cannot be decoded
 */
export async function replay(
  flight: Flight,
  client: VisionClient,
  options: ReplayOptions,
): Promise<{ frames: JudgedFrame[]; report: Report }> {
  const agreement = new Agreement(options.agreement);
  const frames: JudgedFrame[] = [];
  for (const recorded of flight.frames) {
    const judged = options.stills ? await still(recorded, client) : await next(recorded, client, agreement);
    if (judged.published !== null) await options.publisher?.publish(judged.published);
    frames.push(judged);
    options.onFrame?.(judged, frames.length, flight.frames.length);
  }
  const pack = PackReader.open(options.pack);
  try {
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
  return { t_us: frame.t_us, file, truth, result, published: result.fix, reason: result.reason };
}

/** A frame as the successor of those before it. */
async function next(
  { frame, file, truth }: FlightFrame,
  client: VisionClient,
  agreement: Agreement,
): Promise<JudgedFrame> {
  const result = await client.localise(frame, agreement.neighbourhood(frame.t_us));
  const verdict = agreement.observe(result.fix, frame.t_us);
  return {
    t_us: frame.t_us,
    file,
    truth,
    result,
    published: verdict.fix,
    reason: verdict.fix === null ? (result.reason ?? verdict.reason) : null,
  };
}
