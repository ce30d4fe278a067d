import { createSocket, type RemoteInfo } from "node:dgram";
import { createServer, type Socket } from "node:net";
import { errorMessage, UserError } from "../../../tiles/errors.js";

/** One other end of the twin: what it sends comes as bytes, frames go back to it. */
export interface Peer {
  send(frame: Uint8Array): void;
}

/** Who wants to know of other ends. */
export interface PeerHandlers {
  opened(peer: Peer): (bytes: Uint8Array) => void;
  closed(peer: Peer): void;
}

/** Something that others can reach the twin by. */
export interface Listener {
  /** As given, with the port that was taken. */
  readonly url: string;
  readonly port: number;
  close(): Promise<void>;
}

/** A peer whose writes wait for this many bytes is too slow: frames to it are dropped, as a serial port drops them. */
const MAX_WAITING_BYTES = 65_536;
const MAX_UDP_PEERS = 8;
const FORMS = "tcp:HOST:PORT, udpin:HOST:PORT or udpout:HOST:PORT";

/** Listens at `tcp:HOST:PORT` or `udpin:HOST:PORT` (port 0: any), or sends to `udpout:HOST:PORT` unasked, as PX4 does. */
export async function listen(url: string, handlers: PeerHandlers): Promise<Listener> {
  const match = /^(tcp|udpin|udpout):(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(url);
  const port = Number(match?.[4]);
  if (match === null || port > 65535) throw new UserError(`the twin cannot listen at "${url}"; use ${FORMS}`);
  const host = match[2] ?? match[3] ?? "";
  try {
    switch (match[1]) {
      case "tcp":
        return await listenTcp(host, port, handlers);
      case "udpin":
        return await listenUdp(host, port, handlers);
      default:
        return await sendUdp(host, port, handlers);
    }
  } catch (thrown) {
    throw new UserError(`the twin cannot listen at "${url}": ${errorMessage(thrown)}`);
  }
}

async function listenTcp(host: string, port: number, handlers: PeerHandlers): Promise<Listener> {
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    const peer: Peer = {
      send: (frame) => {
        if (socket.writable && socket.writableLength < MAX_WAITING_BYTES) socket.write(frame);
      },
    };
    const receive = handlers.opened(peer);
    socket.on("data", receive);
    socket.on("error", () => undefined);
    socket.on("close", () => {
      sockets.delete(socket);
      handlers.closed(peer);
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, resolve);
  });
  const address = server.address();
  const taken = typeof address === "object" && address !== null ? address.port : port;
  return {
    url: `tcp:${host}:${taken}`,
    port: taken,
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}

async function listenUdp(host: string, port: number, handlers: PeerHandlers): Promise<Listener> {
  const socket = createSocket(host.includes(":") ? "udp6" : "udp4");
  const peers = new Map<string, (bytes: Uint8Array) => void>();
  const opened = (from: RemoteInfo): ((bytes: Uint8Array) => void) =>
    handlers.opened({ send: (frame) => socket.send(frame, from.port, from.address) });
  socket.on("message", (bytes, from) => {
    const name = `${from.address}:${from.port}`;
    const receive = peers.get(name) ?? (peers.size < MAX_UDP_PEERS ? opened(from) : undefined);
    if (receive === undefined) return;
    peers.set(name, receive);
    receive(bytes);
  });
  await new Promise<void>((resolve, reject) => {
    socket.once("error", reject);
    socket.bind(port, host, resolve);
  });
  socket.on("error", () => undefined);
  const taken = socket.address().port;
  return {
    url: `udpin:${host}:${taken}`,
    port: taken,
    close: () => new Promise((resolve) => socket.close(() => resolve())),
  };
}

async function sendUdp(host: string, port: number, handlers: PeerHandlers): Promise<Listener> {
  const socket = createSocket(host.includes(":") ? "udp6" : "udp4");
  const receive = handlers.opened({ send: (frame) => socket.send(frame, port, host) });
  await new Promise<void>((resolve, reject) => {
    socket.once("error", reject);
    socket.bind(0, resolve);
  });
  // Nobody may be there yet: that is no reason to stop.
  socket.on("error", () => undefined);
  socket.on("message", (bytes) => receive(bytes));
  return {
    url: `udpout:${host}:${port}`,
    port: socket.address().port,
    close: () => new Promise((resolve) => socket.close(() => resolve())),
  };
}
