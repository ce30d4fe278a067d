import assert from "node:assert/strict";
import { ardupilotmega, common, type MavLinkData } from "node-mavlink";
import { encodeMessage } from "../../../../../agent/mavlink/codec.js";
import { frameFromBytes, type MavlinkFrame } from "../../../../../agent/mavlink/frame.js";
import type { Vehicle } from "../../../../../agent/mavlink/identity.js";
import { ParameterReader } from "../../../../../agent/mavlink/publishers/flight/parameter-reader.js";
import type { FlightPublisher, PublishMoment } from "../../../../../agent/mavlink/publishers/flight-publisher.js";
import type { NavigationPosition, NavigationSolution } from "../../../../../agent/navigation/solution.js";
import type { VehicleStatus } from "../../../../../agent/vehicle/vehicle-state.js";

export const COPTER: Vehicle = { sysid: 1, compid: 1, autopilot: 3, type: 2 };
export const PLANE: Vehicle = { sysid: 1, compid: 1, autopilot: 3, type: 1 };
export const PX4: Vehicle = { sysid: 8, compid: 1, autopilot: 12, type: 2 };
export const ORIGIN = { lat_deg: 49, lon_deg: 16, alt_m: 300 };

export const POSITION: NavigationPosition = {
  lat_deg: 49.001,
  lon_deg: 16.002,
  cov_ne_m2: { nn: 9, ne: 1, ee: 16 },
  eph_m: 5,
  protection_level_m: 25,
  velocity_ne_mps: { north: 10, east: -4 },
  velocity_sigma_mps: 0.5,
  belief: 1,
  heading_offset_deg: 0,
  heading_offset_sigma_deg: 3,
  reset_counter: 7,
  fix_t_us: 0,
  fix_count: 1,
};

export function vehicleStatus(vehicle: Vehicle | null, change: Partial<VehicleStatus> = {}): VehicleStatus {
  return {
    vehicle,
    alive: vehicle !== null,
    armed: true,
    mode: "GUIDED",
    ekf_flags: null,
    ekf_position_valid: null,
    gps_fix_type: null,
    position: null,
    origin: ORIGIN,
    ...change,
  };
}

/** A vehicle on a straight line and a navigation that knows it: positions move with their velocity. */
export class FakeFlight {
  now_us = 100_000_000;
  status: VehicleStatus;
  /** The position at `fix_t_us`, or null. */
  position: NavigationPosition | null = { ...POSITION, fix_t_us: 99_700_000 };
  autopilot_offset_us: number | null = 12_345;

  constructor(vehicle: Vehicle | null, change: Partial<VehicleStatus> = {}) {
    this.status = vehicleStatus(vehicle, change);
  }

