import { z } from "zod";
import { percentile, rootMeanSquare } from "../report/statistics.js";

const eventSchema = z.discriminatedUnion("event", [
  z.object({ event: z.literal("phase"), t_s: z.number(), phase: z.string() }),
  z.object({ event: z.literal("gps"), t_s: z.number(), jammed: z.boolean() }),
  z.object({ event: z.literal("source_set"), t_s: z.number(), set: z.number() }),
  z.object({ event: z.literal("failsafe"), t_s: z.number(), what: z.string() }),
  z.object({ event: z.literal("reset"), t_s: z.number(), cause: z.string(), jump_m: z.number() }),
]);
type LogEvent = z.infer<typeof eventSchema>;
const EVENTS: readonly string[] = eventSchema.options.map((option) => option.shape.event.value);

const stateSchema = z.object({
  t_s: z.number(),
  error_m: z.number().nullable(),
  position_ok: z.boolean(),
  mode: z.string(),
  in_air: z.boolean(),
});
type LogState = z.infer<typeof stateSchema>;

/** Jumps of the EKF that somebody asked for, or that a start brings with it. */
const PLANNED: readonly string[] = ["start", "source_switch", "reset_counter", "external_position"];

/** Distance of the autopilot's own position from the truth, metres. */
export interface EkfError {
  readonly rmse: number | null;
  readonly median: number | null;
  readonly p95: number | null;
  readonly max: number | null;
}

/** What the autopilot made of the positions, by its own log, against the truth. Times in seconds. */
export interface AutopilotReport {
  /** From take-off to the end of the route. */
  readonly flown_s: number | null;
  readonly route_finished: boolean;
  readonly mode_kept: boolean;
  readonly modes: readonly string[];
  readonly failsafes: readonly string[];
  readonly unplanned_resets: number;
  /** Tenths of seconds in the air, after the jamming, without a position. */
  readonly without_position: number;
  /** From the jamming until the EKF was switched to vision; null when it never was. */
  readonly jam_to_vision_s: number | null;
  readonly source_sets: readonly number[];
  readonly ekf_error_m: { readonly before_jam: EkfError; readonly after_jam: EkfError };
}

/** Reads the twin's log: lines of JSON. @throws ZodError for a log of something else */
export function autopilotReport(lines: string): AutopilotReport {
  const { events, states } = parseLog(lines);
  const phase = (name: string): number | null =>
    events.find((one) => one.event === "phase" && one.phase === name)?.t_s ?? null;
  const takeoff_s = phase("takeoff");
  const done_s = phase("done");
  const jam_s = events.find((one) => one.event === "gps" && one.jammed)?.t_s ?? null;
  const flying = states.filter(({ t_s, in_air }) => in_air && t_s <= (done_s ?? Number.POSITIVE_INFINITY));
  const jammed = flying.filter(({ t_s }) => jam_s !== null && t_s >= jam_s);
  const modes = [...new Set(flying.map(({ mode }) => mode))];
  const sets = events.flatMap((one) => (one.event === "source_set" ? [one] : []));
  const vision = sets.find(({ t_s }) => jam_s !== null && t_s >= jam_s);
  const resets = events.filter((one) => one.event === "reset" && !PLANNED.includes(one.cause));
  return {
    flown_s: takeoff_s === null || done_s === null ? null : tenth(done_s - takeoff_s),
    route_finished: done_s !== null,
    mode_kept: modes.length === 1,
    modes,
    failsafes: events.flatMap((one) => (one.event === "failsafe" ? [one.what] : [])),
    unplanned_resets: resets.length,
    without_position: jammed.filter(({ position_ok }) => !position_ok).length,
    jam_to_vision_s: vision === undefined || jam_s === null ? null : tenth(vision.t_s - jam_s),
    source_sets: sets.map(({ set }) => set),
    ekf_error_m: {
      before_jam: errorOf(flying.filter(({ t_s }) => jam_s === null || t_s < jam_s)),
      after_jam: errorOf(jammed),
    },
  };
}

function parseLog(lines: string): { events: LogEvent[]; states: LogState[] } {
  const events: LogEvent[] = [];
  const states: LogState[] = [];
  for (const line of lines.split("\n")) {
    if (line === "") continue;
    const entry = z.looseObject({ kind: z.string(), event: z.string().optional() }).parse(JSON.parse(line));
    if (entry.kind === "state") states.push(stateSchema.parse(entry));
    else if (EVENTS.includes(entry.event ?? "")) events.push(eventSchema.parse(entry));
  }
  return { events, states };
}

function errorOf(states: readonly LogState[]): EkfError {
  const errors = states.flatMap(({ error_m }) => error_m ?? []);
  return {
    rmse: hundredth(rootMeanSquare(errors)),
    median: hundredth(percentile(errors, 0.5)),
    p95: hundredth(percentile(errors, 0.95)),
    max: hundredth(percentile(errors, 1)),
  };
}

function tenth(value: number): number {
  return Math.round(value * 10) / 10;
}

function hundredth(value: number | null): number | null {
  return value === null ? null : Math.round(value * 100) / 100;
}
