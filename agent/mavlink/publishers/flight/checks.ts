import type { PublisherStatus } from "../flight-publisher.js";

export type Condition = PublisherStatus["conditions"][number];
export type PublisherState = PublisherStatus["state"];

/**
 * The named conditions of one publisher at one moment, in the order in which an operator would look at them.
 *
 * A condition that cannot come to hold by waiting (another autopilot, a contradiction in the parameters) is a `must`:
 * the publisher is stopped. One that is waited for is a `want`: the publisher is starting.
 */
export class Checks {
  readonly #list: Condition[] = [];
  #state: PublisherState = "active";

  /** Adds a condition that waiting does not mend; gives back whether it holds. */
  must(name: string, holds: boolean, detail: string): boolean {
    this.#list.push({ name, holds, detail });
    if (!holds) this.#state = "stopped";
    return holds;
  }

  /** Adds a condition that is waited for; gives back whether it holds. */
  want(name: string, holds: boolean, detail: string): boolean {
    this.#list.push({ name, holds, detail });
    if (!holds && this.#state === "active") this.#state = "starting";
    return holds;
  }

  get list(): readonly Condition[] {
    return this.#list;
  }

  /** stopped when a `must` fails, starting when only a `want` does, active when all hold. */
  get state(): PublisherState {
    return this.#state;
  }

  /** The first condition that does not hold, or null. */
  get failing(): Condition | null {
    return this.#list.find((condition) => !condition.holds) ?? null;
  }
}
