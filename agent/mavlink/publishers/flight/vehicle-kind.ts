import { minimal } from "node-mavlink";
import type { VehicleStatus } from "../../../vehicle/vehicle-state.js";
import type { Vehicle } from "../../identity.js";
import type { Checks } from "./checks.js";

const { MavAutopilot, MavType } = minimal;

export function isPx4(vehicle: Vehicle): boolean {
  return vehicle.autopilot === MavAutopilot.PX4;
}

export function isArdupilot(vehicle: Vehicle): boolean {
  return vehicle.autopilot === MavAutopilot.ARDUPILOTMEGA;
}

/** A plane, or a VTOL, which ArduPilot flies with the plane's firmware. */
export function isPlane(vehicle: Vehicle): boolean {
  return (
    vehicle.type === MavType.FIXED_WING ||
    (vehicle.type >= MavType.VTOL_TAILSITTER_DUOROTOR && vehicle.type <= MavType.VTOL_RESERVED5)
  );
}

/** What the vehicle is, for people. */
export function vehicleText(vehicle: Vehicle): string {
  const autopilot = isPx4(vehicle) ? "PX4" : isArdupilot(vehicle) ? "ArduPilot" : `autopilot ${vehicle.autopilot}`;
  return `${autopilot} ${isPlane(vehicle) ? "plane" : `type ${vehicle.type}`}`;
}

/** Adds the condition "vehicle" (HEARTBEATs come) and gives the vehicle, or null. */
export function wantVehicle(status: VehicleStatus, checks: Checks): Vehicle | null {
  const { vehicle, alive } = status;
  if (vehicle === null) {
    checks.want("vehicle", false, "no HEARTBEAT of an autopilot yet");
    return null;
  }
  checks.want("vehicle", alive, alive ? vehicleText(vehicle) : "HEARTBEATs have stopped");
  return vehicle;
}
