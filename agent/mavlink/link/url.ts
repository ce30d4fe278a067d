import { UserError } from "../../../tiles/errors.js";
import { nearestWord } from "../../text/nearest.js";

/** A link over the network. */
export interface NetworkAddress {
  readonly kind: "udpout" | "udpin" | "tcp";
  readonly host: string;
  /** 0 only for udpin: any free port. */
  readonly port: number;
}

/** A serial port, 8 data bits, no parity, 1 stop bit, no flow control. */
export interface SerialAddress {
  readonly kind: "serial";
  /** The device, e.g. /dev/ttyTHS1. */
  readonly path: string;
  /** Bits a second. */
  readonly baud: number;
}

/** Where a MAVLink link goes. */
export type LinkAddress = NetworkAddress | SerialAddress;

/** The forms that are understood, for messages and help texts. */
export const LINK_FORMS =
  "serial:DEVICE:BAUD (serial:/dev/ttyTHS1:921600), udpout:HOST:PORT, udpin:HOST:PORT, tcp:HOST:PORT";

/** Rates that the serial ports of autopilots and of Linux have in common. */
export const BAUD_RATES: readonly number[] = [
  9600, 19200, 38400, 57600, 100000, 111100, 115200, 230400, 256000, 460800, 500000, 576000, 625000, 921600, 1000000,
  1152000, 1500000, 2000000, 2500000, 3000000, 3500000, 4000000,
];

const KINDS: readonly string[] = ["serial", "udpout", "udpin", "tcp"] satisfies LinkAddress["kind"][];

function isKind(text: string): text is LinkAddress["kind"] {
  return KINDS.includes(text);
}

/**
 * Reads a link such as `serial:/dev/ttyTHS1:921600`, `udpout:127.0.0.1:14550`, `udpin:[::]:14550` or
 * `tcp:autopilot.local:5760`. Throws a UserError that names the valid forms.
 */
export function parseLinkUrl(url: string): LinkAddress {
  const fail = (what: string) => new UserError(`MAVLink link ${JSON.stringify(url)}: ${what}; use ${LINK_FORMS}`);
  const kind = url.split(":", 1)[0] ?? "";
  if (!isKind(kind)) {
    const near = nearestWord(kind, KINDS);
    const hint = near === null ? "" : `, did you mean "${near}"?`;
    throw fail(kind === "" ? "no kind of link" : `unknown kind of link "${kind}"${hint}`);
  }
  if (kind === "serial") return serialAddress(url.slice("serial:".length), fail);
  const match = /^([^:]*):(?:\[([^\]]*)\]|([^:[\]]*)):([^:]*)$/.exec(url);
  if (match === null) throw fail("not KIND:HOST:PORT (an IPv6 address stands in brackets)");
  const host = match[2] ?? match[3] ?? "";
  if (host === "" || /[\s/]/.test(host)) throw fail("no host");
  const portText = match[4] ?? "";
  const port = Number(portText);
  const lowest = kind === "udpin" ? 0 : 1;
  if (!/^\d{1,5}$/.test(portText) || port < lowest || port > 65535) {
    throw fail(`port "${portText}" is not a number from ${lowest} to 65535`);
  }
  return { kind, host, port };
}

/** DEVICE:BAUD; devices under /dev/serial/by-path have colons in their names, so the last one counts. */
function serialAddress(text: string, fail: (what: string) => UserError): SerialAddress {
  const colon = text.lastIndexOf(":");
  const path = colon < 0 ? text : text.slice(0, colon);
  if (path.trim() === "") throw fail("no device");
  if (colon < 0) throw fail("no baud rate");
  const baudText = text.slice(colon + 1);
  const baud = Number(baudText);
  if (!/^\d{1,8}$/.test(baudText) || !BAUD_RATES.includes(baud)) {
    const near = nearestWord(baudText, BAUD_RATES.map(String));
    const hint = near === null ? "" : `, did you mean ${near}?`;
    throw fail(`baud rate "${baudText}" is not one that autopilots use${hint}`);
  }
  return { kind: "serial", path, baud };
}
