import { minimal } from "node-mavlink";
import { distance_m } from "../../tiles/geodesy/index.js";
import type { ComponentStatus, DaemonSnapshot } from "../daemon/snapshot.js";
import type { PublisherStatus } from "../mavlink/publishers/flight-publisher.js";
import type { VehicleStatus } from "../vehicle/vehicle-state.js";
import { STAGES } from "../vision/result.js";
import type { FrameView, ItemView, Place, PositionView, PublisherView, StatusView, Tone } from "./api.js";
import { ellipse95 } from "./ellipse.js";
import { inWords } from "./words.js";

/** What navigation made of the newest frame. */
export interface FrameVerdict {
  readonly t_us: number;
  readonly accepted: boolean;
  readonly reason: string | null;
}

const TONES: Readonly<Record<ComponentStatus["state"], Tone>> = {
  running: "good",
  starting: "busy",
  degraded: "busy",
  failed: "bad",
  stopped: "off",
};
/** GPS_FIX_TYPE from which on the autopilot has a position of its own. */
const FIX_3D = 3;

/** Everything that the status page shows of a snapshot, in words and numbers. */
export function statusView(snapshot: DaemonSnapshot, truth: Place | null, verdict: FrameVerdict | null): StatusView {
  const { navigation, camera, vehicle } = snapshot;
  const position = positionView(snapshot);
  return {
    uptime_s: snapshot.uptime_s,
    pack: `${snapshot.pack.name}, ${snapshot.pack.cells} cells`,
    ...headline(snapshot, position),
    position,
    truth: truth === null ? null : { ...truth, error_m: position === null ? null : distance_m(position, truth) },
    autopilot: vehicle.position,
    vehicle: vehicleItems(vehicle),
    components: snapshot.components.map(({ name, state, detail, restarts }) => ({
      name,
      tone: TONES[state],
      state,
      detail: restarts === 0 ? detail : `${detail}${detail === "" ? "" : "; "}restarted ${restarts} times`,
    })),
    links: snapshot.links.map(({ url, up, received, sent, round_trip_us }) => ({
      name: url,
      tone: up ? "good" : "bad",
      state: up ? "up" : "down",
      detail: `${received} received, ${sent} sent${round_trip_us === null ? "" : `, round trip ${(round_trip_us / 1000).toFixed(1)} ms`}`,
    })),
    camera: {
      name: "camera",
      tone: TONES[camera.state],
      state: camera.state,
      detail: camera.detail ?? `${camera.frames} frames${camera.dropped === 0 ? "" : `, ${camera.dropped} dropped`}`,
    },
    vision: snapshot.vision,
    gates: navigation.gates,
    publishers: snapshot.publishers.map(publisherView),
    frame: frameView(snapshot, verdict),
  };
}

function headline(
  { navigation }: DaemonSnapshot,
  position: PositionView | null,
): Pick<StatusView, "tone" | "headline" | "why"> {
  if (position !== null) {
    return { tone: "good", headline: `Position ± ${metres(position.eph_m)}`, why: "" };
  }
  if (navigation.state === "stopped") return { tone: "off", headline: "No frame yet", why: "navigation has not begun" };
  const why = navigation.reason === null ? "" : inWords(navigation.reason);
  return { tone: navigation.state === "starting" ? "busy" : "bad", headline: "No position", why };
}

function positionView({ navigation, t_us }: DaemonSnapshot): PositionView | null {
  const { position } = navigation;
  if (position === null) return null;
  const { lat_deg, lon_deg, eph_m, protection_level_m, cov_ne_m2, velocity_ne_mps: v, fix_count } = position;
  return {
    lat_deg,
    lon_deg,
    eph_m,
    protection_level_m,
    ellipse: ellipse95(cov_ne_m2),
    speed_mps: Math.hypot(v.north, v.east),
    course_deg: ((Math.atan2(v.east, v.north) * 180) / Math.PI + 360) % 360,
    heading_offset_deg: position.heading_offset_deg,
    fix_age_s: (t_us - position.fix_t_us) / 1e6,
    fix_count,
  };
}

function frameView({ frame, t_us }: DaemonSnapshot, verdict: FrameVerdict | null): FrameView | null {
  if (frame === null) return null;
  // Navigation has the last word: it refuses fixes, and takes some that vision alone would not have.
  const own = verdict?.t_us === frame.t_us ? verdict : null;
  const accepted = own?.accepted ?? frame.reason === null;
  const reason = own?.reason ?? frame.reason;
  return {
    t_us: frame.t_us,
    age_s: (t_us - frame.t_us) / 1e6,
    tone: accepted ? "good" : "busy",
    text: accepted ? "a fix" : inWords(reason ?? "no fix"),
    quality: frame.estimate?.quality ?? null,
    level: frame.level,
    stages: STAGES.map((name) => ({ name, ms: frame.stage_ms[name] })),
  };
}

function publisherView({ name, state, conditions, sent, fused }: PublisherStatus): PublisherView {
  const used = fused === null ? "" : fused ? ", the autopilot uses it" : ", the autopilot does not use it";
  const tone: Tone = state === "stopped" ? "off" : state === "starting" ? "busy" : fused === false ? "bad" : "good";
  return { name, tone, state, detail: `${sent} sent${used}`, conditions };
}

function vehicleItems(status: VehicleStatus): ItemView[] {
  const { vehicle, alive, armed, mode, gps_fix_type, ekf_position_valid } = status;
  const kind = vehicle === null ? "no vehicle heard" : `${autopilotName(vehicle.autopilot)}, system ${vehicle.sysid}`;
  return [
    { name: "vehicle", tone: alive ? "good" : "bad", state: alive ? "alive" : "silent", detail: kind },
    {
      name: "mode",
      tone: mode === null ? "off" : "good",
      state: mode ?? "unknown",
      detail: armed === null ? "" : armed ? "armed" : "disarmed",
    },
    {
      name: "GPS",
      tone: gps_fix_type === null ? "off" : gps_fix_type >= FIX_3D ? "good" : "busy",
      state: gps_fix_type === null ? "unknown" : gps_fix_type >= FIX_3D ? "3D fix" : "no fix",
      detail: "",
    },
    {
      name: "EKF position",
      tone: ekf_position_valid === null ? "off" : ekf_position_valid ? "good" : "bad",
      state: ekf_position_valid === null ? "unknown" : ekf_position_valid ? "valid" : "not valid",
      detail: status.ekf_flags === null ? "" : `flags ${status.ekf_flags}`,
    },
  ];
}

function autopilotName(autopilot: number): string {
  if (autopilot === minimal.MavAutopilot.ARDUPILOTMEGA) return "ArduPilot";
  return autopilot === minimal.MavAutopilot.PX4 ? "PX4" : `autopilot ${autopilot}`;
}

function metres(value: number): string {
  return `${value < 10 ? value.toFixed(1) : value.toFixed(0)} m`;
}
