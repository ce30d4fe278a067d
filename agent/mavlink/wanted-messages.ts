import { ardupilotmega, common, minimal, standard } from "node-mavlink";
import type { Vehicle } from "./identity.js";
import { EstimatorSensorFusionStatus } from "./messages/estimator-sensor-fusion-status.js";

/** A message that the agent wants from the autopilot. */
export interface WantedMessage {
  readonly msgid: number;
  /** How often, Hz; 0: once, asked for until it has come. */
  readonly rate_hz: number;
  /** The vehicle may have nothing to say (no rangefinder, no GPS): its silence is no fault. */
  readonly optional?: boolean;
}

/** What every autopilot is asked for. */
const EVERYWHERE: readonly WantedMessage[] = [
  { msgid: common.Attitude.MSG_ID, rate_hz: 30 },
  { msgid: common.GlobalPositionInt.MSG_ID, rate_hz: 10 },
  { msgid: common.LocalPositionNed.MSG_ID, rate_hz: 10, optional: true },
  { msgid: common.GpsRawInt.MSG_ID, rate_hz: 2, optional: true },
  { msgid: common.DistanceSensor.MSG_ID, rate_hz: 10, optional: true },
  { msgid: common.ExtendedSysState.MSG_ID, rate_hz: 1, optional: true },
  { msgid: common.GpsGlobalOrigin.MSG_ID, rate_hz: 0, optional: true },
  { msgid: standard.AutopilotVersion.MSG_ID, rate_hz: 0, optional: true },
];

const ARDUPILOT: readonly WantedMessage[] = [
  { msgid: ardupilotmega.EkfStatusReport.MSG_ID, rate_hz: 4 },
  { msgid: common.TerrainReport.MSG_ID, rate_hz: 2, optional: true },
  { msgid: ardupilotmega.RangeFinder.MSG_ID, rate_hz: 10, optional: true },
];

const PX4: readonly WantedMessage[] = [
  { msgid: common.EstimatorStatus.MSG_ID, rate_hz: 5 },
  { msgid: EstimatorSensorFusionStatus.MSG_ID, rate_hz: 2, optional: true },
  { msgid: common.Altitude.MSG_ID, rate_hz: 5, optional: true },
];

/** The truth of a simulator, for the simulated camera. */
const SIMULATED = { [minimal.MavAutopilot.ARDUPILOTMEGA]: 108, [minimal.MavAutopilot.PX4]: 115 } as const;

/**
 * What the agent needs of a vehicle, by its kind of autopilot. `simulatorTruth` adds SIM_STATE (ArduPilot) or
 * HIL_STATE_QUATERNION (PX4).
 */
export function wantedMessages(vehicle: Vehicle, simulatorTruth = false): readonly WantedMessage[] {
  const wanted = [...EVERYWHERE];
  if (vehicle.autopilot === minimal.MavAutopilot.PX4) {
    wanted.push(...PX4);
    if (simulatorTruth) wanted.push({ msgid: SIMULATED[minimal.MavAutopilot.PX4], rate_hz: 20 });
  } else {
    wanted.push(...ARDUPILOT);
    if (simulatorTruth) wanted.push({ msgid: SIMULATED[minimal.MavAutopilot.ARDUPILOTMEGA], rate_hz: 20 });
  }
  return wanted;
}
