import assert from "node:assert/strict";
import type { FlightLog, Span } from "../../sim/autopilot/log/flight-log.js";

/** Greatest errors that a flight may have, metres. */
export interface ErrorLimits {
  readonly rms_m?: number;
  readonly p95_m?: number;
  readonly max_m?: number;
}

/** Questions that the field asks of a flight, as assertions that say what was found instead. */
export function flight(log: FlightLog, span: Span = {}) {
  const figures = () => log.horizontalError(span);
  return {
    /** The vehicle was in this mode all the time. */
    modeKept(mode: string) {
      const modes = [...new Set(log.states(span).map((state) => state.mode))];
      assert.deepEqual(modes, [mode], `mode kept: was in ${modes.join(", ")}`);
      return this;
    },
    /** So many jumps of the estimate that nobody had asked for; 0 unless given. */
    resets(count = 0) {
      const found = log.unplannedResets(span);
      const told = found.map(({ t_s, cause, jump_m }) => `${cause} of ${jump_m.toFixed(0)} m at ${t_s.toFixed(1)} s`);
      assert.equal(found.length, count, `unplanned resets: ${told.join(", ") || "none"}`);
      return this;
    },
    /** Distance between the EKF and the truth, in the air, with a position all the time. */
    horizontalError(limits: ErrorLimits) {
      const { count, missing, rms_m, p95_m, max_m } = figures();
      const told = `EKF error RMS ${rms_m.toFixed(1)}, p95 ${p95_m.toFixed(1)}, max ${max_m.toFixed(1)} m`;
      assert.ok(count > 0 && missing === 0, `${missing} of ${count + missing} states without a position`);
      if (limits.rms_m !== undefined) assert.ok(rms_m <= limits.rms_m, `${told}; RMS at most ${limits.rms_m}`);
      if (limits.p95_m !== undefined) assert.ok(p95_m <= limits.p95_m, `${told}; p95 at most ${limits.p95_m}`);
      if (limits.max_m !== undefined) assert.ok(max_m <= limits.max_m, `${told}; max at most ${limits.max_m}`);
      return this;
    },
    noFailsafe() {
      const found = log.failsafes(span).map(({ t_s, what }) => `${what} at ${t_s.toFixed(1)} s`);
      assert.deepEqual(found, [], "no failsafe");
      return this;
    },
    /** Aiding did not go to and fro: one change of the source set at most, and the position never lost. */
    noFlapBack() {
      assert.equal(log.flapBacks(span), 0, "changes back, or losses of the position");
      return this;
    },
    figures,
  };
}
