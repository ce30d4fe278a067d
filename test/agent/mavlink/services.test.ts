import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { CommandClient } from "../../../agent/mavlink/command-client.js";
import { frameFromBytes, HEADER_V2_BYTES, type MavlinkFrame } from "../../../agent/mavlink/frame.js";
import { MessageRequests } from "../../../agent/mavlink/message-requests.js";
import { MESSAGES } from "../../../agent/mavlink/messages/registry.js";
import { ParamClient } from "../../../agent/mavlink/param-client.js";
import { Timesync } from "../../../agent/mavlink/timesync.js";
import { FakePort, PX4_QUAD } from "./fake-port.js";
import { FakeScheduler } from "./fake-scheduler.js";

/** What the conversation with the autopilot listens to. */
const HEARD = [0, 2, 22, 30, 33, 49, 77, 111, 148, 345, 514] as const;

/** A frame with a right checksum and any payload. */
function anyFrame(msgid: number, payload: Uint8Array, compid: number): MavlinkFrame {
  const bytes = Buffer.alloc(HEADER_V2_BYTES + payload.length + 2);
  bytes.set([0xfd, payload.length, 0, 0, 0, 8, compid]);
  bytes.writeUIntLE(msgid, 7, 3);
  bytes.set(payload, HEADER_V2_BYTES);
  return frameFromBytes(bytes);
}

describe("whatever a vehicle says", () => {
  test("nothing throws, and what is told stays a number", () => {
    for (const msgid of HEARD) assert.ok(MESSAGES.has(msgid), String(msgid));
    const frames = fc.array(
      fc.tuple(
        fc.constantFrom(...HEARD),
        fc.uint8Array({ minLength: 1, maxLength: 255 }),
        fc.constantFrom(1, 1, 1, 25),
      ),
      { minLength: 1, maxLength: 40 },
    );
    fc.assert(
      fc.property(frames, (said) => {
        const port = new FakePort(PX4_QUAD);
        const clock = new FakeScheduler();
        const services = [new Timesync(port.identity, { answer: true }), new MessageRequests(port.identity)];
        const commands = new CommandClient(port, clock);
        const params = new ParamClient(port, { scheduler: clock });
        const waiting = [commands.long({ command: 511 }), params.read("COM_POS_FS_EPH"), params.list()];
        let now_us = 1_000_000;
        for (const [msgid, payload, compid] of said) {
          now_us += 50_000;
          const frame = anyFrame(msgid, payload, compid);
          port.hear(frame, now_us);
          for (const service of services) {
            for (const message of [...service.observe(frame, now_us), ...service.tick(now_us)]) void port.send(message);
          }
        }
        const [timesync, requests] = services;
        assert.ok(timesync instanceof Timesync && requests instanceof MessageRequests);
        const offset_us = timesync.offsetAt(now_us);
        assert.ok(offset_us === null || Number.isFinite(offset_us));
        for (const { rate_hz } of requests.statusAt(now_us)) assert.ok(Number.isFinite(rate_hz));
        commands.close();
        params.close();
        void Promise.all(waiting);
      }),
      { numRuns: 100 },
    );
  });
});
