import { connect, type Socket } from "node:net";
import { errorMessage, UserError } from "../../../tiles/errors.js";
import type { LinkHandlers, LinkTimes, MavlinkLink } from "./link.js";
import type { LinkAddress } from "./url.js";

/** Bytes that may wait for a slow other end before frames are dropped: about half a second of what we send. */
const MAX_WAITING_BYTES = 4096;

/** tcp: a client that connects again, for ever, with pauses that grow. */
class TcpLink implements MavlinkLink {
  readonly localPort = null;
  readonly #address: LinkAddress;
  readonly #handlers: LinkHandlers;
  readonly #times: LinkTimes;
  #socket: Socket | null = null;
  #up = false;
  #closed = false;
  #retry: NodeJS.Timeout | null = null;
  #pause_ms: number;
  /** Called on the first connection; afterwards the link looks after itself. */
  #connected: (() => void) | null = null;
  #lastError = "no answer";

  constructor(
    readonly url: string,
    address: LinkAddress,
    handlers: LinkHandlers,
    times: LinkTimes,
  ) {
    this.#address = address;
    this.#handlers = handlers;
    this.#times = times;
    this.#pause_ms = times.retryMin_ms;
  }

  get up(): boolean {
    return this.#up;
  }

  /** Resolves with the first connection; rejects with a UserError if there is none in time. */
  async open(): Promise<void> {
    const first = new Promise<void>((resolve) => {
      this.#connected = resolve;
    });
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<"late">((resolve) => {
      timer = setTimeout(() => resolve("late"), this.#times.connect_ms);
    });
    this.#connect();
    const outcome = await Promise.race([first, late]);
    clearTimeout(timer);
    if (outcome !== "late") return;
    await this.close();
    throw new UserError(
      `MAVLink link ${this.url}: no connection within ${this.#times.connect_ms / 1000} s (${this.#lastError}); is the autopilot listening there?`,
    );
  }

  send(frame: Uint8Array): Promise<boolean> {
    const socket = this.#socket;
    if (!this.#up || socket === null || socket.writableLength > MAX_WAITING_BYTES) return Promise.resolve(false);
    return new Promise((resolve) => {
      socket.write(frame, (error) => resolve(error === undefined || error === null));
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    if (this.#retry !== null) clearTimeout(this.#retry);
    const socket = this.#socket;
    if (socket === null || socket.closed) return;
    await new Promise<void>((resolve) => {
      socket.once("close", () => resolve());
      if (this.#up) socket.destroySoon();
      else socket.destroy();
    });
  }

  #connect(): void {
    const socket = connect({ host: this.#address.host, port: this.#address.port, noDelay: true, keepAlive: true });
    this.#socket = socket;
    socket.on("connect", () => {
      this.#up = true;
      this.#pause_ms = this.#times.retryMin_ms;
      this.#handlers.state?.(true);
      this.#connected?.();
      this.#connected = null;
    });
    socket.on("data", (bytes) => {
      if (!this.#closed) this.#handlers.bytes(bytes, "peer");
    });
    socket.on("error", (error) => {
      this.#lastError = errorMessage(error) || this.#lastError;
    });
    socket.on("close", () => {
      const wasUp = this.#up;
      this.#up = false;
      if (this.#closed) return;
      if (wasUp) this.#handlers.state?.(false);
      this.#retry = setTimeout(() => this.#connect(), this.#pause_ms);
      this.#pause_ms = Math.min(this.#pause_ms * 2, this.#times.retryMax_ms);
    });
  }
}

/** Opens tcp:HOST:PORT. Rejects with a UserError when the first connection does not come about in time. */
export async function openTcp(
  url: string,
  address: LinkAddress,
  handlers: LinkHandlers,
  times: LinkTimes,
): Promise<MavlinkLink> {
  const link = new TcpLink(url, address, handlers, times);
  await link.open();
  return link;
}
