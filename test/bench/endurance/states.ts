import type { DaemonState } from "../../../bench/endurance/state.js";

/** What a daemon says that has nothing to say, but for what is given. */
export function stateOf(given: Partial<DaemonState>): DaemonState {
  return {
    t_us: 0,
    components: [],
    links: [],
    camera: { state: "running", frames: 0, dropped: 0 },
    vision: { frames: 0, skipped: 0 },
    navigation: { position: null, reason: "no fix" },
    publishers: [],
    ...given,
  };
}
