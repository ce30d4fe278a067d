import type { ReplayOptions } from "../../agent/replay/replay.js";
import type { Artifact } from "./artifact.js";

/** How a flight is replayed, where it is not replayed as it was recorded. */
export interface ReplayChange {
  /** The result of a frame is known so much later than it was captured, milliseconds: drawn evenly, by frame. */
  readonly late_ms?: { readonly least: number; readonly most: number };
  /** Only one frame in so many is matched to the map; odometry sees all. Default 1 */
  readonly match_every?: number;
  readonly options?: Partial<ReplayOptions>;
}

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
