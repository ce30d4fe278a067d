import { connect, type Socket } from "node:net";
import { errorMessage } from "../../../tiles/errors.js";
import type { LinkHandlers, LinkTimes, MavlinkLink } from "./link.js";
import { ReconnectingLink } from "./reconnecting.js";
import type { NetworkAddress } from "./url.js";

/** Bytes that may wait for a slow other end before frames are dropped: about half a second of what we send. */
const MAX_WAITING_BYTES = 4096;

/** tcp: a client. */
class TcpLink extends ReconnectingLink {
  protected readonly question = "is the autopilot listening there?";
  readonly #address: NetworkAddress;
  #socket: Socket | null = null;

  constructor(url: string, address: NetworkAddress, handlers: LinkHandlers, times: LinkTimes) {
    super(url, handlers, times);
    this.#address = address;
  }

  send(frame: Uint8Array): Promise<boolean> {
    const socket = this.#socket;
    if (!this.up || socket === null || socket.writableLength > MAX_WAITING_BYTES) return Promise.resolve(false);
    return new Promise((resolve) => {
      socket.write(frame, (error) => resolve(error === undefined || error === null));
    });
  }

  protected async disconnect(): Promise<void> {
    const socket = this.#socket;
    if (socket === null || socket.closed) return;
    await new Promise<void>((resolve) => {
      socket.once("close", () => resolve());
      if (this.up) socket.destroySoon();
      else socket.destroy();
    });
  }

  protected connect(): void {
    const socket = connect({ host: this.#address.host, port: this.#address.port, noDelay: true, keepAlive: true });
    this.#socket = socket;
    let reason: string | null = null;
    socket.on("connect", () => this.wentUp());
    socket.on("data", (bytes) => {
      if (!this.closed) this.handlers.bytes(bytes, "peer");
    });
    socket.on("error", (error) => {
      reason = errorMessage(error) || null;
    });
    socket.on("close", () => this.wentDown(reason));
  }
}

/**
 * Opens tcp:HOST:PORT. Rejects with a UserError when the first connection does not come about in time
 * (`times.connect_ms`; 0: it is not waited for).
 */
export async function openTcp(
  url: string,
  address: NetworkAddress,
  handlers: LinkHandlers,
  times: LinkTimes,
): Promise<MavlinkLink> {
  const link = new TcpLink(url, address, handlers, times);
  await link.open();
  return link;
}
