import { AssertionError } from "node:assert";
import type { FlightLog, Span } from "../../sim/autopilot/log/flight-log.js";
import { flight } from "../twin/assertions.js";
import type { AgentState } from "./agent-process.js";
import type { Scenario } from "./scenarios.js";

/** Distance of the EKF from the truth, metres; null without states. */
export interface EkfError {
  readonly rms: number | null;
  readonly p95: number | null;
  readonly max: number | null;
}

/** What a flight came to. */
export interface FlightResult {
  readonly scenario: string;
  readonly vehicle: string;
  /** What the autopilot says of its firmware. */
  readonly firmware: string;
  readonly passed: boolean;
  /** What was not as asked, a line each. */
  readonly failures: readonly string[];
  /** Seconds of the vehicle, from the jamming (or the first position) to the end. */
  readonly judged_s: number;
  /** Seconds of the vehicle for one of the wall clock: far below 1 the timing of everything is not that of a flight. */
  readonly simulation_rate: number;
  readonly ekf_error_m: { readonly before: EkfError; readonly judged: EkfError };
  /** Parts of a second (tenths) in the air without any position. */
  readonly without_position: number;
  readonly modes: readonly string[];
  readonly resets: readonly { readonly t_s: number; readonly jump_m: number; readonly cause: string }[];
  readonly failsafes: readonly string[];
  readonly flap_backs: number;
  readonly source_sets: readonly number[];
  readonly agent: {
    readonly publisher: string;
    readonly sent: number;
    readonly fused: boolean | null;
    readonly frames: number;
  };
  /** What the autopilot and the agent said, with the vehicle's seconds. */
  readonly texts: readonly string[];
  /** Parameters that the vehicle did not take. */
  readonly parameters_refused: readonly string[];
}

export interface FlightRecord {
  readonly scenario: Scenario;
  readonly firmware: string;
  readonly log: FlightLog;
  /** From the jamming, or the first position without GPS; null when it never came to that. */
  readonly judgedFrom_s: number | null;
  readonly end_s: number;
  readonly simulation_rate: number;
  /** Why the route was not flown to its end. */
  readonly ended: string | null;
  readonly agent: AgentState | null;
  readonly texts: readonly string[];
  readonly parametersRefused: readonly string[];
}

/** Asks the questions of the field, the same that are asked of the twin. */
export function judge(record: FlightRecord): FlightResult {
  const { scenario, log, judgedFrom_s, end_s, agent } = record;
  const span: Span = { from_s: judgedFrom_s ?? Number.POSITIVE_INFINITY, to_s: end_s };
  const failures = record.ended === null ? [] : [`the route was not flown to its end: ${record.ended}`];
  if (judgedFrom_s !== null) failures.push(...unanswered(record, span));
  const states = log.states(span);
  const feed = agent?.publishers[0];
  return {
    scenario: scenario.name,
    vehicle: scenario.vehicle,
    firmware: record.firmware,
    passed: failures.length === 0,
    failures,
    judged_s: judgedFrom_s === null ? 0 : round(end_s - judgedFrom_s, 1),
    simulation_rate: round(record.simulation_rate, 2),
    ekf_error_m: { before: errorOf(log, { to_s: judgedFrom_s ?? end_s }), judged: errorOf(log, span) },
    without_position: states.filter((state) => state.in_air && !state.position_ok).length,
    modes: [...new Set(states.map(({ mode }) => mode))],
    resets: log.resets(span).map(({ t_s, jump_m, cause }) => ({ t_s: round(t_s, 1), jump_m: round(jump_m, 1), cause })),
    failsafes: log.failsafes(span).map(({ t_s, what }) => `${what} at ${t_s.toFixed(1)} s`),
    flap_backs: log.flapBacks(span),
    source_sets: log.events("source_set", { to_s: end_s }).map(({ set }) => set),
    agent: {
      publisher: feed?.name ?? scenario.publisher,
      sent: feed?.sent ?? 0,
      fused: feed?.fused ?? null,
      frames: agent?.vision.frames ?? 0,
    },
    texts: record.texts,
    parameters_refused: record.parametersRefused,
  };
}

function unanswered({ scenario, log }: FlightRecord, span: Span): string[] {
  const asked = flight(log, span);
  const { resets } = scenario;
  const questions: (() => unknown)[] = [
    () => asked.modeKept(scenario.mode),
    () => asked.noFailsafe(),
    () => asked.horizontalError(scenario.limits),
  ];
  // A way of feeding that is made of jumps has no aiding in between either: the flags come and go with it.
  if (resets !== null)
    questions.push(
      () => asked.resets(resets),
      () => asked.noFlapBack(),
    );
  return questions.flatMap((question) => {
    try {
      question();
      return [];
    } catch (thrown) {
      if (!(thrown instanceof AssertionError)) throw thrown;
      return [thrown.message.split("\n", 1)[0] ?? ""];
    }
  });
}

function errorOf(log: FlightLog, span: Span): EkfError {
  const { count, rms_m, p95_m, max_m } = log.horizontalError(span);
  return count === 0
    ? { rms: null, p95: null, max: null }
    : { rms: round(rms_m, 2), p95: round(p95_m, 2), max: round(max_m, 2) };
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}

/** Results as a table for a terminal, and what failed below it. */
export function resultTable(results: readonly FlightResult[]): string {
  const header = ["scenario", "", "RMS", "p95", "max m", "before", "mode", "resets", "failsafes", "flaps", "s", "rate"];
  const metres = (value: number | null): string => (value === null ? "-" : value.toFixed(1));
  const rows = results.map((result) => {
    const { judged, before } = result.ekf_error_m;
    return [
      result.scenario,
      result.passed ? "ok" : "FAILED",
      metres(judged.rms),
      metres(judged.p95),
      metres(judged.max),
      metres(before.rms),
      result.modes.join(",") || "-",
      String(result.resets.length),
      String(result.failsafes.length),
      String(result.flap_backs),
      result.judged_s.toFixed(0),
      result.simulation_rate.toFixed(2),
    ];
  });
  const widths = header.map((title, k) => Math.max(title.length, ...rows.map((row) => row[k]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, k) => cell.padEnd(widths[k] ?? 0))
      .join("  ")
      .trimEnd();
  const failed = results.flatMap(({ scenario, failures }) => failures.map((failure) => `${scenario}: ${failure}`));
  return [line(header), ...rows.map(line), ...failed].join("\n");
}
