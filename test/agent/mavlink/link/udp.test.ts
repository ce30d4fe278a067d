import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { describe, test } from "node:test";
import { openLink } from "../../../../agent/mavlink/link/open.js";
import { UserError } from "../../../../tiles/errors.js";
import { until } from "../waiting.js";

const FRAME = Buffer.from("fd090000000101000000040000000203d90403cd66", "hex");

describe("udpout and udpin", () => {
  test("find each other and talk both ways", async () => {
    const atA: [string, string][] = [];
    const atB: [string, string][] = [];
    const states: boolean[] = [];
    const a = await openLink("udpin:127.0.0.1:0", {
      bytes: (bytes, source) => atA.push([Buffer.from(bytes).toString("hex"), source]),
      state: (up) => states.push(up),
    });
    const b = await openLink(`udpout:127.0.0.1:${a.localPort}`, {
      bytes: (bytes, source) => atB.push([Buffer.from(bytes).toString("hex"), source]),
    });
    assert.equal(a.up, false);
    assert.equal(await a.send(FRAME), false, "nobody to send to yet");
    assert.equal(b.up, true);
    assert.equal(await b.send(FRAME), true);
    await until("the frame to arrive", () => atA.length === 1);
    assert.equal(atA[0]?.[0], FRAME.toString("hex"));
    assert.equal(atA[0]?.[1], `127.0.0.1:${b.localPort}`);
    assert.deepEqual(states, [true]);
    assert.equal(await a.send(FRAME), true);
    await until("the answer", () => atB.length === 1);
    await b.close();
    await b.close();
    assert.equal(await b.send(FRAME), false);
    await a.close();
  });

  test("udpin answers everyone who has sent", async () => {
    const link = await openLink("udpin:127.0.0.1:0", { bytes: () => undefined });
    let received = 0;
    const peers = await Promise.all(
      [1, 2].map(() => openLink(`udpout:127.0.0.1:${link.localPort}`, { bytes: () => received++ })),
    );
    for (const peer of peers) await peer.send(FRAME);
    await until("both answers", () => {
      if (received === 0) void link.send(FRAME);
      return received >= 2;
    });
    for (const peer of [...peers, link]) await peer.close();
  });

  test("udpout survives a port on which nobody listens", async () => {
    const socket = createSocket("udp4");
    await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
    const { port } = socket.address();
    await new Promise<void>((resolve) => socket.close(() => resolve()));
    const link = await openLink(`udpout:127.0.0.1:${port}`, { bytes: () => undefined });
    for (let i = 0; i < 20; i++) await link.send(FRAME);
    assert.equal(link.up, true);
    await link.close();
  });

  test("a port in use is a UserError that names the link", async () => {
    const first = await openLink("udpin:127.0.0.1:0", { bytes: () => undefined });
    await assert.rejects(
      openLink(`udpin:127.0.0.1:${first.localPort}`, { bytes: () => undefined }),
      (error: unknown) =>
        error instanceof UserError && /udpin:127\.0\.0\.1:\d+: cannot be opened: .*EADDRINUSE/.test(error.message),
    );
    await first.close();
  });
});
