import { common } from "node-mavlink";
import { monotonic_us } from "../clock.js";
import type { Vehicle } from "../mavlink/identity.js";
import { positionClaimed } from "../vehicle/ekf.js";
import { airframeOf } from "../vehicle/modes.js";
import { type Check, checksOf } from "./checks.js";
import { familyOf } from "./setups.js";
import type { VehicleLink } from "./vehicle-link.js";

const check = checksOf("vehicle");

/** A round trip beyond this says that the link is full or goes over a radio. */
const SLOW_ROUND_TRIP_MS = 50;
/** A share of lost frames that is worth a word. */
const LOSS = 0.01;
const DATE_APART_S = 5;
/** MAV_TYPE-independent: GPS_RAW_INT's fix type from which on there is a position. */
const FIX_3D = 3;

/** Why no autopilot was heard: what came in its place. `sysid` is the one that was asked for. */
export function silence(link: VehicleLink, sysid: number | null, wait_s: number): Check {
  const { received, refused } = link.counts;
  const others = link.autopilots.filter((one) => one !== sysid);
  const refusals = Object.entries(refused).map(([why, count]) => `${count} ${why}`);
  const why = (() => {
    if (refusals.length > 0) {
      return `frames were refused by the signature check (${refusals.join(", ")}): is the key that of the vehicle?`;
    }
    if (sysid !== null && others.length > 0) {
      return `system ${others.join(", ")} was heard, but only system ${sysid} is listened to: set system_id 0 or ${others[0]}`;
    }
    if (received.frames > 0)
      return `${received.frames} MAVLink frames came, but no HEARTBEAT of an autopilot (component 1)`;
    if (received.bytes > 0) return `${received.bytes} bytes came, but no MAVLink frame: is the baud rate right?`;
    if (!link.up) return "the link does not come up: is the device there, and does the other end listen?";
    return "nothing came: is the autopilot on, and does it send to this address (or is the agent running on this link)?";
  })();
  return check("autopilot", "problem", `none heard on ${link.url} within ${wait_s} s: ${why}`);
}

/** What the vehicle has said of itself so far. `hasOrigin`: the agent has one to offer. */
export function checkVehicle(link: VehicleLink, hasOrigin: boolean): Check[] {
  const { status } = link.model;
  const { vehicle } = status;
  if (vehicle === null) return [];
  const armed = status.armed === true ? "armed" : "disarmed";
  return [
    check(
      "autopilot",
      "ok",
      `${vehicleText(vehicle)}, system ${vehicle.sysid}, ${status.mode ?? "mode unknown"}, ${armed}`,
    ),
    linkQuality(link),
    clock(link),
    ...date(link),
    ...messages(link),
    height(link),
    gps(link),
    ekf(link),
    origin(link, hasOrigin),
  ];
}

/** "ArduPilot copter", "PX4 plane", or numbers where there are no words. */
function vehicleText({ autopilot, type }: Vehicle): string {
  const family = familyOf(autopilot);
  const name = family === null ? `autopilot ${autopilot}` : family === "px4" ? "PX4" : "ArduPilot";
  const airframe = airframeOf(type);
  return `${name} ${airframe === "other" ? `type ${type}` : airframe}`;
}

function linkQuality(link: VehicleLink): Check {
  const { received, lost } = link.counts;
  const text = `${received.frames} frames came, ${lost} lost, ${received.badCrc} damaged`;
  if (lost > LOSS * received.frames + 5) {
    return check("link", "warning", `${text}: more than 1 % lost; is the link too slow for what is sent on it?`);
  }
  return check("link", "ok", `${link.url}: ${text}`);
}

