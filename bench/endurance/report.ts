import type { AutopilotReport } from "../../agent/demo/flight-log.js";
import type { ComponentReport } from "./component-watch.js";
import type { HeartbeatReport } from "./heartbeats.js";
import type { LogReport } from "./log-lines.js";
import type { PositionReport } from "./position-watch.js";
import type { ProcessFigures } from "./process-figures.js";
import { slope } from "./slope.js";

/** The daemon's process after so many minutes in the air. */
export interface MinuteRow extends ProcessFigures {
  readonly minute: number;
}

/** How the daemon ended when it was told to; null when it had ended before. */
export interface EndReport {
  readonly exit_code: number | null;
  readonly seconds: number;
}

/** A long flight, seen from outside. */
export interface EnduranceReport {
  readonly format: "skylink-endurance";
  readonly version: 1;
  readonly node: string;
  readonly cores: number;
  /** Asked for, and flown by the vehicle's own clock. */
  readonly minutes: { readonly asked: number; readonly flown: number };
  /** Why the flight was over before its time; null when it was not. */
  readonly ended_early: string | null;
  readonly frames: {
    readonly camera: number;
    readonly dropped: number;
    readonly vision: number;
    readonly skipped: number;
    readonly vision_hz: number;
  };
  /** Looks at the daemon's state that it did not answer within five seconds. */
  readonly unanswered: number;
  /** Fixes that entered navigation, messages with positions that were sent. */
  readonly fixes: number;
  readonly sent: number;
  readonly positions: PositionReport;
  readonly autopilot: AutopilotReport;
  readonly components: readonly ComponentReport[];
  readonly heartbeats: HeartbeatReport;
  readonly operator_texts: Readonly<Record<string, number>>;
  readonly process: {
    readonly by_minute: readonly MinuteRow[];
    /** After the first ten minutes, by least squares; null for a flight too short to tell. */
    readonly rss_slope_mib_per_h: number | null;
    readonly first: ProcessFigures | null;
    readonly last: ProcessFigures | null;
  };
  readonly log: LogReport;
  readonly end: EndReport | null;
  /** What was not as issue and design ask, a line each. */
  readonly failures: readonly string[];
}

/** Memory settles for so long: buffers and caches fill, code is compiled. */
const SETTLING_MIN = 10;

/** Growth of the process's memory once it has settled, MiB in an hour. */
export function rssSlope(rows: readonly MinuteRow[]): number | null {
  const settled = rows.filter(({ minute }) => minute >= SETTLING_MIN);
  const found = slope(settled.map(({ minute, rss_mib }) => ({ x: minute / 60, y: rss_mib })));
  return found === null ? null : Math.round(found * 10) / 10;
}
