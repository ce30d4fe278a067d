import { errorMessage } from "../../tiles/errors.js";
import type { Scheduler } from "../mavlink/scheduler.js";
import { Backoff, type BackoffTimes, DEFAULT_BACKOFF } from "./backoff.js";
import type { ComponentStatus } from "./snapshot.js";

/** What a component that runs says of itself. */
export interface Health {
  /** failed: it will not recover by itself, start it again. */
  readonly state: "starting" | "running" | "degraded" | "failed";
  readonly detail: string;
}

/** A part of the daemon that is kept running. */
export interface Component {
  readonly name: string;
  /**
   * Brings it up; resolves when it works or has begun to try. After it has resolved, `failed` may be called once when the
   * component breaks.
   */
  start(failed: (reason: string) => void): Promise<void>;
  /** Ends it, whatever state it is in; called before every new start and at the end. */
  stop(): Promise<void>;
  /** How it is; asked by every `check`. Without it, it runs as long as it has not failed. */
  health?(now_us: number): Health;
}

export interface SupervisorOptions {
  readonly scheduler: Scheduler;
  readonly backoff?: BackoffTimes;
  /** Called at every change of a component's state. */
  readonly onChange?: (status: ComponentStatus) => void;
}

/**
 * Keeps components running: one that fails to start, breaks or says that it failed is stopped and started again after a
 * pause that grows. Components do not know each other; one that is down does not take others with it.
 */
export class Supervisor {
  readonly #entries: readonly Supervised[];
  #started = false;

  constructor(components: readonly Component[], options: SupervisorOptions) {
    this.#entries = components.map((component) => new Supervised(component, options));
  }

  get statuses(): readonly ComponentStatus[] {
    return this.#entries.map(({ status }) => status);
  }

  /** Begins with all of them; resolves when each has come up once or failed to. */
  async start(): Promise<void> {
    await Promise.all(this.#entries.map((entry) => entry.start()));
    this.#started = true;
  }

  /** Each has come up once, or failed to. */
  get started(): boolean {
    return this.#started;
  }

  /** Asks those that run how they are. */
  check(): void {
    for (const entry of this.#entries) entry.check();
  }

  /** Ends all of them, all at once. */
  async stop(): Promise<void> {
    await Promise.all(this.#entries.map((entry) => entry.stop()));
  }
}

class Supervised {
  readonly #component: Component;
  readonly #options: SupervisorOptions;
  readonly #backoff: Backoff;
  #state: ComponentStatus["state"] = "stopped";
  #detail = "";
  #starts = 0;
  /** When the present attempt came up; null while it has not. */
  #up_us: number | null = null;
  /** Counts attempts: what a former one still has to say is not heard. */
  #attempt = 0;
  #cancelRetry: (() => void) | null = null;
  #wanted = false;

  constructor(component: Component, options: SupervisorOptions) {
    this.#component = component;
    this.#options = options;
    this.#backoff = new Backoff(options.backoff ?? DEFAULT_BACKOFF);
  }

  get status(): ComponentStatus {
    return {
      name: this.#component.name,
      state: this.#state,
      detail: this.#detail,
      restarts: Math.max(0, this.#starts - 1),
    };
  }

  async start(): Promise<void> {
    this.#wanted = true;
    await this.#begin();
  }

  check(): void {
    // What is not up, or not up yet, has nothing to say.
    if (this.#up_us === null) return;
    const health = this.#component.health?.(this.#options.scheduler.now_us());
    if (health === undefined) return;
    if (health.state === "failed") this.#broke(this.#attempt, health.detail);
    else this.#become(health.state, health.detail);
  }

  async stop(): Promise<void> {
    this.#wanted = false;
    this.#attempt++;
    this.#up_us = null;
    this.#cancelRetry?.();
    this.#cancelRetry = null;
    try {
      await this.#component.stop();
    } finally {
      this.#become("stopped", "");
    }
  }

  async #begin(): Promise<void> {
    const attempt = ++this.#attempt;
    this.#starts++;
    this.#become("starting", "");
    try {
      await this.#component.start((reason) => this.#broke(attempt, reason));
    } catch (thrown) {
      this.#broke(attempt, errorMessage(thrown));
      return;
    }
    // It may have broken, or been stopped, before it was up.
    if (attempt !== this.#attempt || this.#cancelRetry !== null) return;
    this.#up_us = this.#options.scheduler.now_us();
    const health = this.#component.health?.(this.#up_us);
    this.#become(health === undefined || health.state === "failed" ? "running" : health.state, health?.detail ?? "");
  }

  #broke(attempt: number, reason: string): void {
    if (attempt !== this.#attempt || !this.#wanted || this.#cancelRetry !== null) return;
    const { scheduler } = this.#options;
    const worked_ms = this.#up_us === null ? 0 : (scheduler.now_us() - this.#up_us) / 1000;
    this.#up_us = null;
    const pause_ms = this.#backoff.next_ms(worked_ms);
    this.#cancelRetry = scheduler.after(pause_ms, () => {
      void this.#again();
    });
    this.#become("failed", `${reason}; next attempt in ${pause_ms / 1000} s`);
  }

  async #again(): Promise<void> {
    const attempt = this.#attempt;
    try {
      await this.#component.stop();
    } catch {
      // What cannot be stopped is left behind; the new attempt decides.
    }
    if (attempt !== this.#attempt || !this.#wanted) return;
    this.#cancelRetry = null;
    await this.#begin();
  }

  #become(state: ComponentStatus["state"], detail: string): void {
    const changed = state !== this.#state || detail !== this.#detail;
    this.#state = state;
    this.#detail = detail;
    if (changed) this.#options.onChange?.(this.status);
  }
}