function clock(link: VehicleLink): Check {
  const { round_trip_us, offset_us, uncertainty_us } = link.timesync.statusAt(monotonic_us());
  if (round_trip_us === null || offset_us === null) {
    return check(
      "clock",
      "warning",
      "the autopilot does not answer TIMESYNC: attitudes are placed by their arrival, late by the delay of the link",
    );
  }
  const round_trip_ms = round_trip_us / 1000;
  const text = `TIMESYNC round trip ${round_trip_ms.toFixed(1)} ms, clock known to ${((uncertainty_us ?? 0) / 1000).toFixed(1)} ms`;
  if (round_trip_ms <= SLOW_ROUND_TRIP_MS) return check("clock", "ok", text);
  return check("clock", "warning", `${text}: a slow link; positions come late and attitudes are placed badly`);
}

function date(link: VehicleLink): Check[] {
  const apart_s = link.dateDifference_s;
  if (apart_s === null) return [];
  if (Math.abs(apart_s) <= DATE_APART_S) return [check("date", "ok", "the autopilot's date is this computer's")];
  const detail = `the autopilot's date is ${Math.abs(apart_s).toFixed(0)} s ${apart_s > 0 ? "ahead of" : "behind"} this computer's: signing and logs will not fit`;
  return [check("date", "warning", detail)];
}

/** Whether what the agent needs comes once it is asked for. Without attitudes no picture can be placed. */
function messages(link: VehicleLink): Check[] {
  const needed = link.requests.statusAt(monotonic_us()).filter(({ optional }) => !optional);
  const checks = needed.flatMap(({ msgid, name, state, rate_hz, wanted_hz, requests, reason }) => {
    if (state === "flowing") return [];
    if (rate_hz > 0) {
      const detail = `comes ${rate_hz.toFixed(1)} times a second, ${wanted_hz} were asked for: is the link too slow?`;
      return [check(name, "warning", detail)];
    }
    const why = state === "refused" ? `is refused (${reason})` : `does not come, though asked for ${requests} times`;
    return [check(name, msgid === common.Attitude.MSG_ID ? "problem" : "warning", why)];
  });
  const flowing = needed.filter(({ state }) => state === "flowing").map(({ name }) => name);
  if (flowing.length === 0) return checks;
  return [check("messages", "ok", `${flowing.join(", ")} come as asked for`), ...checks];
}

function height(link: VehicleLink): Check {
  const agl = link.model.poseAt(monotonic_us())?.agl ?? null;
  if (agl === null) {
    const detail =
      "no height above ground (rangefinder, terrain, over home): without it the scale of the picture is not known";
    return check("height", "warning", detail);
  }
  const text = `${agl.agl_m.toFixed(1)} m above ground, by ${agl.source}`;
  if (agl.source !== "relative") return check("height", "ok", text);
  return check(
    "height",
    "warning",
    `${text}: over home, not over the ground below; a rangefinder or terrain data makes the scale of the picture right`,
  );
}

function gps(link: VehicleLink): Check {
  const { gps_fix_type: fix } = link.model.status;
  if (fix === null) return check("gps", "ok", "none told");
  const satellites = link.model.details.gps_satellites;
  const text = `${fix >= FIX_3D ? "3D fix" : "no 3D fix"}${satellites === null ? "" : `, ${satellites} satellites`}`;
  return check("gps", "ok", text);
}

function ekf(link: VehicleLink): Check {
  const { ekf_flags: flags, vehicle } = link.model.status;
  if (flags === null) return check("ekf", "warning", "no report comes: whether positions are used cannot be seen");
  const claimed = positionClaimed(flags, vehicle?.autopilot);
  return check("ekf", "ok", `flags ${flags}: ${claimed ? "an absolute position" : "no absolute position (yet)"}`);
}

function origin(link: VehicleLink, hasOrigin: boolean): Check {
  const place = link.model.status.origin;
  if (place === null && hasOrigin) return check("origin", "ok", "not told; the agent will offer the configured one");
  if (place === null) {
    return check(
      "origin",
      "skipped",
      "not told; local positions (VISION_POSITION_ESTIMATE, ODOMETRY) need one: it comes with GPS, or from the agent",
    );
  }
  return check("origin", "ok", `${place.lat_deg.toFixed(6)}, ${place.lon_deg.toFixed(6)}, ${place.alt_m.toFixed(0)} m`);
}
