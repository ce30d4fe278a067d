import { UserError } from "../../../tiles/errors.js";

/** Where a MAVLink link goes. */
export interface LinkAddress {
  readonly kind: "udpout" | "udpin" | "tcp";
  readonly host: string;
  /** 0 only for udpin: any free port. */
  readonly port: number;
}

/** The forms that are understood, for messages and help texts. */
export const LINK_FORMS = "udpout:HOST:PORT, udpin:HOST:PORT, tcp:HOST:PORT (serial ports come in a later version)";

const KINDS: readonly string[] = ["udpout", "udpin", "tcp"] satisfies LinkAddress["kind"][];

function isKind(text: string): text is LinkAddress["kind"] {
  return KINDS.includes(text);
}

/**
 * Reads a link such as `udpout:127.0.0.1:14550`, `udpin:[::]:14550` or `tcp:autopilot.local:5760`.
 * Throws a UserError that names the valid forms.
 */
export function parseLinkUrl(url: string): LinkAddress {
  const fail = (what: string) => new UserError(`MAVLink link ${JSON.stringify(url)}: ${what}; use ${LINK_FORMS}`);
  const match = /^([^:]*):(?:\[([^\]]*)\]|([^:[\]]*)):([^:]*)$/.exec(url);
  const kind = url.split(":", 1)[0] ?? "";
  if (!isKind(kind)) throw fail(kind === "" ? "no kind of link" : `unknown kind of link "${kind}"`);
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
