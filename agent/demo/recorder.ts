import { common } from "node-mavlink";
import type { GeoPoint } from "../../tiles/geodesy/index.js";
import { monotonic_us } from "../clock.js";
import type { SkylinkDaemon } from "../daemon/daemon.js";
import type { DaemonParts } from "../daemon/parts.js";
import type { Fix } from "../fix.js";
import type { OdometryStep } from "../navigation/odometry/step.js";
import type { NavigationSolution } from "../navigation/solution.js";
import type { JudgedFrame } from "../report/report.js";
import { SimulatedTruth } from "../status/truth.js";
import type { PipelineInfo } from "../vision/pipeline.js";
import type { FrameResult } from "../vision/result.js";

interface Row {
  readonly t_us: number;
  /** What was known of this moment when the frame arrived: what was being published then. */
  readonly navigation: NavigationSolution;
  odometry: OdometryStep | null;
  result: FrameResult | null;
  verdict: string | null;
}

/** Between two messages of the truth that are farther apart than this nothing is made up, microseconds. */
const TRUTH_GAP_US = 500_000;

/**
 * Looks on while a daemon flies, and keeps for every frame of the camera what was published at its moment, what became of
 * it, and where the simulator says that the vehicle was. It changes nothing of what the daemon does.
 */
export class FlightRecorder {
  readonly #rows = new Map<number, Row>();
  readonly #live = new SimulatedTruth();
  readonly #truth: { readonly t_us: number; readonly place: GeoPoint }[] = [];
  #info: PipelineInfo | null = null;
  #recording = false;
  #jam_us = Number.POSITIVE_INFINITY;

  /** The same parts, observed. */
  observe(parts: DaemonParts): DaemonParts {
    const { navigator, camera } = parts;
    camera.onFrame(({ t_us }) => {
      if (!this.#recording) return;
      const navigation = navigator.solutionAt(t_us);
      this.#rows.set(t_us, { t_us, navigation, odometry: null, result: null, verdict: null });
    });
    return {
      ...parts,
      openLinks: async () => {
        const links = await parts.openLinks();
        links.onVehicleFrame((frame, t_us) => {
          if (frame.msgid !== common.SimState.MSG_ID) return;
          this.#live.receive(frame, t_us);
          const place = this.#live.at(t_us);
          if (place !== null) this.#truth.push({ t_us, place });
        });
        return links;
      },
      openVision: async () => {
        const vision = await parts.openVision();
        this.#info = vision.info;
        return vision;
      },
      openOdometry: async () => {
        const odometry = await parts.openOdometry();
        return {
          died: odometry.died,
          kill: () => odometry.kill(),
          observe: async (frame) => {
            const step = await odometry.observe(frame);
            const row = this.#rows.get(frame.t_us);
            if (row !== undefined) row.odometry = step;
            return step;
          },
        };
      },
    };
  }

  /** Listens to what vision finds. */
  attach(daemon: SkylinkDaemon): void {
    daemon.onResult((result, frame, { reason }) => {
      const row = this.#rows.get(frame.t_us);
      if (row !== undefined) Object.assign(row, { result, verdict: reason ?? "accepted" });
    });
  }

  /** Frames count from now on. */
  begin(): void {
    this.#recording = true;
  }

  /** Frames do not count any more. */
  end(): void {
    this.#recording = false;
  }

  /** GPS is jammed from now on. */
  jammed(): void {
    this.#jam_us = Math.min(this.#jam_us, monotonic_us());
  }

  /** Part of the frames since the jamming at whose moment a position was published; null when there were none. */
  availabilityJammed(): number | null {
    const jammed = [...this.#rows.values()].filter(({ t_us }) => t_us >= this.#jam_us);
    const positions = jammed.filter(({ navigation }) => navigation.position !== null).length;
    return jammed.length === 0 ? null : Math.round((positions / jammed.length) * 1e4) / 1e4;
  }

  /** Frames a second that vision has finished; null when there were none. */
  visionHz(): number | null {
    const rows = [...this.#rows.values()];
    const span_s = ((rows.at(-1)?.t_us ?? 0) - (rows[0]?.t_us ?? 0)) / 1e6;
    const done = rows.filter(({ result }) => result !== null).length;
    return span_s > 0 ? Math.round((done / span_s) * 100) / 100 : null;
  }

  /** What vision was opened with; null before that. */
  get info(): PipelineInfo | null {
    return this.#info;
  }

  /** Where the vehicle really is now; null when nothing was heard for two seconds. */
  truthNow(t_us: number): GeoPoint | null {
    return this.#live.at(t_us);
  }

  /** The frames with their truth. */
  frames(): JudgedFrame[] {
    let resets = 0;
    return [...this.#rows.values()].map((row) => {
      const { navigation } = row;
      const published = fixOf(navigation, resets);
      resets = navigation.position?.reset_counter ?? resets;
      return { ...row, file: "", truth: this.#truthAt(row.t_us), published, reason: navigation.reason };
    });
  }

  /** The truth between two messages; null where they do not reach. */
  #truthAt(t_us: number): GeoPoint | null {
    const after = this.#truth.findIndex((one) => one.t_us >= t_us);
    const b = this.#truth[after];
    const a = this.#truth[after - 1];
    if (a === undefined || b === undefined || b.t_us - a.t_us > TRUTH_GAP_US) return null;
    const k = (t_us - a.t_us) / (b.t_us - a.t_us);
    return {
      lat_deg: a.place.lat_deg + (b.place.lat_deg - a.place.lat_deg) * k,
      lon_deg: a.place.lon_deg + (b.place.lon_deg - a.place.lon_deg) * k,
    };
  }
}

function fixOf({ t_us, position }: NavigationSolution, resets: number): Fix | null {
  if (position === null) return null;
  const { lat_deg, lon_deg, eph_m, cov_ne_m2, belief, reset_counter } = position;
  return { t_us, lat_deg, lon_deg, eph_m, cov_ne_m2, alt_m: null, quality: belief, reset: reset_counter !== resets };
}
