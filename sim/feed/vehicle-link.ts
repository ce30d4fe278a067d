import { common, minimal } from "node-mavlink";
import { monotonic_us } from "../../agent/clock.js";
import { MavlinkConnection } from "../../agent/mavlink/connection.js";
import type { Vehicle } from "../../agent/mavlink/identity.js";
import { MessageRequests } from "../../agent/mavlink/message-requests.js";
import type { WantedMessage } from "../../agent/mavlink/wanted-messages.js";
import type { TruePoseTrack } from "./true-pose.js";

/** MAV_COMP_ID_CAMERA: what the feed is for everyone else on the link. */
const CAMERA_COMPONENT = 100;
/** How often it is looked at what must be asked for. */
const SERVICE_MS = 50;

/** ArduPlane, whose loop runs at 50 Hz, denies what is asked for more often than 40 times a second. */
const POSE_HZ = 40;
const SIM_STATE: WantedMessage = { msgid: common.SimState.MSG_ID, rate_hz: POSE_HZ };
const HIL_STATE: WantedMessage = { msgid: common.HilStateQuaternion.MSG_ID, rate_hz: POSE_HZ };
const ESTIMATE: readonly WantedMessage[] = [
  { msgid: common.Attitude.MSG_ID, rate_hz: POSE_HZ },
  { msgid: common.GlobalPositionInt.MSG_ID, rate_hz: 25 },
];

/** What tells the pose of a vehicle. ArduPilot says aloud, each time, that it does not know HIL_STATE_QUATERNION. */
function poseMessages({ autopilot }: Vehicle): readonly WantedMessage[] {
  if (autopilot === minimal.MavAutopilot.ARDUPILOTMEGA) return [SIM_STATE, ...ESTIMATE];
  if (autopilot === minimal.MavAutopilot.PX4) return [HIL_STATE, ...ESTIMATE];
  return [SIM_STATE, HIL_STATE, ...ESTIMATE];
}

/** Listens to the vehicle on a link of its own and keeps the pose track fed. @throws UserError for a link that cannot be */
export async function listenToVehicle(url: string, track: TruePoseTrack): Promise<{ close(): Promise<void> }> {
  const connection = await MavlinkConnection.open(url, { compid: CAMERA_COMPONENT });
  const requests = new MessageRequests(connection.identity, { wanted: poseMessages });
  connection.onFrame((frame, t_us) => {
    const { vehicle } = connection.identity;
    if (vehicle === null || frame.sysid !== vehicle.sysid || frame.compid !== vehicle.compid) return;
    requests.observe(frame, t_us);
    track.receive(frame, t_us);
  });
  const timer = setInterval(() => {
    // A link that is down just does not send; what does not come is asked for again.
    for (const message of requests.tick(monotonic_us())) connection.send(message).catch(() => undefined);
  }, SERVICE_MS);
  return {
    async close() {
      clearInterval(timer);
      await connection.close();
    },
  };
}
