import { common, type MavLinkData, minimal } from "node-mavlink";
import { CommandClient } from "../../agent/mavlink/command-client.js";
import { MavlinkConnection } from "../../agent/mavlink/connection.js";
import { SenderIdentity, type Vehicle } from "../../agent/mavlink/identity.js";
import { ParamClient } from "../../agent/mavlink/param-client.js";
import type { FrameListener } from "../../agent/mavlink/vehicle-port.js";

/** MAV_COMP_ID_MISSIONPLANNER, at the system id that autopilots take for their ground station's. */
const STATION = { sysid: 255, compid: 190 } as const;
const HEARTBEAT_MS = 1000;
/** Requests get lost, and a vehicle that starts again has forgotten them. */
const REQUEST_MS = 3000;
const SET_MESSAGE_INTERVAL = 511;

/** What the harness asks for, Hz: the estimate, its state, and the simulation's truth. */
const WANTED = {
  ardupilot: [
    [common.Attitude.MSG_ID, 10],
    [common.GlobalPositionInt.MSG_ID, 10],
    [common.SimState.MSG_ID, 25],
    [193, 5],
  ],
  px4: [
    [common.Attitude.MSG_ID, 10],
    [common.GlobalPositionInt.MSG_ID, 10],
    [common.LocalPositionNed.MSG_ID, 10],
    [common.HilStateQuaternion.MSG_ID, 25],
    [common.EstimatorStatus.MSG_ID, 5],
  ],
} as const;

class StationIdentity extends SenderIdentity {
  constructor() {
    super({ compid: STATION.compid });
  }
  override get sysid(): number {
    return STATION.sysid;
  }
}

/** The ground station that flies the vehicle: system 255, component 190, with a HEARTBEAT every second. */
export class GroundStation {
  readonly commands: CommandClient;
  readonly parameters: ParamClient;
  readonly #connection: MavlinkConnection;
  readonly #timers: readonly NodeJS.Timeout[];

  private constructor(connection: MavlinkConnection, identity: StationIdentity) {
    this.#connection = connection;
    connection.onFrame((frame, t_us) => identity.observe(frame, t_us / 1000));
    this.commands = new CommandClient(connection);
    this.parameters = new ParamClient(connection, { timeout_ms: 1000 });
    this.#timers = [
      setInterval(() => this.send(heartbeat()), HEARTBEAT_MS),
      setInterval(() => this.#request(), REQUEST_MS),
    ];
  }

  /** It does not wait for the other end: that may come up later. @throws UserError for a link that cannot be opened */
  static async open(url: string): Promise<GroundStation> {
    const identity = new StationIdentity();
    const options = { identity, heartbeat: false, times: { connect_ms: 0 } };
    return new GroundStation(await MavlinkConnection.open(url, options), identity);
  }

  get vehicle(): Vehicle | null {
    return this.#connection.identity.vehicle;
  }

  /** Port of this computer that was opened, for a link udpin:…:0. */
  get localPort(): number {
    return this.#connection.localPort ?? 0;
  }

  /** Calls `listener` with every frame of the autopilot itself. */
  onFrame(listener: FrameListener): () => void {
    return this.#connection.onFrame((frame, t_us) => {
      const { vehicle } = this;
      if (vehicle !== null && frame.sysid === vehicle.sysid && frame.compid === vehicle.compid) listener(frame, t_us);
    });
  }

  /** Sends and does not wait: what does not arrive is sent again by whoever needs it. */
  send(message: MavLinkData): void {
    this.#connection.send(message).catch(() => undefined);
  }

  /** A COMMAND_LONG; gives whether it was accepted, and what was answered. */
  async command(command: number, params: readonly number[] = []): Promise<{ ok: boolean; outcome: string }> {
    return this.commands.long({ command, params });
  }

  async close(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    this.commands.close();
    this.parameters.close();
    await this.#connection.close();
  }

  #request(): void {
    const { vehicle } = this;
    if (vehicle === null) return;
    const px4 = vehicle.autopilot === minimal.MavAutopilot.PX4;
    for (const [msgid, rate_hz] of px4 ? WANTED.px4 : WANTED.ardupilot) {
      const message = new common.CommandLong();
      const params = { _param1: msgid, _param2: 1e6 / rate_hz, _param3: 0, _param4: 0, _param5: 0, _param6: 0 };
      const target = { targetSystem: vehicle.sysid, targetComponent: vehicle.compid };
      Object.assign(message, target, params, { command: SET_MESSAGE_INTERVAL, confirmation: 0, _param7: 0 });
      this.send(message);
    }
  }
}

function heartbeat(): minimal.Heartbeat {
  return Object.assign(new minimal.Heartbeat(), {
    type: minimal.MavType.GCS,
    autopilot: minimal.MavAutopilot.INVALID,
    baseMode: 0,
    customMode: 0,
    systemStatus: minimal.MavState.ACTIVE,
    mavlinkVersion: 3,
  });
}
