import { minimal } from "node-mavlink";
import { UserError } from "../../tiles/errors.js";
import { decodeAs } from "./codec.js";
import type { MavlinkFrame } from "./frame.js";

/** MAV_COMP_ID_VISUAL_INERTIAL_ODOMETRY: what the agent is, for everyone else on the link. */
export const AGENT_COMPONENT = 197;
/** MAV_COMP_ID_AUTOPILOT1: the component of the autopilot itself. */
export const AUTOPILOT_COMPONENT = 1;
/** The system id used until the vehicle has been heard. */
const DEFAULT_SYSTEM = 1;
/** After this long without a HEARTBEAT another autopilot on the link may become the vehicle. */
const VEHICLE_SILENT_MS = 10_000;

const { MavAutopilot, MavType } = minimal;

/** The autopilot on the other end, as its HEARTBEAT describes it. */
export interface Vehicle {
  readonly sysid: number;
  readonly compid: number;
  /** MAV_AUTOPILOT: 3 ArduPilot, 12 PX4. */
  readonly autopilot: number;
  /** MAV_TYPE: 1 plane, 2 quadrotor, ... */
  readonly type: number;
}

/**
 * Who we are on a link. The system id is the vehicle's: with MAV_OPTIONS=1 ArduPilot hears nobody else. The component
 * is never the autopilot's own, whose messages from outside ArduPilot drops.
 */
export class SenderIdentity {
  readonly compid: number;
  readonly #fixedSysid: number | undefined;
  #vehicle: Vehicle | null = null;
  #heard_ms = 0;

  /** `sysid`: use this one whatever is heard, and take only this vehicle for ours. */
  constructor(options: { compid?: number; sysid?: number } = {}) {
    this.compid = options.compid ?? AGENT_COMPONENT;
    if (!Number.isInteger(this.compid) || this.compid < 2 || this.compid > 255) {
      throw new UserError(
        `MAVLink component id: ${this.compid} must be an integer from 2 to 255 (1 is the autopilot's own); use 197 or 191`,
      );
    }
    this.#fixedSysid = options.sysid;
    if (options.sysid !== undefined && !(Number.isInteger(options.sysid) && options.sysid > 0 && options.sysid < 256)) {
      throw new UserError(`MAVLink system id: ${options.sysid} must be an integer from 1 to 255`);
    }
  }

  get sysid(): number {
    return this.#fixedSysid ?? this.#vehicle?.sysid ?? DEFAULT_SYSTEM;
  }

  /** The vehicle heard on this link, or null. */
  get vehicle(): Vehicle | null {
    return this.#vehicle;
  }

  /** Takes a frame that arrived at `now_ms` (monotonic); true if it made an autopilot our vehicle. */
  observe(frame: MavlinkFrame, now_ms: number): boolean {
    if (frame.msgid !== minimal.Heartbeat.MSG_ID || frame.compid !== AUTOPILOT_COMPONENT) return false;
    const { autopilot, type } = decodeAs(frame, minimal.Heartbeat);
    if (autopilot === MavAutopilot.INVALID || type === MavType.GCS) return false;
    if (this.#fixedSysid !== undefined && frame.sysid !== this.#fixedSysid) return false;
    const known = this.#vehicle;
    const other = known !== null && known.sysid !== frame.sysid;
    if (other && now_ms - this.#heard_ms <= VEHICLE_SILENT_MS) return false;
    this.#heard_ms = now_ms;
    this.#vehicle = { sysid: frame.sysid, compid: frame.compid, autopilot, type };
    return known === null || other;
  }
}
