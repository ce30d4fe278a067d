import type { PackReader } from "../../tiles/pack/reader.js";
import type { Fix } from "../fix.js";
import type { Flight, FlightFrame } from "../flight/flight.js";
import { DEFAULT_NAVIGATION_CONFIG } from "../navigation/config.js";
import { packLevels, packReference } from "../navigation/measurement.js";
import { Navigator } from "../navigation/navigator.js";
import { VisualOdometry } from "../navigation/odometry/odometry.js";
import type { NavigationSolution } from "../navigation/solution.js";
import type { JudgedFrame } from "../report/report.js";
import type { VisionClient } from "../vision/client.js";
import type { FrameResult } from "../vision/result.js";
import type { ReplayOptions } from "./replay.js";

/** A result of vision that is on its way, and the frame that it belongs to. */
interface Pending {
  readonly due_us: number;
  readonly result: FrameResult;
  readonly frame: { verdict: string | null };
}

/**
 * A recorded flight frame after frame, as in the air: odometry takes every frame, vision those that it has time for, and
 * its results enter as late as they would. What is published with a frame is what is known at its capture time.
 */
export class FlightSequence {
  private readonly navigator: Navigator;
  private readonly odometry: VisualOdometry;
  private readonly pending: Pending[] = [];
  private index = 0;
  private vision_us = Number.NEGATIVE_INFINITY;
  private resets = 0;

  constructor(
    flight: Flight,
    private readonly client: VisionClient,
    pack: PackReader,
    private readonly options: ReplayOptions,
  ) {
    this.navigator = new Navigator(
      packReference(pack.manifest),
      packLevels(pack),
      options.navigation ?? DEFAULT_NAVIGATION_CONFIG,
    );
    this.odometry = new VisualOdometry(flight.rig);
    const first = flight.frames[0];
    if (options.known_start_m !== undefined && first?.truth != null) {
      this.navigator.knownNear(first.truth, options.known_start_m, first.frame.t_us);
    }
  }

  async next({ frame, file, truth }: FlightFrame): Promise<JudgedFrame> {
    const { t_us } = frame;
    const looks = t_us - this.vision_us >= (this.options.fix_interval_s ?? 0) * 1e6 - 1;
    if (looks) this.vision_us = t_us;
    this.deliver(t_us);
    const [result, odometry] = await Promise.all([
      looks ? this.client.localise(frame, this.navigator.neighbourhood(t_us)) : null,
      this.odometry.observe(frame),
    ]);
    this.navigator.onOdometry(odometry);
    const judged = { t_us, file, truth, result, odometry, verdict: null as string | null };
    if (result !== null) {
      this.pending.push({ due_us: t_us + this.latency_us(), result, frame: judged });
      this.pending.sort((a, b) => a.due_us - b.due_us);
    }
    this.index++;
    this.deliver(t_us);
    const navigation = this.navigator.solutionAt(t_us);
    return Object.assign(judged, { navigation, published: this.publishable(navigation), reason: navigation.reason });
  }

  private latency_us(): number {
    const { latency_ms } = this.options;
    return (typeof latency_ms === "function" ? latency_ms(this.index) : (latency_ms ?? 0)) * 1000;
  }

  /** Hands over the results that are there by now. */
  private deliver(t_us: number): void {
    while ((this.pending[0]?.due_us ?? Number.POSITIVE_INFINITY) <= t_us) {
      const next = this.pending.shift();
      if (next === undefined) return;
      next.frame.verdict = this.navigator.onVision(next.result).reason ?? "accepted";
    }
  }

  private publishable({ position, t_us }: NavigationSolution): Fix | null {
    if (position === null) return null;
    const { lat_deg, lon_deg, eph_m, cov_ne_m2, belief, reset_counter } = position;
    const reset = reset_counter !== this.resets;
    this.resets = reset_counter;
    return { t_us, lat_deg, lon_deg, eph_m, cov_ne_m2, alt_m: null, quality: belief, reset };
  }
}
