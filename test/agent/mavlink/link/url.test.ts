import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { parseLinkUrl } from "../../../../agent/mavlink/link/url.js";
import { UserError } from "../../../../tiles/errors.js";

describe("forms that are understood", () => {
  for (const [url, kind, host, port] of [
    ["udpout:127.0.0.1:14550", "udpout", "127.0.0.1", 14550],
    ["udpin:0.0.0.0:14540", "udpin", "0.0.0.0", 14540],
    ["udpin:127.0.0.1:0", "udpin", "127.0.0.1", 0],
    ["tcp:autopilot.local:5760", "tcp", "autopilot.local", 5760],
    ["udpout:[::1]:14550", "udpout", "::1", 14550],
  ] as const) {
    test(url, () => {
      assert.deepEqual(parseLinkUrl(url), { kind, host, port });
    });
  }
});

describe("anything else is refused with the valid forms", () => {
  for (const [url, what] of [
    ["", /no kind of link/],
    ["127.0.0.1:14550", /unknown kind of link "127\.0\.0\.1"/],
    ["udp:127.0.0.1:14550", /unknown kind of link "udp"/],
    ["serial:/dev/ttyACM0:57600", /unknown kind of link "serial".*serial ports come in a later version/],
    ["udpout:127.0.0.1", /not KIND:HOST:PORT/],
    ["udpout::14550", /no host/],
    ["udpout:::1:14550", /brackets/],
    ["udpout:127.0.0.1:0", /port "0" is not a number from 1 to 65535/],
    ["udpout:127.0.0.1:65536", /port "65536"/],
    ["tcp:host:", /port ""/],
    ["tcp:host:57x", /port "57x"/],
    ["tcp:ho st:5760", /no host/],
    ["tcp:host:5760:1", /brackets/],
  ] as const) {
    test(JSON.stringify(url), () => {
      assert.throws(
        () => parseLinkUrl(url),
        (error: unknown) =>
          error instanceof UserError &&
          what.test(error.message) &&
          /udpout:HOST:PORT, udpin:HOST:PORT, tcp:HOST:PORT/.test(error.message),
      );
    });
  }

  test("any text", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        try {
          const { port } = parseLinkUrl(text);
          assert.ok(port >= 0 && port <= 65535);
        } catch (error) {
          assert.ok(error instanceof UserError);
        }
      }),
    );
  });
});
