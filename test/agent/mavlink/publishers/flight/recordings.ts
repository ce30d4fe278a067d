import { ardupilotmega, common, minimal } from "node-mavlink";
import { decodeAs } from "../../../../../agent/mavlink/codec.js";
import type { MavlinkFrame } from "../../../../../agent/mavlink/frame.js";
import { MavlinkFramer } from "../../../../../agent/mavlink/framer.js";
import type { VehicleStatus } from "../../../../../agent/vehicle/vehicle-state.js";
import { type Recording, readRecording } from "../../fixtures.js";
import { vehicleStatus } from "./helpers.js";

export interface RecordedFrame {
  /** Seconds since the recording began, of the record that completes the frame. */
  readonly t_s: number;
  readonly from: boolean;
  readonly frame: MavlinkFrame;
}

/** All frames of a recording, both directions, in order. */
export function recordedFrames(name: Recording): RecordedFrame[] {
  const framers = { from: new MavlinkFramer(), to: new MavlinkFramer() };
  return readRecording(name).flatMap(({ t_us, direction, bytes }) =>
    framers[direction].push(bytes).map((frame) => ({ t_s: t_us / 1e6, from: direction === "from", frame })),
  );
}

/** What a vehicle model would know from the frames so far: only what publishers look at. */
export class RecordedVehicle {
  status: VehicleStatus = vehicleStatus(null, { origin: null, armed: null });

  take(frame: MavlinkFrame): void {
    const { status } = this;
    switch (frame.msgid) {
      case minimal.Heartbeat.MSG_ID: {
        const { autopilot, type, baseMode } = decodeAs(frame, minimal.Heartbeat);
        const vehicle = { sysid: frame.sysid, compid: frame.compid, autopilot, type };
        this.status = { ...status, vehicle, alive: true, armed: (baseMode & 128) !== 0 };
        break;
      }
      case ardupilotmega.EkfStatusReport.MSG_ID:
        this.status = { ...status, ekf_flags: decodeAs(frame, ardupilotmega.EkfStatusReport).flags };
        break;
      case common.EstimatorStatus.MSG_ID:
        this.status = { ...status, ekf_flags: decodeAs(frame, common.EstimatorStatus).flags };
        break;
      case common.GpsRawInt.MSG_ID:
        this.status = { ...status, gps_fix_type: decodeAs(frame, common.GpsRawInt).fixType };
        break;
      case common.GpsGlobalOrigin.MSG_ID: {
        const { latitude, longitude, altitude } = decodeAs(frame, common.GpsGlobalOrigin);
        const origin = { lat_deg: latitude / 1e7, lon_deg: longitude / 1e7, alt_m: altitude / 1e3 };
        this.status = { ...status, origin };
        break;
      }
    }
  }
}

/**
 * Plays a recording: `frame` gets every frame at its time, `tick` is called 50 times a second of recording time with what
 * the vehicle has told so far.
 */
export function play(
  name: Recording,
  handlers: {
    frame?: (recorded: RecordedFrame) => void;
    tick: (t_s: number, status: VehicleStatus) => void;
  },
): void {
  const vehicle = new RecordedVehicle();
  let next_s = 0;
  for (const recorded of recordedFrames(name)) {
    for (; next_s <= recorded.t_s; next_s += 0.02) handlers.tick(next_s, vehicle.status);
    if (recorded.from) vehicle.take(recorded.frame);
    handlers.frame?.(recorded);
  }
}
