import { common, type MavLinkData } from "node-mavlink";
import { encodeMessage } from "../../agent/mavlink/codec.js";
import { frameFromBytes, type MavlinkFrame } from "../../agent/mavlink/frame.js";
import type { Channel } from "../../sim/autopilot/protocol/channel.js";
import type { Twin } from "../../sim/autopilot/twin.js";

/** Somebody on a link of a twin, in the time of the twin: no sockets, no clock. What it sends goes through the codec. */
export class Companion {
  readonly channel: Channel;
  /** Everything the autopilot said, with the time of it. */
  readonly heard: { readonly t_us: number; readonly message: MavLinkData }[] = [];
  #seq = 0;
  #heardSeq = 0;
  /** Is given every frame of the autopilot, as it would come over a link. */
  onFrame: ((frame: MavlinkFrame, t_us: number) => void) | null = null;
  /** Answers the autopilot's TIMESYNC requests with a clock that is this much ahead; null: not at all. */
  timesyncAhead_us: number | null = null;

  constructor(
    readonly twin: Twin,
    readonly sysid = twin.vehicle.traits.sysid,
    readonly compid = 197,
  ) {
    this.channel = twin.openChannel();
  }

  send(message: MavLinkData, ids: { sysid?: number; compid?: number } = {}): void {
    const header = { sysid: ids.sysid ?? this.sysid, compid: ids.compid ?? this.compid, seq: this.#seq++ & 0xff };
    this.channel.receive(frameFromBytes(encodeMessage(message, header)));
  }

  /** 10 ms; keeps what was said. */
  step(): void {
    this.twin.step();
    this.listen();
  }

  /** Takes what the autopilot has said so far. */
  listen(): void {
    for (const message of this.channel.take()) {
      this.heard.push({ t_us: this.twin.t_us, message });
      if (this.onFrame !== null) {
        const header = { sysid: this.twin.vehicle.traits.sysid, compid: 1, seq: this.#heardSeq++ & 0xff };
        this.onFrame(frameFromBytes(encodeMessage(message, header)), this.twin.t_us);
      }
      if (message instanceof common.TimeSync && message.tc1 === 0n && this.timesyncAhead_us !== null) {
        const now_ns = BigInt(this.twin.t_us + this.timesyncAhead_us) * 1000n;
        this.send(Object.assign(new common.TimeSync(), { tc1: now_ns, ts1: message.ts1 }));
      }
    }
  }

  run(seconds: number, each?: () => void): void {
    const until_us = this.twin.t_us + Math.round(seconds * 1e6);
    while (this.twin.t_us < until_us) {
      this.step();
      each?.();
    }
  }

  /** What was heard of one class of message. */
  all<T extends MavLinkData>(type: new () => T): T[] {
    return this.heard.map(({ message }) => message).filter((message): message is T => message instanceof type);
  }

  command(id: number, p1 = 0, p2 = 0, p3 = 0, p7 = 0): number | null {
    const message = Object.assign(new common.CommandLong(), {
      command: id,
      targetSystem: this.twin.vehicle.traits.sysid,
      targetComponent: 1,
      _param1: p1,
      _param2: p2,
      _param3: p3,
      _param7: p7,
    });
    return this.#acknowledged(message);
  }

  commandInt(id: number, fields: Partial<common.CommandInt>): number | null {
    const target = { targetSystem: this.twin.vehicle.traits.sysid, targetComponent: 1 };
    return this.#acknowledged(Object.assign(new common.CommandInt(), { command: id, ...target, ...fields }));
  }

  /** The result of the acknowledgement; null when none came. */
  #acknowledged(message: MavLinkData): number | null {
    this.listen();
    const before = this.heard.length;
    this.send(message);
    this.listen();
    const answer = this.heard.slice(before).find((one) => one.message instanceof common.CommandAck)?.message;
    return answer instanceof common.CommandAck ? answer.result : null;
  }

  /** Sets a parameter as the firmware wants it. */
  setParameter(name: string, value: number): void {
    this.twin.vehicle.parameters.set(name, value);
  }
}
