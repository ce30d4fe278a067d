import { common } from "node-mavlink";
import { MavlinkConnection } from "../../agent/mavlink/connection.js";
import type { TruePoseTrack } from "./true-pose.js";

/** MAV_COMP_ID_CAMERA: what the feed is for everyone else on the link. */
const CAMERA_COMPONENT = 100;
const SET_MESSAGE_INTERVAL = 511;
/** Requests can be lost, and a vehicle that starts again has forgotten them. */
const REPEAT_MS = 2000;

/** Messages that are asked for, with their rates. Those that a vehicle does not know it does not send. */
const WANTED_HZ: readonly (readonly [msgid: number, rate_hz: number])[] = [
  [common.SimState.MSG_ID, 50],
  [common.HilStateQuaternion.MSG_ID, 50],
  [common.Attitude.MSG_ID, 50],
  [common.GlobalPositionInt.MSG_ID, 25],
];

/** Listens to the vehicle on a link of its own and keeps the pose track fed. @throws UserError for a link that cannot be */
export async function listenToVehicle(url: string, track: TruePoseTrack): Promise<{ close(): Promise<void> }> {
  const connection = await MavlinkConnection.open(url, { compid: CAMERA_COMPONENT });
  connection.onFrame((frame, t_us) => {
    const { vehicle } = connection.identity;
    if (vehicle !== null && frame.sysid === vehicle.sysid && frame.compid === vehicle.compid)
      track.receive(frame, t_us);
  });
  const request = (): void => {
    const { vehicle } = connection.identity;
    if (vehicle === null) return;
    for (const [msgid, rate_hz] of WANTED_HZ) {
      const message = new common.CommandLong();
      message.targetSystem = vehicle.sysid;
      message.targetComponent = vehicle.compid;
      message.command = SET_MESSAGE_INTERVAL;
      message.confirmation = 0;
      message._param1 = msgid;
      message._param2 = Math.round(1e6 / rate_hz);
      message._param3 = 0;
      message._param4 = 0;
      message._param5 = 0;
      message._param6 = 0;
      message._param7 = 0;
      // A link that is down just does not send; the next round comes.
      connection.send(message).catch(() => undefined);
    }
  };
  const timer = setInterval(request, REPEAT_MS);
  return {
    async close() {
      clearInterval(timer);
      await connection.close();
    },
  };
}
