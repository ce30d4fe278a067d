import { common, type MavLinkData } from "node-mavlink";
import { decodeAs } from "../../../agent/mavlink/codec.js";
import type { MavlinkFrame } from "../../../agent/mavlink/frame.js";
import type { Rng } from "../../world/random.js";
import { RESULT } from "../flight/commander.js";
import type { Vehicle } from "../vehicle.js";
import { COMMAND, type Command, execute, type StreamControl } from "./commands.js";
import { guidedTarget } from "./guided-target.js";
import { ParameterProtocol } from "./parameters.js";
import { POSITION_RECEIVERS } from "./positions.js";
import { Px4TimeSync } from "./px4-timesync.js";
import { DEFAULT_INTERVALS_US, MAKERS } from "./telemetry.js";

/** Parameters sent in a step while the whole list is asked for. */
const LIST_EVERY_US = 10_000;
const TIMESYNC_EVERY_US = { ardupilot: 10_000_000, px4: 100_000 } as const;
const SHORTEST_INTERVAL_US = 10_000;
/** Time of one loop of an ArduPlane (SCHED_LOOP_RATE 50), of which a message may take 0.8 at most; a copter's is no limit. */
const PLANE_LOOP_US = 20_000;
const TEXT_BYTES = 50;

type FrameReceiver = (frame: MavlinkFrame, t_us: number) => void;

interface Stream {
  interval_us: number;
  next_us: number;
}

/** One link of the autopilot: its own streams, its own clock offset, its own binding of a position sensor. */
export class Channel implements StreamControl {
  readonly #vehicle: Vehicle;
  readonly #rng: Rng;
  readonly #streams = new Map<number, Stream>();
  readonly #parameters: ParameterProtocol;
  readonly #timesync = new Px4TimeSync();
  #outbox: MavLinkData[] = [];
  #list: MavLinkData[] = [];
  #listAt_us = 0;
  #timesyncAt_us = 0;
  /** The first sensor id seen since boot, and the id of the slot at boot. */
  #boundId: number | null = null;
  #slotId: number;

  constructor(vehicle: Vehicle, rng: Rng, parameterChanged: (name: string) => void) {
    this.#vehicle = vehicle;
    this.#rng = rng;
    const { firmware } = vehicle.traits;
    this.#parameters = new ParameterProtocol(vehicle.parameters, firmware === "px4", parameterChanged);
    this.#slotId = vehicle.parameters.value("EKF2_AGP0_ID");
    for (const [msgid, interval_us] of DEFAULT_INTERVALS_US[firmware]) {
      this.#streams.set(msgid, { interval_us, next_us: vehicle.t_us });
    }
  }

