import { DEFAULT_VISION_CONFIG } from "../../agent/vision/config.js";
import { queryHypotheses } from "../../agent/vision/encode/hypotheses.js";
import { type EncodedQuery, QueryEncoder } from "../../agent/vision/encode/query-encoder.js";
import type { CameraRig, Frame } from "../../agent/vision/frame.js";
import { centrePatches } from "../../agent/vision/rectify/centre-patches.js";
import { HomographyRectifier } from "../../agent/vision/rectify/homography-rectifier.js";
import type { RectifiedQuery } from "../../agent/vision/rectify/rectifier.js";
import { type PromptValues, seasonOf } from "../../agent/vision/rerank/prompt.js";
import { planQuery, type QueryPlan, rectifiedSide } from "../../agent/vision/view.js";
import type { Encoder } from "../../models/runtime/encoder.js";
import type { PackReader } from "../../tiles/pack/reader.js";

/** A frame that went through the agent's own rectifier and encoder. */
export interface EncodedFrame {
  readonly plan: QueryPlan;
  readonly rectified: RectifiedQuery;
  readonly encoded: EncodedQuery;
  /** What the pipeline tells the re-ranker. */
  readonly prompt: PromptValues;
  /** CPU time of rectifying and of encoding, milliseconds. */
  readonly rectify_cpu_ms: number;
  readonly encode_cpu_ms: number;
}

/** The parts of the pipeline up to the encoded query, so that one encoding serves several maps of the same level. */
export class FrameEncoder {
  private readonly rectifier = new HomographyRectifier();
  private readonly queryEncoder: QueryEncoder;

  constructor(private readonly encoder: Encoder) {
    this.queryEncoder = new QueryEncoder(encoder, DEFAULT_VISION_CONFIG.encode);
  }

  /** @throws Error when the pipeline would refuse the frame: benchmarks are built so that it does not */
  async encode(frame: Frame, rig: CameraRig, pack: PackReader): Promise<EncodedFrame> {
    const plan = planQuery(frame, rig, pack.manifest.levels, DEFAULT_VISION_CONFIG.view);
    if (typeof plan === "string") throw new Error(`the pipeline refuses a frame of the benchmark: ${plan}`);
    const level = pack.level(plan.level);
    const { gsd_m, cell_px, cell_side_m } = level;
    const agl_sigma_ratio = frame.agl_sigma_m / frame.agl_m;
    const hypotheses = queryHypotheses(frame.yaw_sigma_deg, agl_sigma_ratio, DEFAULT_VISION_CONFIG.retrieve);
    const fill = this.encoder.fillColour;
    const { view, centre } = plan;
    const started = cpu_ms();
    const least = DEFAULT_VISION_CONFIG.encode.surroundings_visible;
    const side_px = rectifiedSide(plan, level, this.encoder, least);
    const whole = await this.rectifier.rectify({ image: frame.image, view, centre, gsd_m, side_px, hypotheses, fill });
    const rectified = side_px === cell_px ? whole : centrePatches(whole, cell_px);
    const between = cpu_ms();
    const encoded = await this.queryEncoder.encode(rectified, hypotheses, side_px === cell_px ? null : whole);
    const prompt = {
      agl_m: frame.agl_m,
      footprint_m: cell_side_m,
      gsd_cm: gsd_m * 100,
      yaw_sigma_deg: frame.yaw_sigma_deg,
      agl_sigma_percent: 100 * agl_sigma_ratio,
      off_nadir_deg: view.offNadirDeg(),
      ...seasonOf(frame.t_us, pack.manifest.layers.flatMap((layer) => layer.imagery_date ?? []).at(-1) ?? null),
    };
    return { plan, rectified, encoded, prompt, rectify_cpu_ms: between - started, encode_cpu_ms: cpu_ms() - between };
  }
}

/** CPU time of this process so far, all threads, milliseconds: unlike the clock it does not count other programs. */
export function cpu_ms(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
