import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { isIPv6 } from "node:net";
import { errorMessage, UserError } from "../../../tiles/errors.js";
import type { LinkHandlers, MavlinkLink } from "./link.js";
import type { NetworkAddress } from "./url.js";

/** Senders that an udpin link answers at one time. */
const MAX_PEERS = 8;

/** Waits until `start` has brought the socket up; a failure becomes a UserError that names the link. */
function started(socket: Socket, url: string, event: "listening" | "connect", start: () => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const failed = (error: Error) => {
      socket.close();
      reject(new UserError(`MAVLink link ${url}: cannot be opened: ${errorMessage(error)}`));
    };
    socket.once("error", failed);
    socket.once(event, () => {
      socket.off("error", failed);
      resolve();
    });
    start();
  });
}

function newSocket(address: NetworkAddress): Socket {
  return createSocket({ type: isIPv6(address.host) ? "udp6" : "udp4" });
}

/**
 * Resolves once the datagram has left, after a turn of the event loop: Node reports a datagram that leaves at once before
 * anything else runs, so a caller that sends in a loop would keep everyone else, readers included, from running.
 */
function sent(start: (done: (error: Error | null) => void) => void): Promise<boolean> {
  return new Promise((resolve) => {
    start((error) => setImmediate(resolve, error === null));
  });
}

abstract class UdpLink implements MavlinkLink {
  #closed = false;

  constructor(
    readonly url: string,
    protected readonly socket: Socket,
  ) {
    // A port nobody listens on yet is reported as an error of the socket (ECONNREFUSED). It may be there in a second.
    socket.on("error", () => undefined);
  }

  abstract get up(): boolean;
  abstract send(frame: Uint8Array): Promise<boolean>;

  get localPort(): number {
    return this.socket.address().port;
  }

  protected get closed(): boolean {
    return this.#closed;
  }

  close(): Promise<void> {
    if (this.#closed) return Promise.resolve();
    this.#closed = true;
    return new Promise((resolve) => {
      this.socket.close(() => resolve());
    });
  }
}

/** udpout: frames go to one address; what comes back from that address is read. */
class UdpOutLink extends UdpLink {
  get up(): boolean {
    return !this.closed;
  }

  send(frame: Uint8Array): Promise<boolean> {
    if (this.closed) return Promise.resolve(false);
    return sent((done) => this.socket.send(frame, done));
  }
}

/** udpin: waits on a port, and answers those who have sent something. */
class UdpInLink extends UdpLink {
  /** By "address:port", the least recently heard first. */
  readonly #peers = new Map<string, RemoteInfo>();

  get up(): boolean {
    return !this.closed && this.#peers.size > 0;
  }

  heard(peer: RemoteInfo): string {
    const name = `${peer.address}:${peer.port}`;
    this.#peers.delete(name);
    this.#peers.set(name, peer);
    if (this.#peers.size > MAX_PEERS) {
      const oldest = this.#peers.keys().next();
      if (!oldest.done) this.#peers.delete(oldest.value);
    }
    return name;
  }

  async send(frame: Uint8Array): Promise<boolean> {
    if (!this.up) return false;
    const outcomes = await Promise.all(
      [...this.#peers.values()].map((peer) => sent((done) => this.socket.send(frame, peer.port, peer.address, done))),
    );
    return outcomes.includes(true);
  }
}

/** Opens udpout:HOST:PORT. Resolves when the host name is known, whether or not somebody listens there. */
export async function openUdpOut(url: string, address: NetworkAddress, handlers: LinkHandlers): Promise<MavlinkLink> {
  const socket = newSocket(address);
  await started(socket, url, "connect", () => socket.connect(address.port, address.host));
  const link = new UdpOutLink(url, socket);
  socket.on("message", (bytes) => handlers.bytes(bytes, "peer"));
  handlers.state?.(true);
  return link;
}

/** Opens udpin:HOST:PORT; port 0 takes a free one (`localPort`). It goes up with the first datagram. */
export async function openUdpIn(url: string, address: NetworkAddress, handlers: LinkHandlers): Promise<MavlinkLink> {
  const socket = newSocket(address);
  await started(socket, url, "listening", () => socket.bind(address.port, address.host));
  const link = new UdpInLink(url, socket);
  socket.on("message", (bytes, peer) => {
    const first = !link.up;
    const source = link.heard(peer);
    if (first) handlers.state?.(true);
    handlers.bytes(bytes, source);
  });
  return link;
}
