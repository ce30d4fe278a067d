import assert from "node:assert/strict";
import { createServer, type Server, type Socket } from "node:net";
import { describe, test } from "node:test";
import { openLink } from "../../../../agent/mavlink/link/open.js";
import { UserError } from "../../../../tiles/errors.js";
import { until } from "../waiting.js";

const FRAME = Buffer.from("fd090000000101000000040000000203d90403cd66", "hex");
const QUICK = { connect_ms: 20_000, retryMin_ms: 5, retryMax_ms: 20 };

async function serve(port = 0): Promise<{ server: Server; port: number; sockets: Socket[]; received: Buffer[] }> {
  const sockets: Socket[] = [];
  const received: Buffer[] = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on("data", (bytes: Buffer) => received.push(bytes));
    socket.on("error", () => undefined);
  });
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  const address = server.address();
  assert.ok(address !== null && typeof address === "object");
  return { server, port: address.port, sockets, received };
}

function stop({ server, sockets }: { server: Server; sockets: Socket[] }): Promise<void> {
  for (const socket of sockets) socket.destroy();
  return new Promise((resolve) => {
    server.close(() => resolve());
  });
}

describe("tcp", () => {
  test("sends, receives, and connects again after the other end went away", async () => {
    const first = await serve();
    const states: boolean[] = [];
    let bytesIn = 0;
    const link = await openLink(
      `tcp:127.0.0.1:${first.port}`,
      { bytes: (bytes) => (bytesIn += bytes.length), state: (up) => states.push(up) },
      QUICK,
    );
    assert.equal(link.up, true);
    assert.equal(await link.send(FRAME), true);
    await until("the frame", () => Buffer.concat(first.received).equals(FRAME));
    first.sockets[0]?.write(FRAME);
    await until("bytes from the other end", () => bytesIn === FRAME.length);

    await stop(first);
    await until("the link to go down", () => !link.up);
    assert.equal(await link.send(FRAME), false, "what cannot leave now is dropped, not kept");

    const second = await serve(first.port);
    await until("the link to come back", () => link.up);
    await link.send(FRAME);
    await until("one frame, the new one", () => Buffer.concat(second.received).equals(FRAME));
    assert.deepEqual(states, [true, false, true]);
    await link.close();
    assert.equal(link.up, false);
    await stop(second);
  });

  test("waits for an autopilot that starts a little later", async () => {
    const probe = await serve();
    await stop(probe);
    const opening = openLink(`tcp:127.0.0.1:${probe.port}`, { bytes: () => undefined }, QUICK);
    const late = await serve(probe.port);
    const link = await opening;
    assert.equal(link.up, true);
    await link.close();
    await stop(late);
  });

  test("nobody there is a UserError that names the link", async () => {
    const probe = await serve();
    await stop(probe);
    await assert.rejects(
      openLink(`tcp:127.0.0.1:${probe.port}`, { bytes: () => undefined }, { ...QUICK, connect_ms: 400 }),
      (error: unknown) =>
        error instanceof UserError &&
        /tcp:127\.0\.0\.1:\d+: no connection within 0\.4 s \(.*ECONNREFUSED/.test(error.message),
    );
  });

  test("a peer that does not read does not make the agent queue", async () => {
    const other = await serve();
    const link = await openLink(`tcp:127.0.0.1:${other.port}`, { bytes: () => undefined }, QUICK);
    await until("the connection", () => other.sockets.length === 1);
    other.sockets[0]?.pause();
    const big = Buffer.alloc(280, 1);
    let dropped = 0;
    for (let i = 0; i < 60_000 && dropped === 0; i++) {
      const outcome = await Promise.race([
        link.send(big),
        new Promise<"waits">((resolve) => setImmediate(resolve, "waits")),
      ]);
      if (outcome === false) dropped++;
    }
    assert.ok(dropped > 0, "frames are dropped once the other end does not keep up");
    await stop(other);
    await link.close();
  });
});
