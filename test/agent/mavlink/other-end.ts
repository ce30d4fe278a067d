import type { MavLinkData } from "node-mavlink";
import { encodeMessage } from "../../../agent/mavlink/codec.js";
import type { MavlinkFrame } from "../../../agent/mavlink/frame.js";
import { MavlinkFramer } from "../../../agent/mavlink/framer.js";
import { openLink } from "../../../agent/mavlink/link/open.js";

/** The other end of a link: a port that keeps the frames that arrive and sends what it is told. */
export async function otherEnd() {
  const frames: MavlinkFrame[] = [];
  const framer = new MavlinkFramer();
  const link = await openLink("udpin:127.0.0.1:0", { bytes: (bytes) => frames.push(...framer.push(bytes)) });
  let seq = 0;
  return {
    frames,
    link,
    url: `udpout:127.0.0.1:${link.localPort}`,
    count: (msgid: number) => frames.filter((frame) => frame.msgid === msgid).length,
    send: (message: MavLinkData, sysid = 8, compid = 1) =>
      link.send(encodeMessage(message, { sysid, compid, seq: seq++ & 0xff })),
  };
}