  /** What is done with the other messages, by id. */
  readonly #receivers: ReadonlyMap<number, FrameReceiver> = new Map<number, FrameReceiver>([
    [common.ParamRequestRead.MSG_ID, (frame) => this.#answer(this.#parameters.read(frame))],
    [common.ParamSet.MSG_ID, (frame) => this.#answer(this.#parameters.set(frame))],
    [
      common.ParamRequestList.MSG_ID,
      () => {
        this.#list = this.#parameters.list();
      },
    ],
    [common.CommandLong.MSG_ID, (frame) => this.#commandLong(frame)],
    [common.CommandInt.MSG_ID, (frame) => this.#commandInt(frame)],
    [common.TimeSync.MSG_ID, (frame, t_us) => this.#timeSync(frame, t_us)],
    [common.SetPositionTargetGlobalInt.MSG_ID, (frame) => this.#target(frame)],
    [common.SetPositionTargetLocalNed.MSG_ID, (frame) => this.#target(frame)],
  ]);

  /** The clocks of PX4 and of the other end have converged. */
  get timesyncConverged(): boolean {
    return this.#timesync.converged;
  }

  /** What is to be sent, in order; each message once. */
  take(): MavLinkData[] {
    const out = this.#outbox;
    this.#outbox = [];
    return out;
  }

  send(message: MavLinkData): void {
    this.#outbox.push(message);
  }

  text(severity: number, text: string): void {
    this.send(Object.assign(new common.StatusText(), { severity, text: text.slice(0, TEXT_BYTES) }));
  }

  /** The value of a parameter, unasked: somebody on another link has set it. */
  announce(name: string): void {
    const parameter = this.#vehicle.parameters.find(name);
    if (parameter !== null) this.send(this.#parameters.message(parameter));
  }

  /** The vehicle's clock has moved on. */
  step(): void {
    const { t_us, traits } = this.#vehicle;
    for (const [msgid, stream] of this.#streams) {
      if (t_us < stream.next_us) continue;
      stream.next_us = Math.max(stream.next_us + stream.interval_us, t_us);
      this.sendOnce(msgid);
    }
    if (this.#list.length > 0 && t_us >= this.#listAt_us) {
      this.#listAt_us = t_us + LIST_EVERY_US;
      const next = this.#list.shift();
      if (next !== undefined) this.send(next);
    }
    if (t_us >= this.#timesyncAt_us) {
      this.#timesyncAt_us = t_us + TIMESYNC_EVERY_US[traits.firmware];
      this.send(Object.assign(new common.TimeSync(), { tc1: 0n, ts1: BigInt(t_us) * 1000n }));
    }
  }

  setInterval(msgid: number, interval_us: number): number | null {
    if (this.#rng.chance(this.#vehicle.options.lostRequests)) return null;
    const { traits, t_us } = this.#vehicle;
    if (!MAKERS[traits.firmware].has(msgid)) {
      if (traits.firmware === "px4") return RESULT.failed;
      this.text(6, `No ap_message for mavlink id (${msgid})`);
      return RESULT.denied;
    }
    const interval_ms = Math.trunc(interval_us / 1000);
    const isArduPlane = traits.firmware === "ardupilot" && traits.frame === "plane";
    if (isArduPlane && interval_us > 0 && interval_ms * 800 < PLANE_LOOP_US) {
      this.text(6, `Requested rate for message ID ${msgid} too fast. Increase SCHED_LOOP_RATE`);
      return RESULT.denied;
    }
    if (interval_us < 0) this.#streams.delete(msgid);
    else {
      const usual = DEFAULT_INTERVALS_US[traits.firmware].find(([id]) => id === msgid)?.[1] ?? 1_000_000;
      const wanted_us = interval_us === 0 ? usual : Math.max(SHORTEST_INTERVAL_US, interval_us);
      this.#streams.set(msgid, { interval_us: wanted_us, next_us: t_us });
    }
    return RESULT.accepted;
  }

  sendOnce(msgid: number): boolean {
    const message = MAKERS[this.#vehicle.traits.firmware].get(msgid)?.(this.#vehicle) ?? null;
    if (message !== null) this.send(message);
    return message !== null;
  }

  rebooted(): void {
    this.#boundId = null;
    this.#slotId = this.#vehicle.parameters.value("EKF2_AGP0_ID");
  }

  /**
   * Takes a frame from the other end.
   *
   * @param t_us when it arrived, microseconds since boot; now unless given
   */
  receive(frame: MavlinkFrame, t_us = this.#vehicle.t_us): void {
    const { traits, parameters } = this.#vehicle;
    // What claims to come from the autopilot itself is an echo.
    if (frame.sysid === traits.sysid && frame.compid === 1) return;
    const strict = traits.firmware === "ardupilot" && (parameters.value("MAV_OPTIONS") & 1) !== 0;
    if (strict && frame.sysid !== traits.sysid && frame.sysid !== parameters.value("MAV_GCS_SYSID")) return;
    const position = POSITION_RECEIVERS.get(frame.msgid);
    if (position !== undefined) {
      const synced = (remote_us: number) => this.#timesync.toLocal(remote_us);
      position(this.#vehicle, frame, { t_us, synced, forSlot: (id) => this.#forSlot(id) });
    } else this.#receivers.get(frame.msgid)?.(frame, t_us);
  }

  #forSlot(id: number): boolean {
    this.#boundId ??= id;
    return this.#boundId === id && this.#slotId !== 0 && id === this.#slotId;
  }

  #answer(messages: MavLinkData[]): void {
    for (const message of messages) this.send(message);
  }

  #forUs(targetSystem: number): boolean {
    return targetSystem === 0 || targetSystem === this.#vehicle.traits.sysid;
  }

  #commandLong(frame: MavlinkFrame): void {
    const m = decodeAs(frame, common.CommandLong);
    if (!this.#forUs(m.targetSystem)) return;
    const place = { lat_deg: m._param5, lon_deg: m._param6, p7: m._param7 };
    this.#run({ id: m.command, form: "long", frame: 0, p1: m._param1, p2: m._param2, p3: m._param3, ...place }, frame);
  }

  #commandInt(frame: MavlinkFrame): void {
    const m = decodeAs(frame, common.CommandInt);
    if (!this.#forUs(m.targetSystem)) return;
    const place = { lat_deg: m._param5 / 1e7, lon_deg: m._param6 / 1e7, p7: m._param7 };
    this.#run(
      { id: m.command, form: "int", frame: m.frame, p1: m._param1, p2: m._param2, p3: m._param3, ...place },
      frame,
    );
  }

  #run(command: Command, frame: MavlinkFrame): void {
    const result = execute(this.#vehicle, command, this);
    if (result === null) return;
    const ack = () =>
      Object.assign(new common.CommandAck(), {
        command: command.id,
        result,
        targetSystem: frame.sysid,
        targetComponent: frame.compid,
      });
    this.send(ack());
    // PX4 acknowledges a change of mode twice (recorded).
    if (command.id === COMMAND.setMode && this.#vehicle.traits.firmware === "px4") this.send(ack());
  }

  #timeSync(frame: MavlinkFrame, t_us: number): void {
    const { tc1, ts1 } = decodeAs(frame, common.TimeSync);
    if (tc1 === 0n) {
      const now_ns = BigInt(Math.round(t_us * 1000));
      const target = { targetSystem: frame.sysid, targetComponent: frame.compid };
      this.send(Object.assign(new common.TimeSync(), { tc1: now_ns, ts1, ...target }));
    } else this.#timesync.answered(Number(ts1) / 1000, Number(tc1) / 1000, t_us);
  }

  #target(frame: MavlinkFrame): void {
    const { commander, steering } = this.#vehicle;
    if (commander.behaviour !== "guided") return;
    const target = guidedTarget(this.#vehicle, frame);
    if (target !== null) steering.guideTo(target);
  }
}
