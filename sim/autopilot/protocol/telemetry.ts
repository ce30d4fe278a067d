import { ardupilotmega, common, type MavLinkData, minimal, standard } from "node-mavlink";
import { DEG } from "../kinds.js";
import type { Vehicle } from "../vehicle.js";
import { bootMs, centimetres, e7, type Maker, of, quaternion } from "./message-fields.js";
import { hilState, simState } from "./truth-messages.js";

function heartbeat(vehicle: Vehicle): MavLinkData {
  const { commander, traits } = vehicle;
  const { MavState } = minimal;
  const flying = commander.armed ? MavState.ACTIVE : MavState.STANDBY;
  return of(new minimal.Heartbeat(), {
    type: traits.mavType,
    autopilot: traits.mavAutopilot,
    baseMode: commander.baseMode,
    customMode: commander.customMode,
    systemStatus: commander.critical ? MavState.CRITICAL : flying,
    mavlinkVersion: 3,
  });
}

function attitude(vehicle: Vehicle): MavLinkData {
  const { roll_rad, pitch_rad, yaw_rad } = vehicle.attitude;
  const { rollRate_radps, pitchRate_radps, yawRate_radps } = vehicle.truth;
  return of(new common.Attitude(), {
    timeBootMs: bootMs(vehicle),
    roll: roll_rad,
    pitch: pitch_rad,
    yaw: yaw_rad,
    rollspeed: rollRate_radps,
    pitchspeed: pitchRate_radps,
    yawspeed: yawRate_radps,
  });
}

function attitudeQuaternion(vehicle: Vehicle): MavLinkData {
  const { roll_rad, pitch_rad, yaw_rad } = vehicle.attitude;
  const [q1, q2, q3, q4] = quaternion(roll_rad, pitch_rad, yaw_rad);
  const { rollRate_radps, pitchRate_radps, yawRate_radps } = vehicle.truth;
  return of(new common.AttitudeQuaternion(), {
    timeBootMs: bootMs(vehicle),
    q1,
    q2,
    q3,
    q4,
    rollspeed: rollRate_radps,
    pitchspeed: pitchRate_radps,
    yawspeed: yawRate_radps,
    reprOffsetQ: [0, 0, 0, 0],
  });
}

function globalPosition(vehicle: Vehicle): MavLinkData {
  const place = vehicle.estimatedLatLon;
  const { vn_mps, ve_mps } = vehicle.ekf.horizontal;
  const heading_deg = (vehicle.attitude.yaw_rad / DEG + 360) % 360;
  return of(new common.GlobalPositionInt(), {
    timeBootMs: bootMs(vehicle),
    // Without an origin both autopilots say 0/0, whatever their flags say.
    lat: place === null ? 0 : e7(place.lat_deg),
    lon: place === null ? 0 : e7(place.lon_deg),
    alt: Math.round((vehicle.options.home.alt_m + vehicle.baroHeight_m) * 1000),
    relativeAlt: Math.round(vehicle.baroHeight_m * 1000),
    vx: centimetres(vn_mps),
    vy: centimetres(ve_mps),
    vz: centimetres(-vehicle.truth.vu_mps),
    hdg: Math.min(35999, Math.floor(heading_deg * 100)),
  });
}

function localPosition(vehicle: Vehicle): MavLinkData | null {
  const { origin, horizontal } = vehicle.ekf;
  if (origin === null && vehicle.traits.firmware === "ardupilot") return null;
  const originAlt_m = origin?.alt_m ?? vehicle.options.home.alt_m;
  return of(new common.LocalPositionNed(), {
    timeBootMs: bootMs(vehicle),
    x: horizontal.north_m,
    y: horizontal.east_m,
    z: originAlt_m - (vehicle.options.home.alt_m + vehicle.baroHeight_m),
    vx: horizontal.vn_mps,
    vy: horizontal.ve_mps,
    vz: -vehicle.truth.vu_mps,
  });
}

function gpsRaw(vehicle: Vehicle): MavLinkData {
  const message = of(new common.GpsRawInt(), { fixType: common.GpsFixType.NO_GPS, eph: 65535, epv: 65535 });
  const input = vehicle.gpsInputs.last;
  if (vehicle.parameters.value("GPS1_TYPE") === 14 && input !== null) {
    return of(message, {
      timeUsec: BigInt(vehicle.t_us),
      fixType: input.fixType,
      lat: e7(input.lat_deg),
      lon: e7(input.lon_deg),
      alt: Math.round(input.alt_m * 1000),
      satellitesVisible: input.satellites,
      hAcc: Math.round(input.sigma_m * 1000),
    });
  }
  const last = vehicle.gps.last;
  if (last === null || (vehicle.traits.firmware === "ardupilot" && vehicle.parameters.value("GPS1_TYPE") === 0)) {
    return message;
  }
  const place = vehicle.globeAt(last.north_m, last.east_m);
  const jammed = vehicle.gps.jammed;
  return of(message, {
    timeUsec: BigInt(last.t_us),
    fixType: jammed ? common.GpsFixType.NO_FIX : common.GpsFixType.GPS_FIX_TYPE_3D_FIX,
    lat: e7(place.lat_deg),
    lon: e7(place.lon_deg),
    alt: Math.round((vehicle.options.home.alt_m + last.up_m) * 1000),
    eph: 121,
    epv: 200,
    vel: centimetres(Math.hypot(last.vn_mps, last.ve_mps)),
    cog: Math.round(((Math.atan2(last.ve_mps, last.vn_mps) / DEG + 360) % 360) * 100) % 36000,
    satellitesVisible: jammed ? 3 : 10,
    hAcc: 1000,
    vAcc: 2000,
  });
}

