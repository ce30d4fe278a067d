import { DEFAULT_TIMES, type LinkHandlers, type LinkTimes, type MavlinkLink } from "./link.js";
import { parseLinkUrl } from "./url.js";

/** Opens a link by its URL (see `parseLinkUrl`). A UserError names what is wrong with it. */
export async function openLink(
  url: string,
  handlers: LinkHandlers,
  times: Partial<LinkTimes> = {},
): Promise<MavlinkLink> {
  const address = parseLinkUrl(url);
  switch (address.kind) {
    case "udpout":
      return (await import("./udp.js")).openUdpOut(url, address, handlers);
    case "udpin":
      return (await import("./udp.js")).openUdpIn(url, address, handlers);
    case "tcp":
      return (await import("./tcp.js")).openTcp(url, address, handlers, { ...DEFAULT_TIMES, ...times });
    case "serial":
      return (await import("./serial.js")).openSerial(url, address, handlers, { ...DEFAULT_TIMES, ...times });
  }
}
