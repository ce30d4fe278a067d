import { common, minimal } from "node-mavlink";
import type { TwinEvent } from "../../agent/demo/twin-process.js";
import { decodeAs } from "../../agent/mavlink/codec.js";
import type { MavlinkFrame } from "../../agent/mavlink/frame.js";
import { ComponentWatch } from "./component-watch.js";
import { Heartbeats } from "./heartbeats.js";
import { countText } from "./log-lines.js";
import { PositionWatch } from "./position-watch.js";
import { type ProcessFigures, processFigures } from "./process-figures.js";
import { type EnduranceReport, type MinuteRow, rssSlope } from "./report.js";
import { type DaemonState, stateSchema } from "./state.js";

/** The agent's component id, unless its configuration says otherwise. */
const AGENT_COMPONENT = 197;

/** Everything of the report that is seen while the vehicle flies. */
type Observed = Pick<
  EnduranceReport,
  "frames" | "unanswered" | "fixes" | "sent" | "positions" | "components" | "heartbeats" | "operator_texts" | "process"
>;

/** Looks at a daemon from outside: its status API, its process, and what it tells a ground station. */
export class Observer {
  readonly positions = new PositionWatch();
  readonly #components = new ComponentWatch();
  readonly #heartbeats = new Heartbeats();
  readonly #texts: Record<string, number> = {};
  readonly #minutes: MinuteRow[] = [];
  #first: DaemonState | null = null;
  #last: DaemonState | null = null;
  #process: { first: ProcessFigures; last: ProcessFigures } | null = null;
  #unanswered = 0;

  /** Takes an event of the twin. */
  event(event: TwinEvent): void {
    if (event.event === "gps" && event.jammed === true) this.positions.jam();
  }

  /** Takes a frame that came on the ground station's link. @param t_us when */
  heard(frame: MavlinkFrame, t_us: number): void {
    if (frame.compid !== AGENT_COMPONENT) return;
    if (frame.msgid === minimal.Heartbeat.MSG_ID) this.#heartbeats.beat(t_us);
    else if (frame.msgid === common.StatusText.MSG_ID) {
      countText(this.#texts, decodeAs(frame, common.StatusText).text.replaceAll("\0", ""));
    }
  }

  /** Takes what /api/state answered, null for no answer. @throws ZodError when it is of another kind */
  look(answer: unknown): void {
    if (answer === null) {
      // Before its first answer it is still starting.
      if (this.#first !== null) this.#unanswered++;
      return;
    }
    const state = stateSchema.parse(answer);
    this.#first ??= state;
    this.#last = state;
    this.#components.look(state);
    this.positions.look(state);
  }

  /** A minute is over: looks at the process. @param pid its id */
  minute(minute: number, pid: number): void {
    const figures = processFigures(pid);
    if (figures === null) return;
    this.#minutes.push({ minute, ...figures });
    this.#process = { first: this.#process?.first ?? figures, last: figures };
  }

  /** How it goes, in a line. */
  get line(): string {
    const state = this.#last;
    if (state === null) return "no answer yet";
    const { position, reason } = state.navigation;
    const error_m = this.positions.newest_error_m;
    const where = position === null ? `none (${reason ?? "?"})` : `±${position.eph_m.toFixed(1)} m`;
    const { availability_jammed: share, false_fixes } = this.positions.report;
    const figures = this.#process?.last;
    return [
      `position ${where}${error_m === null ? "" : `, ${error_m.toFixed(1)} m off`}`,
      `jammed ${share === null ? "-" : `${(share * 100).toFixed(1)} %`}`,
      `false ${false_fixes}`,
      `frames ${state.vision.frames}`,
      `heartbeat p99 ${this.#heartbeats.report.jitter_ms.p99?.toFixed(1) ?? "-"} ms`,
      figures === undefined ? "" : `rss ${figures.rss_mib} MiB, ${figures.threads} threads, ${figures.files} files`,
    ].join("   ");
  }

  get observed(): Observed {
    const [first, last] = [this.#first, this.#last];
    const seconds = first === null || last === null ? 0 : (last.t_us - first.t_us) / 1e6;
    const looked = (last?.vision.frames ?? 0) - (first?.vision.frames ?? 0);
    return {
      frames: {
        camera: last?.camera.frames ?? 0,
        dropped: last?.camera.dropped ?? 0,
        vision: last?.vision.frames ?? 0,
        skipped: last?.vision.skipped ?? 0,
        vision_hz: seconds > 0 ? Math.round((looked / seconds) * 100) / 100 : 0,
      },
      unanswered: this.#unanswered,
      fixes: last?.navigation.position?.fix_count ?? 0,
      sent: (last?.publishers ?? []).reduce((sum, { sent }) => sum + sent, 0),
      positions: this.positions.report,
      components: this.#components.report,
      heartbeats: this.#heartbeats.report,
      operator_texts: this.#texts,
      process: {
        by_minute: this.#minutes,
        rss_slope_mib_per_h: rssSlope(this.#minutes),
        first: this.#process?.first ?? null,
        last: this.#process?.last ?? null,
      },
    };
  }
}