  /** A new fix, captured `age_us` ago, where the vehicle then is. */
  fix(age_us = 300_000, change: Partial<NavigationPosition> = {}): void {
    const before = this.position ?? { ...POSITION, fix_t_us: this.now_us - age_us };
    const t_us = this.now_us - age_us;
    this.position = { ...this.#at(before, t_us), fix_t_us: t_us, fix_count: before.fix_count + 1, ...change };
  }

  moment(): PublishMoment {
    const { now_us, status, autopilot_offset_us } = this;
    return { now_us, status, autopilot_offset_us, solutionAt: (t_us) => this.solutionAt(t_us) };
  }

  solutionAt(t_us: number): NavigationSolution {
    const { position } = this;
    const common = { t_us, gates: [] };
    if (position === null) return { ...common, state: "starting", position: null, reason: "no fix" };
    assert.ok(t_us >= position.fix_t_us && t_us <= this.now_us, "asked outside the promised times");
    return { ...common, state: "active", position: this.#at(position, t_us), reason: null };
  }

  #at(position: NavigationPosition, t_us: number): NavigationPosition {
    const dt_s = (t_us - position.fix_t_us) / 1e6;
    const { north, east } = position.velocity_ne_mps;
    const metresPerDegree = 111_318.84;
    return {
      ...position,
      lat_deg: position.lat_deg + (north * dt_s) / metresPerDegree,
      lon_deg: position.lon_deg + (east * dt_s) / metresPerDegree / Math.cos((position.lat_deg * Math.PI) / 180),
    };
  }
}

/** One message that was sent, and when. */
export interface Sent {
  readonly t_us: number;
  readonly message: MavLinkData;
}

/** Ticks a publisher for some seconds; `each` is called before every tick. */
export function run(
  publisher: FlightPublisher,
  flight: FakeFlight,
  seconds: number,
  each: (t_s: number) => void = () => {},
  tick_hz = 50,
): Sent[] {
  const sent: Sent[] = [];
  const from_us = flight.now_us;
  for (let i = 0; i < seconds * tick_hz; i++) {
    flight.now_us = from_us + Math.round((i * 1e6) / tick_hz);
    each((flight.now_us - from_us) / 1e6);
    for (const message of publisher.tick(flight.moment())) sent.push({ t_us: flight.now_us, message });
  }
  flight.now_us = from_us + Math.round(seconds * 1e6);
  return sent;
}

export function ofType<T extends MavLinkData>(
  sent: readonly Sent[],
  type: new () => T,
): { t_us: number; message: T }[] {
  return sent.flatMap(({ t_us, message }) => (message instanceof type ? [{ t_us, message }] : []));
}

/** What was sent between two seconds of a run that began at `from_us`. */
export function between(sent: readonly Sent[], from_us: number, first_s: number, last_s: number): Sent[] {
  return sent.filter(({ t_us }) => t_us >= from_us + first_s * 1e6 && t_us < from_us + last_s * 1e6);
}

/** A message of the vehicle as it arrives. */
export function arrives(message: MavLinkData, vehicle: Vehicle): MavlinkFrame {
  return frameFromBytes(encodeMessage(message, { sysid: vehicle.sysid, compid: vehicle.compid, seq: 0 }));
}

export function ackFrame(vehicle: Vehicle, command: number, result: number, targetComponent = 197): MavlinkFrame {
  const message = Object.assign(new common.CommandAck(), {
    command,
    result,
    progress: 0,
    resultParam2: 0,
    targetSystem: vehicle.sysid,
    targetComponent,
  });
  return arrives(message, vehicle);
}

export function gpsFrame(
  vehicle: Vehicle,
  fixType: number,
  place = { lat_deg: 49.001, lon_deg: 16.002 },
): MavlinkFrame {
  const message = Object.assign(new common.GpsRawInt(), {
    timeUsec: 0n,
    fixType,
    lat: Math.round(place.lat_deg * 1e7),
    lon: Math.round(place.lon_deg * 1e7),
    alt: 0,
    eph: 100,
    epv: 100,
    vel: 0,
    cog: 0,
    satellitesVisible: fixType >= 3 ? 10 : 2,
    altEllipsoid: 0,
    hAcc: 0,
    vAcc: 0,
    velAcc: 0,
    hdgAcc: 0,
    yaw: 0,
  });
  return arrives(message, vehicle);
}

/** GLOBAL_POSITION_INT of a copter. */
export function globalPosition(
  place: { readonly lat_deg: number; readonly lon_deg: number },
  alt_m: number,
  over_home_m: number,
): MavlinkFrame {
  const message = Object.assign(new common.GlobalPositionInt(), {
    timeBootMs: 1000,
    lat: Math.round(place.lat_deg * 1e7),
    lon: Math.round(place.lon_deg * 1e7),
    alt: Math.round(alt_m * 1000),
    relativeAlt: Math.round(over_home_m * 1000),
    vx: 0,
    vy: 0,
    vz: 0,
    hdg: 0,
  });
  return arrives(message, COPTER);
}

export function ekfFrame(flags: number, ratio = 0.1, vehicle = COPTER): MavlinkFrame {
  const message = Object.assign(new ardupilotmega.EkfStatusReport(), {
    flags,
    velocityVariance: 0,
    posHorizVariance: ratio,
    posVertVariance: 0,
    compassVariance: 0,
    terrainAltVariance: 0,
    airspeedVariance: 0,
  });
  return arrives(message, vehicle);
}

export function originFrame(
  origin: { lat_deg: number; lon_deg: number; alt_m: number },
  vehicle: Vehicle,
): MavlinkFrame {
  const message = Object.assign(new common.GpsGlobalOrigin(), {
    latitude: Math.round(origin.lat_deg * 1e7),
    longitude: Math.round(origin.lon_deg * 1e7),
    altitude: Math.round(origin.alt_m * 1e3),
    timeUsec: 0n,
  });
  return arrives(message, vehicle);
}

export function paramFrame(name: string, value: number, vehicle: Vehicle): MavlinkFrame {
  const message = Object.assign(new common.ParamValue(), {
    paramId: name,
    paramValue: value,
    paramType: common.MavParamType.REAL32,
    paramCount: 100,
    paramIndex: 1,
  });
  return arrives(message, vehicle);
}

/** A reader that has already been answered. */
export function parametersOf(vehicle: Vehicle, values: Readonly<Record<string, number>>): ParameterReader {
  const reader = new ParameterReader();
  reader.want(Object.keys(values));
  reader.tick(0, vehicle);
  for (const [name, value] of Object.entries(values)) reader.receive(paramFrame(name, value, vehicle));
  return reader;
}

export function failing(publisher: FlightPublisher): string[] {
  return publisher.status.conditions.filter(({ holds }) => !holds).map(({ name }) => name);
}
