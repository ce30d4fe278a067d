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

  for (const [url, path, baud] of [
    ["serial:/dev/ttyTHS1:921600", "/dev/ttyTHS1", 921600],
    ["serial:COM3:57600", "COM3", 57600],
    [
      "serial:/dev/serial/by-path/platform-3610000.usb-usb-0:2.1:1.0:115200",
      "/dev/serial/by-path/platform-3610000.usb-usb-0:2.1:1.0",
      115200,
    ],
  ] as const) {
    test(url, () => {
      assert.deepEqual(parseLinkUrl(url), { kind: "serial", path, baud });
    });
  }
});

describe("anything else is refused with the valid forms", () => {
  for (const [url, what] of [
    ["", /no kind of link/],
    ["127.0.0.1:14550", /unknown kind of link "127\.0\.0\.1"/],
    ["udp:127.0.0.1:14550", /unknown kind of link "udp"/],
    ["seriel:/dev/ttyACM0:57600", /unknown kind of link "seriel", did you mean "serial"\?/],
    ["serial:/dev/ttyACM0", /no baud rate/],
    ["serial::57600", /no device/],
    ["serial:/dev/ttyACM0:56700", /baud rate "56700" is not one that autopilots use, did you mean 57600\?/],
    ["serial:/dev/ttyACM0:fast", /baud rate "fast"/],
    ["serial:/dev/ttyACM0:-57600", /baud rate "-57600"/],
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
          const address = parseLinkUrl(text);
          if (address.kind === "serial") assert.ok(address.baud > 0 && address.path !== "");
          else assert.ok(address.port >= 0 && address.port <= 65535);
        } catch (error) {
          assert.ok(error instanceof UserError);
        }
      }),
    );
  });
});
