import { common, type MavLinkData, minimal } from "node-mavlink";
import { decodeAs, encodeMessage } from "../../../agent/mavlink/codec.js";
import type { MavlinkFrame } from "../../../agent/mavlink/frame.js";
import { MavlinkFramer } from "../../../agent/mavlink/framer.js";
import type { MavlinkLink } from "../../../agent/mavlink/link/link.js";
import { openLink } from "../../../agent/mavlink/link/open.js";
import { ParamSetInt32, ParamValueInt32 } from "../../../agent/mavlink/messages/bytewise-params.js";
import { ParamError } from "../../../agent/mavlink/messages/param-error.js";
import { attitude, ekfReport, estimatorStatus, globalPosition, heartbeat, message } from "../vehicle/frames.js";

const { MavAutopilot, MavModeFlag } = minimal;
const FLOAT = 9;
const INT32 = 6;
const INT16 = 4;

export interface FakeVehicleOptions {
  readonly autopilot: "px4" | "ardupilot";
  readonly type?: minimal.MavType;
  readonly sysid?: number;
  readonly params: Readonly<Record<string, number>>;
  /** These are floats; the others are integers. */
  readonly floats?: readonly string[];
  /** These keep their value, whatever they are set to. */
  readonly stubborn?: readonly string[];
  /** These are not known while the condition does not hold. */
  readonly hidden?: (name: string, params: ReadonlyMap<string, number>) => boolean;
  readonly armed?: boolean;
  readonly silent?: boolean;
}

/** A vehicle on a UDP port that holds parameters, in the encoding of its autopilot, and answers TIMESYNC. */
export class FakeVehicle {
  readonly params: Map<string, number>;
  readonly written: string[] = [];
  armed: boolean;
  readonly #options: FakeVehicleOptions;
  readonly #framer = new MavlinkFramer();
  readonly #began_ms = performance.now();
  #link: MavlinkLink | null = null;
  #timer: NodeJS.Timeout | undefined;
  #seq = 0;

  private constructor(options: FakeVehicleOptions) {
    this.#options = options;
    this.params = new Map(Object.entries(options.params));
    this.armed = options.armed ?? false;
  }

  static async open(options: FakeVehicleOptions): Promise<FakeVehicle> {
    const vehicle = new FakeVehicle(options);
    vehicle.#link = await openLink("udpin:127.0.0.1:0", {
      bytes: (bytes) => {
        for (const frame of vehicle.#framer.push(bytes)) vehicle.#answer(frame);
      },
    });
    let count = 0;
    if (options.silent !== true) vehicle.#timer = setInterval(() => vehicle.#stream(count++), 25);
    return vehicle;
  }

  get url(): string {
    return `udpout:127.0.0.1:${this.#link?.localPort}`;
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#link?.close();
  }

  get #px4(): boolean {
    return this.#options.autopilot === "px4";
  }

  #stream(count: number): void {
    const boot_ms = Math.round(performance.now() - this.#began_ms);
    this.#send(attitude(boot_ms, { yaw: 10 }));
    if (count % 4 !== 0) return;
    this.#send(globalPosition({ timeBootMs: boot_ms }));
    this.#send(
      heartbeat({
        type: this.#options.type ?? minimal.MavType.QUADROTOR,
        autopilot: this.#px4 ? MavAutopilot.PX4 : MavAutopilot.ARDUPILOTMEGA,
        baseMode: (this.armed ? MavModeFlag.SAFETY_ARMED : 0) as minimal.MavModeFlag,
      }),
    );
    this.#send(this.#px4 ? estimatorStatus(895) : ekfReport(831));
  }

  #send(one: MavLinkData): void {
    const header = { sysid: this.#options.sysid ?? 1, compid: 1, seq: this.#seq++ & 0xff };
    this.#link?.send(encodeMessage(one, header)).catch(() => undefined);
  }

  #answer(frame: MavlinkFrame): void {
    if (frame.msgid === common.TimeSync.MSG_ID) {
      const { tc1, ts1 } = decodeAs(frame, common.TimeSync);
      const now_ns = BigInt(Math.round((performance.now() - this.#began_ms) * 1e6));
      if (tc1 === 0n) this.#send(message(common.TimeSync, { tc1: now_ns, ts1 }));
    } else if (frame.msgid === common.ParamRequestRead.MSG_ID) {
      this.#tell(decodeAs(frame, common.ParamRequestRead).paramId);
    } else if (frame.msgid === common.ParamSet.MSG_ID) {
      const { paramId, paramValue, paramType } = decodeAs(frame, ParamSetInt32);
      if (this.params.has(paramId) && this.#options.stubborn?.includes(paramId) !== true) {
        this.params.set(paramId, this.#fromWire(paramValue, paramType));
        this.written.push(paramId);
      }
      this.#tell(paramId);
    }
  }

  #tell(paramId: string): void {
    const value = this.params.get(paramId);
    if (value === undefined || this.#options.hidden?.(paramId, this.params) === true) {
      if (this.#px4) this.#send(Object.assign(new ParamError(), { paramId, error: 1 }));
      return;
    }
    const float = this.#options.floats?.includes(paramId) === true;
    const paramType = float ? FLOAT : this.#px4 ? INT32 : INT16;
    const paramValue = this.#toWire(value, paramType);
    this.#send(
      Object.assign(new ParamValueInt32(), { paramId, paramValue, paramType, paramCount: 900, paramIndex: 7 }),
    );
  }

  /** The four bytes of the field, as an int32: PX4 puts integers there byte by byte, ArduPilot sends all as floats. */
  #toWire(value: number, type: number): number {
    const bytes = Buffer.alloc(4);
    if (this.#px4 && type === INT32) bytes.writeInt32LE(value);
    else bytes.writeFloatLE(value);
    return bytes.readInt32LE();
  }

  #fromWire(bits: number, type: number): number {
    const bytes = Buffer.alloc(4);
    bytes.writeInt32LE(bits);
    return this.#px4 && type === INT32 ? bits : bytes.readFloatLE();
  }
}
