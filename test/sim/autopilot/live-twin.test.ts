import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { common, minimal } from "node-mavlink";
import { encodeMessage } from "../../../agent/mavlink/codec.js";
import type { MavlinkFrame } from "../../../agent/mavlink/frame.js";
import { MavlinkFramer } from "../../../agent/mavlink/framer.js";
import { openLink } from "../../../agent/mavlink/link/open.js";
import { LiveTwin } from "../../../sim/autopilot/edge/live-twin.js";
import { UserError } from "../../../tiles/errors.js";
import { until } from "../../agent/mavlink/waiting.js";

async function heardOver(listen: string) {
  const live = await LiveTwin.start({ kind: "ardupilot-copter", lostRequests: 0 }, { listen: [listen], speed: 1 });
  const frames: MavlinkFrame[] = [];
  const framer = new MavlinkFramer();
  const link = await openLink(live.agentUrl, { bytes: (bytes) => frames.push(...framer.push(bytes)) });
  const request = Object.assign(new common.CommandLong(), {
    command: 511,
    targetSystem: 1,
    _param1: 30,
    _param2: 20_000,
  });
  await link.send(encodeMessage(request, { sysid: 1, compid: 197, seq: 0 }));
  return {
    live,
    count: (msgid: number) => frames.filter((frame) => frame.msgid === msgid).length,
    frames,
    close: async () => {
      await link.close();
      await live.close();
    },
  };
}

describe("a twin on sockets", () => {
  for (const url of ["tcp:127.0.0.1:0", "udpin:127.0.0.1:0"]) {
    it(`speaks MAVLink over ${url.split(":")[0]} with rising sequence numbers`, async () => {
      const heard = await heardOver(url);
      try {
        await until(
          "ATTITUDE and HEARTBEAT",
          () => heard.count(30) >= 10 && heard.count(minimal.Heartbeat.MSG_ID) >= 1,
        );
        const steps = heard.frames.map((frame, k) => (frame.seq - (heard.frames[k - 1]?.seq ?? frame.seq - 1)) & 0xff);
        assert.ok(steps.every((step) => step === 1));
        assert.ok(heard.frames.every((frame) => frame.sysid === 1 && frame.compid === 1));
      } finally {
        await heard.close();
      }
    });
  }

  it("names what is wrong with an address", async () => {
    await assert.rejects(LiveTwin.start({ kind: "px4-copter" }, { listen: ["serial:/dev/x"] }), UserError);
  });
});
