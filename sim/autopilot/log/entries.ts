import type { ResetCause } from "../ekf/estimator.js";

/** Truth and estimate at one time; ten a second. */
export interface StateEntry {
  readonly kind: "state";
  readonly t_s: number;
  readonly true_lat_deg: number;
  readonly true_lon_deg: number;
  readonly true_agl_m: number;
  readonly est_lat_deg: number | null;
  readonly est_lon_deg: number | null;
  /** Horizontal distance of the two; null while the autopilot has no global position. */
  readonly error_m: number | null;
  readonly sigma_m: number;
  readonly ratio: number;
  readonly flags: number;
  readonly position_ok: boolean;
  readonly mode: string;
  readonly armed: boolean;
  readonly in_air: boolean;
  readonly gps: boolean;
}

/** Something that happened. */
export type EventEntry = { readonly kind: "event"; readonly t_s: number } & (
  | { readonly event: "mode"; readonly mode: string; readonly reason: "command" | "failsafe" | "recovered" }
  | { readonly event: "armed"; readonly armed: boolean }
  | { readonly event: "failsafe"; readonly what: string }
  | { readonly event: "reset"; readonly cause: ResetCause; readonly jump_m: number; readonly source: string }
  | { readonly event: "origin"; readonly lat_deg: number; readonly lon_deg: number; readonly alt_m: number }
  | { readonly event: "gps"; readonly jammed: boolean }
  | { readonly event: "source_set"; readonly set: number }
  | { readonly event: "position_ok"; readonly ok: boolean }
  | { readonly event: "text"; readonly severity: number; readonly text: string }
  | { readonly event: "phase"; readonly phase: string }
);

export type LogEntry = StateEntry | EventEntry;
