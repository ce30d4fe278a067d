import { type Check, checksOf } from "./checks.js";
import { checkParameters, type ParamReadings, type ParamReport } from "./parameters.js";
import type { ParamSetup } from "./rules.js";
import { chooseSetup, familyOf, type SetupChoice } from "./setups.js";
import type { VehicleLink } from "./vehicle-link.js";

const check = checksOf("parameters");

/** Every version has one of these: with no answer for any it is the link that is silent, not the firmware. */
const ALWAYS_THERE = { px4: ["EKF2_DELAY_MAX", "SYS_AUTOSTART"], ardupilot: ["AHRS_EKF_TYPE"] } as const;

/** What came of the parameters of a vehicle. */
export interface VehicleParameters extends ParamReport {
  readonly setup: ParamSetup | null;
}

/** Reads what decides how the vehicle is fed, chooses the setup, and holds the vehicle's parameters against it. */
export async function checkVehicleParameters(
  link: VehicleLink,
  choice: SetupChoice,
  readings: ParamReadings,
): Promise<VehicleParameters> {
  const { vehicle } = link;
  const family = vehicle === null ? null : familyOf(vehicle.autopilot);
  if (vehicle === null) return { setup: null, checks: [], fixes: [] };
  if (family !== null && !(await readings.anyAnswered(ALWAYS_THERE[family]))) {
    const detail =
      "the autopilot does not answer when parameters are read: does the link let messages through both ways?";
    return { setup: null, checks: [check("reading", "problem", detail)], fixes: [] };
  }
  const gpsType = family === "ardupilot" ? (await readings.firstOf(["GPS1_TYPE", "GPS_TYPE"])).param?.value : undefined;
  const answer = chooseSetup(choice, {
    vehicle,
    hasGlobalPositionSensor: family === "px4" && (await readings.value("EKF2_AGP0_CTRL")) !== null,
    hasGps: gpsType === undefined || gpsType !== 0,
  });
  if ("reason" in answer) return { setup: null, checks: [check("publisher", "problem", answer.reason)], fixes: [] };
  const { setup } = answer;
  const report = await checkParameters(setup, readings);
  const checks = [check("setup", "ok", setup.title), ...report.checks, ...(await senderIds(link, readings))];
  return { setup, checks, fixes: report.fixes };
}

/** ArduPilot can be told to hear only its own system id and the ground station's. */
async function senderIds(link: VehicleLink, readings: ParamReadings): Promise<Check[]> {
  if (link.vehicle === null || familyOf(link.vehicle.autopilot) !== "ardupilot") return [];
  const { param, name } = await readings.firstOf(["MAV_OPTIONS", "SYSID_ENFORCE"]);
  if (param === null) return [];
  if ((param.value & 1) === 0) return [check(name, "ok", `${param.value}: any system is heard`)];
  if (link.sysid === link.vehicle.sysid) {
    return [
      check(name, "ok", `${param.value}: only system ${link.vehicle.sysid} is heard, and the agent speaks as that`),
    ];
  }
  const detail = `is ${param.value}: only system ${link.vehicle.sysid} is heard, but the agent speaks as ${link.sysid}: set system_id 0`;
  return [check(name, "problem", detail)];
}
