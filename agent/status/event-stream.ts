import type { ServerResponse } from "node:http";

/** Pages that are served at one time; more are refused, so that a forgotten display wall cannot eat the computer. */
const MAX_CLIENTS = 16;
/** A client that has not taken this much is too slow: it leaves out what comes meanwhile. */
const MAX_WAITING_BYTES = 256 * 1024;

/** Server-sent events to all the pages that are open. The text is made only while somebody listens. */
export class EventStream {
  readonly #clients = new Set<ServerResponse>();
  readonly #period_ms: number;
  readonly #make: () => string;
  #timer: NodeJS.Timeout | null = null;

  /** @param make the next event's data: JSON on one line */
  constructor(period_ms: number, make: () => string) {
    this.#period_ms = period_ms;
    this.#make = make;
  }

  /** Takes a response and keeps it open; false when there are too many. */
  add(response: ServerResponse): boolean {
    if (this.#clients.size >= MAX_CLIENTS) return false;
    response.writeHead(200, {
      "Content-Type": "text/event-stream",
      "Cache-Control": "no-store",
      Connection: "keep-alive",
    });
    response.write(`retry: 1000\n\n${this.#event()}`);
    this.#clients.add(response);
    this.#timer ??= setInterval(() => this.#tick(), this.#period_ms);
    response.on("close", () => this.#remove(response));
    // A page that goes away in the middle of a write is no fault.
    response.on("error", () => this.#remove(response));
    return true;
  }

  /** Ends all streams. */
  close(): void {
    for (const client of this.#clients) client.destroy();
    this.#clients.clear();
    this.#stop();
  }

  #tick(): void {
    const event = this.#event();
    for (const client of this.#clients) if (client.writableLength < MAX_WAITING_BYTES) client.write(event);
  }

  #event(): string {
    return `data: ${this.#make()}\n\n`;
  }

  #remove(client: ServerResponse): void {
    this.#clients.delete(client);
    if (this.#clients.size === 0) this.#stop();
  }

  #stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
  }
}
