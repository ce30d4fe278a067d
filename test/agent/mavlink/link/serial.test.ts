import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";
import { SerialPortMock } from "serialport";
import type { LinkHandlers } from "../../../../agent/mavlink/link/link.js";
import { openSerial, type SerialDevice, type SerialDeviceFactory } from "../../../../agent/mavlink/link/serial.js";
import { UserError } from "../../../../tiles/errors.js";
import { until } from "../waiting.js";

const FRAME = Buffer.from("fd090000000101000000040000000203d90403cd66", "hex");
const QUICK = { connect_ms: 20_000, retryMin_ms: 2, retryMax_ms: 10 };
const PATH = "/dev/ttyTHS1";
const ADDRESS = { kind: "serial", path: PATH, baud: 921600 } as const;
const URL = `serial:${PATH}:921600`;

/** Ports of the mock that ships with serialport, the newest last. */
function mockPorts() {
  const ports: SerialPortMock[] = [];
  const make: SerialDeviceFactory = (path, baudRate) => {
    const port = new SerialPortMock({ path, baudRate, autoOpen: false });
    ports.push(port);
    return port;
  };
  return { ports, make };
}

function recorder() {
  const heard = { bytes: [] as Buffer[], states: [] as boolean[], notes: [] as string[] };
  const handlers: LinkHandlers = {
    bytes: (bytes) => heard.bytes.push(Buffer.from(bytes)),
    state: (up) => heard.states.push(up),
    note: (text) => heard.notes.push(text),
  };
  return { heard, handlers };
}

/** A port whose writes are taken when the test says so, or that does not open for a reason. */
function stubPort(options: { openError?: string; stuck?: boolean } = {}) {
  const device = {
    isOpen: false,
    written: [] as Buffer[],
    held: [] as (() => void)[],
    listeners: new Map<string, (...args: never[]) => void>(),
    open(done: (error: Error | null) => void) {
      setImmediate(() => {
        if (options.openError !== undefined) return done(new Error(options.openError));
        device.isOpen = true;
        done(null);
      });
    },
    write(bytes: Buffer, done: (error: Error | null) => void) {
      device.written.push(bytes);
      if (options.stuck === true) device.held.push(() => done(null));
      else done(null);
      return true;
    },
    close(done: (error: Error | null) => void) {
      device.isOpen = false;
      done(null);
    },
    on(event: string, listener: (...args: never[]) => void) {
      device.listeners.set(event, listener);
    },
  };
  return device;
}

beforeEach(() => {
  SerialPortMock.binding.reset();
});

