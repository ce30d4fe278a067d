import type { MavlinkFrame } from "../../agent/mavlink/frame.js";
import { percentile, rootMeanSquare } from "../../agent/report/statistics.js";
import { TruePoseTrack } from "../../sim/feed/true-pose.js";
import { distance_m } from "../../tiles/geodesy/index.js";
import type { DaemonState } from "./state.js";

/** A position is false when it is farther off than three times its own 1-sigma error and than this, metres. */
const FALSE_M = 50;

/** The agent's positions against the truth. */
export interface PositionReport {
  /** Looks at the agent, and those that found a position. */
  readonly looks: number;
  readonly positions: number;
  readonly availability: number | null;
  /** The same since the jamming. */
  readonly availability_jammed: number | null;
  readonly error_m: {
    readonly median: number | null;
    readonly p95: number | null;
    readonly rmse: number | null;
    readonly max: number | null;
  };
  /** Positions with an error of more than max(3 eph, 50 m). */
  readonly false_fixes: number;
}

type Look = Pick<DaemonState, "t_us"> & { readonly navigation: Pick<DaemonState["navigation"], "position"> };

/**
 * Compares what the agent says of a moment with where the simulator says the vehicle was then. Both clocks are the
 * computer's: the truth counts from its arrival, which is a millisecond after its making.
 */
export class PositionWatch {
  readonly #track = new TruePoseTrack();
  readonly #errors_m: number[] = [];
  #waiting: Look[] = [];
  #looks = 0;
  #positions = 0;
  #jammedLooks = 0;
  #jammedPositions = 0;
  #false = 0;
  #jammed = false;

  /** GPS is jammed from now on. */
  jam(): void {
    this.#jammed = true;
  }

  look(look: Look): void {
    const found = look.navigation.position !== null;
    this.#looks++;
    if (found) this.#positions++;
    if (this.#jammed) this.#jammedLooks++;
    if (this.#jammed && found) this.#jammedPositions++;
    if (found) this.#waiting.push(look);
  }

  /** Takes a frame of the vehicle. @param t_us when it arrived */
  receive(frame: MavlinkFrame, t_us: number): void {
    this.#track.receive(frame, t_us);
    const { newest_us } = this.#track;
    const due = this.#waiting.filter((look) => look.t_us <= newest_us);
    if (due.length === 0) return;
    this.#waiting = this.#waiting.filter((look) => look.t_us > newest_us);
    for (const look of due) {
      const truth = this.#track.at(look.t_us);
      const { position } = look.navigation;
      if (truth === null || position === null) continue;
      const error_m = distance_m(position, truth);
      this.#errors_m.push(error_m);
      if (error_m > Math.max(3 * position.eph_m, FALSE_M)) this.#false++;
    }
  }

  /** Error of the newest position whose truth is known, metres; null when there is none. */
  get newest_error_m(): number | null {
    return this.#errors_m.at(-1) ?? null;
  }

  get report(): PositionReport {
    const errors = this.#errors_m;
    const metres = (value: number | null): number | null => (value === null ? null : Math.round(value * 100) / 100);
    const share = (some: number, all: number): number | null =>
      all === 0 ? null : Math.round((some / all) * 1e4) / 1e4;
    return {
      looks: this.#looks,
      positions: this.#positions,
      availability: share(this.#positions, this.#looks),
      availability_jammed: share(this.#jammedPositions, this.#jammedLooks),
      error_m: {
        median: metres(percentile(errors, 0.5)),
        p95: metres(percentile(errors, 0.95)),
        rmse: metres(rootMeanSquare(errors)),
        max: metres(percentile(errors, 1)),
      },
      false_fixes: this.#false,
    };
  }
}
