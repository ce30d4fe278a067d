import type { ReplayOptions } from "../../agent/replay/replay.js";
import type { Artifact } from "./artifact.js";

/** How a flight is replayed, where it is not replayed as it was recorded. */
export type ReplayChange = Partial<Pick<ReplayOptions, "latency_ms" | "fix_interval_s" | "known_start_m">>;

export interface ScenarioFlight {
  readonly flight: Artifact;
  readonly pack: Artifact;
  readonly replay?: ReplayChange;
}

/** A situation in which the agent must give honest positions or none. */
export interface Scenario {
  /** one word, hyphenated: --only takes it */
  readonly name: string;
  /** nominal: over its map with honest sensors, fixes are expected. adversarial: something deceives the agent. */
  readonly kind: "nominal" | "adversarial";
  /** what happens, in one line */
  readonly what: string;
  readonly flights: readonly ScenarioFlight[];
}