describe("serial", () => {
  test("sends, receives, and comes back after the device has vanished, for ever", async () => {
    SerialPortMock.binding.createPort(PATH, { record: true });
    const { ports, make } = mockPorts();
    const { heard, handlers } = recorder();
    const link = await openSerial(URL, ADDRESS, handlers, QUICK, make);
    assert.equal(link.up, true);
    assert.equal(ports[0]?.settings.baudRate, 921600);
    assert.equal(await link.send(FRAME), true);
    await until("the frame", () => ports[0]?.port?.recording.equals(FRAME) === true);
    ports[0]?.port?.emitData(FRAME);
    await until("bytes", () => Buffer.concat(heard.bytes).equals(FRAME));

    for (let round = 0; round < 3; round++) {
      const before = ports.length;
      // The cable comes out: reads end with an error, and the device is gone for a while.
      SerialPortMock.binding.reset();
      ports.at(-1)?._disconnected(new Error("EIO"));
      await until("the link to go down", () => !link.up);
      assert.equal(await link.send(FRAME), false, "what cannot leave now is dropped, not kept");
      await until("a few attempts", () => ports.length >= before + 3);
      SerialPortMock.binding.createPort(PATH, { record: true });
      await until("the link to come back", () => link.up);
      assert.equal(ports.at(-1)?.port?.recording.length, 0, "nothing old is sent");
    }
    assert.deepEqual(heard.states, [true, false, true, false, true, false, true]);
    // One line for each time that it goes down and one for each time that it is back, not one for each attempt.
    assert.ok(heard.notes.length <= 9 && heard.notes.length >= 6, heard.notes.join("\n"));
    assert.match(heard.notes.at(-1) ?? "", /up again/);
    await link.close();
    assert.equal(link.up, false);
    assert.equal(ports.at(-1)?.isOpen, false);
  });

  test("without waiting: opens although the device is not there yet", async () => {
    const { make } = mockPorts();
    const { heard, handlers } = recorder();
    const link = await openSerial(URL, ADDRESS, handlers, { ...QUICK, connect_ms: 0 }, make);
    assert.equal(link.up, false);
    assert.equal(await link.send(FRAME), false);
    SerialPortMock.binding.createPort(PATH);
    await until("the link to come up", () => link.up);
    assert.deepEqual(heard.states, [true]);
    await link.close();
  });

  test("a port that never opens is a UserError with what to do", async () => {
    for (const [openError, what] of [
      ["Error: Permission denied, cannot open /dev/ttyTHS1", /permission denied.*usermod -aG dialout/],
      ["Error: No such file or directory, cannot open /dev/ttyTHS1", /no such device.*by-id/],
      ["Error Resource temporarily unavailable Cannot lock port", /in use by another program.*ModemManager/],
      ["Error: Input/output error setting custom baud rate of 921600", /custom baud rate/],
    ] as const) {
      const { heard, handlers } = recorder();
      await assert.rejects(
        openSerial(URL, ADDRESS, handlers, { ...QUICK, connect_ms: 250 }, () => stubPort({ openError })),
        (error: unknown) =>
          error instanceof UserError && what.test(error.message) && error.message.startsWith(`MAVLink link ${URL}`),
      );
      assert.equal(heard.notes.length, 1, "the reason is noted once");
      assert.match(heard.notes[0] ?? "", what);
    }
  });

  test("a port that does not take bytes, or is slower than what is sent: frames are dropped, not kept", async () => {
    let now_ms = 0;
    const stuck = stubPort({ stuck: true });
    const slow = stubPort();
    const open = (device: SerialDevice, baud: number) =>
      openSerial(
        URL,
        { ...ADDRESS, baud },
        recorder().handlers,
        QUICK,
        () => device,
        () => now_ms,
      );
    const stuckLink = await open(stuck, 4_000_000);
    const outcomes: (boolean | "waits")[] = [];
    for (let i = 0; i < 10; i++) {
      const sent = stuckLink.send(Buffer.alloc(280));
      outcomes.push(await Promise.race([sent, new Promise<"waits">((resolve) => setImmediate(resolve, "waits"))]));
    }
    assert.deepEqual(outcomes.slice(0, 4), ["waits", "waits", "waits", false]);
    assert.equal(stuck.written.length, 3);
    await stuckLink.close();

    // 57600 baud carry 576 bytes in 100 ms.
    const slowLink = await open(slow, 57600);
    const passed = async () => {
      let count = 0;
      for (let i = 0; i < 100; i++) if (await slowLink.send(Buffer.alloc(60))) count++;
      return count;
    };
    assert.equal(await passed(), 10);
    assert.equal(await passed(), 0);
    now_ms += 50;
    assert.equal(await passed(), 5);
    now_ms += 10_000;
    assert.equal(await passed(), 10, "a pause earns no credit");
    await slowLink.close();
  });

  test("a frame under way when the device vanishes is answered as not sent", async () => {
    const device = stubPort({ stuck: true });
    const devices = [device, stubPort()];
    const link = await openSerial(URL, ADDRESS, recorder().handlers, QUICK, () => devices.shift() ?? stubPort());
    const sent = link.send(FRAME);
    device.isOpen = false;
    device.listeners.get("close")?.();
    assert.equal(await sent, false);
    await until("the next port", () => link.up);
    assert.equal(await link.send(FRAME), true);
    await link.close();
  });

  test("reads that end without an error are a loss too", async () => {
    const devices = [stubPort(), stubPort()];
    const [first] = devices;
    const made = [...devices];
    const { heard, handlers } = recorder();
    const link = await openSerial(URL, ADDRESS, handlers, QUICK, () => made.shift() ?? stubPort());
    first?.listeners.get("end")?.();
    await until("the next port", () => heard.states.length === 3);
    assert.equal(first?.isOpen, false, "the port is given back first");
    await link.close();
  });
});
