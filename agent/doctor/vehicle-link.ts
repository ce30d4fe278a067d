import { common, minimal } from "node-mavlink";
import { monotonic_us } from "../clock.js";
import { decodeAs } from "../mavlink/codec.js";
import { type ConnectionOptions, MavlinkConnection } from "../mavlink/connection.js";
import type { MavlinkFrame } from "../mavlink/frame.js";
import { AUTOPILOT_COMPONENT, type Vehicle } from "../mavlink/identity.js";
import { MessageRequests } from "../mavlink/message-requests.js";
import { Timesync } from "../mavlink/timesync.js";
import type { VehiclePort } from "../mavlink/vehicle-port.js";
import { MavlinkVehicleModel } from "../vehicle/vehicle-model.js";

/** How often the conversation about the clock goes on, milliseconds. */
const SERVICE_MS = 50;
const POLL_MS = 50;

export interface VehicleLinkOptions {
  readonly url: string;
  /** Component id of the agent. */
  readonly compid: number;
  /** The only system to listen to, and our own id; null: the first autopilot heard. */
  readonly sysid: number | null;
  readonly signing?: NonNullable<ConnectionOptions["signing"]>;
}

/** A link to an autopilot for a short conversation: what it says of itself, its clock, its parameters. */
export class VehicleLink {
  readonly url: string;
  readonly model: MavlinkVehicleModel;
  readonly timesync: Timesync;
  /** Asks for the messages that the agent needs, as the agent does. */
  readonly requests: MessageRequests;
  readonly #connection: MavlinkConnection;
  readonly #timer: NodeJS.Timeout;
  /** Autopilots heard, also those that are not ours. */
  readonly #autopilots = new Set<number>();
  #date: { readonly unix_us: number; readonly at_ms: number } | null = null;

  private constructor(url: string, connection: MavlinkConnection) {
    this.url = url;
    this.#connection = connection;
    this.model = new MavlinkVehicleModel({ clock: monotonic_us });
    this.timesync = new Timesync(connection.identity, { answer: false });
    this.requests = new MessageRequests(connection.identity);
    connection.onFrame((frame, t_us) => this.#receive(frame, t_us));
    this.#timer = setInterval(() => {
      const now_us = monotonic_us();
      for (const message of [...this.timesync.tick(now_us), ...this.requests.tick(now_us)]) {
        connection.send(message).catch(() => undefined);
      }
    }, SERVICE_MS);
  }

  /** Opens the link. Throws a UserError for a URL or a port that cannot be had. */
  static async open({ url, compid, sysid, signing }: VehicleLinkOptions): Promise<VehicleLink> {
    const connection = await MavlinkConnection.open(url, {
      compid,
      times: { connect_ms: 0 },
      ...(sysid === null ? {} : { sysid }),
      ...(signing === undefined ? {} : { signing }),
    });
    return new VehicleLink(url, connection);
  }

  get port(): VehiclePort {
    return this.#connection;
  }

  get vehicle(): Vehicle | null {
    return this.#connection.identity.vehicle;
  }

  /** The id that our messages carry. */
  get sysid(): number {
    return this.#connection.identity.sysid;
  }

  get up(): boolean {
    return this.#connection.up;
  }

  get counts(): MavlinkConnection["counts"] {
    return this.#connection.counts;
  }

  /** Systems of which an autopilot's HEARTBEAT came. */
  get autopilots(): readonly number[] {
    return [...this.#autopilots].sort((a, b) => a - b);
  }

  /** The autopilot's date against ours, seconds; null while it has not told one. */
  get dateDifference_s(): number | null {
    return this.#date === null ? null : this.#date.unix_us / 1e6 - this.#date.at_ms / 1e3;
  }

  /** Everything that is asked for comes, and the clock is known. */
  get ready(): boolean {
    const now_us = monotonic_us();
    return this.requests.readyAt(now_us) && this.timesync.statusAt(now_us).offset_us !== null;
  }

  /** Waits until `ready` or the time is over; resolves to whether it is. */
  async waitFor(ready: () => boolean, time_ms: number): Promise<boolean> {
    const until_us = monotonic_us() + time_ms * 1000;
    while (!ready()) {
      if (monotonic_us() >= until_us) return false;
      await new Promise((done) => setTimeout(done, POLL_MS));
    }
    return true;
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#connection.close();
  }

  #receive(frame: MavlinkFrame, t_us: number): void {
    if (frame.msgid === minimal.Heartbeat.MSG_ID && frame.compid === AUTOPILOT_COMPONENT) {
      const { autopilot, type } = decodeAs(frame, minimal.Heartbeat);
      const other = autopilot === minimal.MavAutopilot.INVALID || type === minimal.MavType.GCS;
      if (!other) this.#autopilots.add(frame.sysid);
    }
    const { vehicle } = this;
    if (vehicle === null || frame.sysid !== vehicle.sysid) return;
    this.model.receive(frame, t_us);
    this.timesync.observe(frame, t_us);
    this.requests.observe(frame, t_us);
    if (frame.compid !== vehicle.compid || frame.msgid !== common.SystemTime.MSG_ID) return;
    const unix_us = Number(decodeAs(frame, common.SystemTime).timeUnixUsec);
    // 0 or a time since boot: the autopilot has not had GPS yet.
    this.#date = unix_us > 1e15 ? { unix_us, at_ms: Date.now() } : null;
  }
}
