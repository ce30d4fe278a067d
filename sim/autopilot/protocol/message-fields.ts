import type { MavLinkData } from "node-mavlink";
import type { Vehicle } from "../vehicle.js";

/** Makes a message about the vehicle as it is now; null when it has nothing to say. */
export type Maker = (vehicle: Vehicle) => MavLinkData | null;

/** Milliseconds since boot. */
export function bootMs(vehicle: Vehicle): number {
  return Math.floor(vehicle.t_us / 1000);
}

/** Degrees x 1e7. */
export function e7(degrees: number): number {
  return Math.round(degrees * 1e7);
}

/** Whole centimetres that fit 16 bits. */
export function centimetres(metres: number): number {
  return Math.max(-32768, Math.min(32767, Math.round(metres * 100)));
}

/** Rotation from body to north-east-down, w first. */
export function quaternion(roll: number, pitch: number, yaw: number): [number, number, number, number] {
  const [cr, sr] = [Math.cos(roll / 2), Math.sin(roll / 2)];
  const [cp, sp] = [Math.cos(pitch / 2), Math.sin(pitch / 2)];
  const [cy, sy] = [Math.cos(yaw / 2), Math.sin(yaw / 2)];
  return [
    cr * cp * cy + sr * sp * sy,
    sr * cp * cy - cr * sp * sy,
    cr * sp * cy + sr * cp * sy,
    cr * cp * sy - sr * sp * cy,
  ];
}

/** A message with these fields. */
export function of<T extends MavLinkData>(message: T, fields: Partial<T>): T {
  return Object.assign(message, fields);
}