function origin(vehicle: Vehicle): MavLinkData | null {
  const place = vehicle.ekf.origin;
  if (place === null) return null;
  return of(new common.GpsGlobalOrigin(), {
    latitude: e7(place.lat_deg),
    longitude: e7(place.lon_deg),
    altitude: Math.round(place.alt_m * 1000),
    timeUsec: BigInt(vehicle.t_us),
  });
}

function home(vehicle: Vehicle): MavLinkData | null {
  if (vehicle.ekf.origin === null) return null;
  const { lat_deg, lon_deg, alt_m } = vehicle.options.home;
  return of(new common.HomePosition(), {
    latitude: e7(lat_deg),
    longitude: e7(lon_deg),
    altitude: Math.round(alt_m * 1000),
    q: [1, 0, 0, 0],
    timeUsec: BigInt(vehicle.t_us),
  });
}

function distance(vehicle: Vehicle): MavLinkData | null {
  const max_m = vehicle.options.rangefinderMax_m;
  if (max_m === 0) return null;
  const range_m = vehicle.sensors.range_m(vehicle.truth, vehicle.trueAgl_m);
  return of(new common.DistanceSensor(), {
    timeBootMs: bootMs(vehicle),
    minDistance: 20,
    maxDistance: Math.min(65535, Math.round(max_m * 100)),
    // Beyond the range it says its range, as a sensor does that sees nothing.
    currentDistance: Math.min(65535, Math.round((range_m ?? max_m) * 100)),
    type: common.MavDistanceSensor.LASER,
    orientation: common.MavSensorOrientation.PITCH_270,
    quaternion: [0, 0, 0, 0],
  });
}

function ekfStatus(vehicle: Vehicle): MavLinkData {
  return of(new ardupilotmega.EkfStatusReport(), {
    flags: vehicle.ekf.flags,
    velocityVariance: Math.sqrt(vehicle.ekf.velocityRatio),
    posHorizVariance: Math.sqrt(vehicle.ekf.positionRatio),
    posVertVariance: 0.01,
    compassVariance: 0.02,
    terrainAltVariance: 0,
  });
}

function estimatorStatus(vehicle: Vehicle): MavLinkData {
  const { flags, positionRatio, positionSigma_m, velocityRatio } = vehicle.ekf;
  const aiding = (flags & 256) !== 0;
  return of(new common.EstimatorStatus(), {
    timeUsec: BigInt(vehicle.t_us),
    flags,
    velRatio: aiding ? Math.sqrt(velocityRatio) : Number.NaN,
    posHorizRatio: aiding ? Math.sqrt(positionRatio) : Number.NaN,
    posVertRatio: 0.01,
    magRatio: 0.06,
    haglRatio: 0.01,
    tasRatio: Number.NaN,
    posHorizAccuracy: Math.SQRT2 * positionSigma_m,
    posVertAccuracy: 0.8,
  });
}

function systemTime(vehicle: Vehicle): MavLinkData {
  return of(new common.SystemTime(), { timeUnixUsec: 0n, timeBootMs: bootMs(vehicle) });
}

/** Of the recorded autopilots. */
const CAPABILITIES = { ardupilot: 64495n, px4: 59647n } as const;
const VERSIONS = { ardupilot: 67567616, px4: 17891392 } as const;

function version(vehicle: Vehicle): MavLinkData {
  const { firmware } = vehicle.traits;
  return Object.assign(new standard.AutopilotVersion(), {
    // A bit mask of 64 bits, which mavlink-mappings declares as an ordinary enumeration.
    capabilities: CAPABILITIES[firmware],
    flightSwVersion: VERSIONS[firmware],
    flightCustomVersion: new Array<number>(8).fill(0),
    middlewareCustomVersion: new Array<number>(8).fill(0),
    osCustomVersion: new Array<number>(8).fill(0),
    uid2: new Array<number>(18).fill(0),
  });
}

function landed(vehicle: Vehicle): MavLinkData {
  const { MavLandedState } = common;
  return of(new common.ExtendedSysState(), {
    vtolState: common.MavVtolState.UNDEFINED,
    landedState: vehicle.inAir ? MavLandedState.IN_AIR : MavLandedState.ON_GROUND,
  });
}

const BOTH: readonly (readonly [number, Maker])[] = [
  [0, heartbeat],
  [2, systemTime],
  [24, gpsRaw],
  [30, attitude],
  [31, attitudeQuaternion],
  [32, localPosition],
  [33, globalPosition],
  [132, distance],
  [148, version],
  [242, home],
  [245, landed],
];

/** What each autopilot can send, by message id: ArduPilot no ESTIMATOR_STATUS, PX4 no EKF_STATUS_REPORT. */
export const MAKERS: Readonly<Record<"ardupilot" | "px4", ReadonlyMap<number, Maker>>> = {
  ardupilot: new Map([...BOTH, [49, origin], [108, simState], [193, ekfStatus]]),
  px4: new Map([...BOTH, [49, origin], [115, hilState], [230, estimatorStatus]]),
};

/** Streams without being asked, microseconds between messages: ArduPilot sends little before it is asked. */
export const DEFAULT_INTERVALS_US: Readonly<Record<"ardupilot" | "px4", readonly (readonly [number, number])[]>> = {
  ardupilot: [[0, 1_000_000]],
  px4: [
    [0, 1_000_000],
    [2, 1_000_000],
    [24, 1_000_000],
    [30, 50_000],
    [32, 200_000],
    [33, 200_000],
    [230, 1_000_000],
    [245, 1_000_000],
  ],
};
