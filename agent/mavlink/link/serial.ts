import { errorMessage } from "../../../tiles/errors.js";
import { MAX_FRAME_BYTES } from "../frame.js";
import type { LinkHandlers, LinkTimes, MavlinkLink } from "./link.js";
import { ReconnectingLink } from "./reconnecting.js";
import type { SerialAddress } from "./url.js";

/** What the link needs of a serial port: the stream of the serialport package, or its mock. */
export interface SerialDevice {
  readonly isOpen: boolean;
  open(done: (error: Error | null) => void): void;
  write(bytes: Buffer, done: (error: Error | null | undefined) => void): boolean;
  close(done: (error: Error | null) => void): void;
  on(event: "data", listener: (bytes: Buffer) => void): unknown;
  on(event: "close", listener: (error: Error | null) => void): unknown;
  on(event: "error", listener: (error: Error) => void): unknown;
  on(event: "end", listener: () => void): unknown;
}

/** Makes a port that is not open yet. */
export type SerialDeviceFactory = (path: string, baud: number) => SerialDevice;

/** Output that may be under way before frames are dropped, in time at the baud rate. */
const MAX_BACKLOG_MS = 100;
/** Bytes that the operating system has not taken yet before frames are dropped. */
const MAX_WAITING_BYTES = 2 * MAX_FRAME_BYTES;
/** Start bit, eight data bits, stop bit. */
const BITS_A_BYTE = 10;

/** What an operator can do about a port that does not open. The texts are those of the serialport package. */
function withHint(path: string, message: string): string {
  if (/permission denied|EACCES|EPERM/i.test(message)) {
    return `${path}: permission denied; put the user of the agent into the group that owns the port (ls -l ${path}), usually: sudo usermod -aG dialout USER`;
  }
  if (/no such file|ENOENT|no such device|ENXIO|ENODEV/i.test(message)) {
    return `${path}: no such device; is the cable in? (names that stay: ls -l /dev/serial/by-id/)`;
  }
  if (/lock|EBUSY|temporarily unavailable/i.test(message)) {
    return `${path}: in use by another program (a ground station, ModemManager, a console on the port: nvgetty on a Jetson)`;
  }
  return `${path}: ${message}`;
}

/** serial: a port that may vanish (USB) and come back. */
class SerialLink extends ReconnectingLink {
  protected readonly question = "is it the right port, and is the autopilot powered?";
  readonly #address: SerialAddress;
  readonly #makeDevice: SerialDeviceFactory;
  readonly #now_ms: () => number;
  #device: SerialDevice | null = null;
  /** Frames that the operating system has not taken yet: a port that goes away may never say what became of them. */
  readonly #pending = new Set<(sent: boolean) => void>();
  #waitingBytes = 0;
  /** When the bytes handed over so far have left, at the baud rate. */
  #busyUntil_ms = 0;

  constructor(
    url: string,
    address: SerialAddress,
    handlers: LinkHandlers,
    times: LinkTimes,
    makeDevice: SerialDeviceFactory,
    now_ms: () => number,
  ) {
    super(url, handlers, times);
    this.#address = address;
    this.#makeDevice = makeDevice;
    this.#now_ms = now_ms;
  }

  send(frame: Uint8Array): Promise<boolean> {
    const device = this.#device;
    const now_ms = this.#now_ms();
    // The driver takes 4 KiB and more at once: at 57600 baud that is 0.7 s of positions that grow old.
    const backlog_ms = this.#busyUntil_ms - now_ms;
    if (!this.up || device === null || backlog_ms > MAX_BACKLOG_MS || this.#waitingBytes > MAX_WAITING_BYTES) {
      return Promise.resolve(false);
    }
    this.#busyUntil_ms =
      Math.max(now_ms, this.#busyUntil_ms) + (frame.length * BITS_A_BYTE * 1000) / this.#address.baud;
    this.#waitingBytes += frame.length;
    return new Promise((resolve) => {
      const settle = (sent: boolean) => {
        if (!this.#pending.delete(settle)) return;
        this.#waitingBytes -= frame.length;
        resolve(sent);
      };
      this.#pending.add(settle);
      device.write(Buffer.from(frame), (error) => settle(error === null || error === undefined));
    });
  }

  protected async disconnect(): Promise<void> {
    const device = this.#device;
    this.#device = null;
    this.#forgetPending();
    if (device?.isOpen !== true) return;
    await new Promise<void>((resolve) => {
      device.close(() => resolve());
    });
  }

  protected connect(): void {
    let device: SerialDevice;
    try {
      device = this.#makeDevice(this.#address.path, this.#address.baud);
    } catch (thrown) {
      this.wentDown(withHint(this.#address.path, errorMessage(thrown)));
      return;
    }
    this.#device = device;
    let over = false;
    const lost = (reason: string) => {
      if (over) return;
      over = true;
      if (this.#device === device) this.#device = null;
      this.#forgetPending();
      // A port whose reads have ended can still be open; it must be given back before it can be opened again.
      if (device.isOpen) device.close(() => this.wentDown(reason));
      else this.wentDown(reason);
    };
    device.on("data", (bytes) => {
      if (!this.closed && !over) this.handlers.bytes(bytes, "peer");
    });
    device.on("error", (error) => lost(withHint(this.#address.path, errorMessage(error))));
    device.on("end", () => lost(`${this.#address.path}: the port was hung up`));
    device.on("close", () => lost(`${this.#address.path}: the port went away`));
    device.open((error) => {
      if (error !== null) {
        lost(withHint(this.#address.path, errorMessage(error).replace(/^Error:?\s*/, "")));
      } else if (this.closed || over) {
        device.close(() => undefined);
      } else {
        this.#busyUntil_ms = 0;
        this.wentUp();
      }
    });
  }

  #forgetPending(): void {
    for (const settle of [...this.#pending]) settle(false);
  }
}

/**
 * Opens serial:DEVICE:BAUD, 8N1, no flow control. Rejects with a UserError when the port cannot be opened in time
 * (`times.connect_ms`; 0: it is not waited for). `makeDevice` and `now_ms` are there for tests.
 */
export async function openSerial(
  url: string,
  address: SerialAddress,
  handlers: LinkHandlers,
  times: LinkTimes,
  makeDevice?: SerialDeviceFactory,
  now_ms: () => number = () => performance.now(),
): Promise<MavlinkLink> {
  const link = new SerialLink(url, address, handlers, times, makeDevice ?? (await nativeDevices()), now_ms);
  await link.open();
  return link;
}

/** Loaded only when a serial port is used: the package has a native part. */
async function nativeDevices(): Promise<SerialDeviceFactory> {
  const { SerialPort } = await import("serialport");
  // hupcl: a falling DTR resets some autopilots' USB ports when the agent restarts.
  return (path, baudRate) => new SerialPort({ path, baudRate, autoOpen: false, hupcl: false });
}
