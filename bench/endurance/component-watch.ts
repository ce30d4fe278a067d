import type { DaemonState } from "./state.js";

/** What became of a part of the daemon. */
export interface ComponentReport {
  readonly name: string;
  /** How often its supervisor had to start it again. */
  readonly restarts: number;
  /** Changes of its state that were seen. */
  readonly changes: number;
  /** How many looks found it in each state. */
  readonly states: Readonly<Record<string, number>>;
}

interface Watched {
  readonly states: Record<string, number>;
  restarts: number;
  changes: number;
  last: string;
}

/** Follows the states of components, links and publishers from look to look. */
export class ComponentWatch {
  readonly #watched = new Map<string, Watched>();

  look({ components, links, publishers }: DaemonState): void {
    for (const { name, state, restarts } of components) this.#see(name, state, restarts);
    for (const { url, up } of links) this.#see(`link ${url}`, up ? "up" : "down", 0);
    for (const { name, state, fused } of publishers) {
      this.#see(`publisher ${name}`, fused === false ? `${state}, not used` : state, 0);
    }
  }

  get report(): ComponentReport[] {
    return [...this.#watched].map(([name, { restarts, changes, states }]) => ({ name, restarts, changes, states }));
  }

  #see(name: string, state: string, restarts: number): void {
    let one = this.#watched.get(name);
    if (one === undefined) {
      one = { states: {}, restarts, changes: 0, last: state };
      this.#watched.set(name, one);
    }
    if (state !== one.last) one.changes++;
    one.last = state;
    one.restarts = restarts;
    one.states[state] = (one.states[state] ?? 0) + 1;
  }
}
