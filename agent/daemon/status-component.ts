import type { StatusPart } from "./parts.js";
import type { Component, Health } from "./supervisor.js";

/** The status page, supervised: a port that is taken must not keep anything from flying. */
export class StatusComponent implements Component {
  readonly name = "status page";
  readonly #open: () => Promise<StatusPart>;
  #page: StatusPart | null = null;

  constructor(open: () => Promise<StatusPart>) {
    this.#open = open;
  }

  async start(): Promise<void> {
    this.#page = await this.#open();
  }

  async stop(): Promise<void> {
    const page = this.#page;
    this.#page = null;
    await page?.close();
  }

  health(): Health {
    return { state: "running", detail: this.#page?.url ?? "" };
  }
}
