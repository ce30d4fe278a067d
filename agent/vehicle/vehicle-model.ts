import { ardupilotmega, common, minimal } from "node-mavlink";
import { bodyToNed } from "../../tiles/geometry/rotation.js";
import { decodeAs } from "../mavlink/codec.js";
import type { MavlinkFrame } from "../mavlink/frame.js";
import { SenderIdentity } from "../mavlink/identity.js";
import { EstimatorSensorFusionStatus, FUSION_SOURCES } from "../mavlink/messages/estimator-sensor-fusion-status.js";
import { AttitudeHistory } from "./attitude.js";
import type { ClockMap } from "./boot-clock.js";
import { BootTime } from "./boot-time.js";
import { DEFAULT_VEHICLE_CONFIG, type VehicleConfig } from "./config.js";
import { EKF_FLAGS, type EkfRatios, EkfState, velocityClaimed } from "./ekf.js";
import { HeightHistory } from "./height.js";
import { modeName } from "./modes.js";
import { type Place, placeFrom } from "./place.js";
import { quaternionToEuler } from "./quaternion.js";
import { tiltSigma_deg } from "./tilt.js";
import type { VehicleModel, VehiclePose, VehicleStatus } from "./vehicle-state.js";
import { VelocityHistory } from "./velocity.js";

const DEG = 180 / Math.PI;
/** GPS_FIX_TYPE ends here. */
const LAST_FIX_TYPE = 8;
const LEAST_3D_FIX = 3;

const { MavAutopilot, MavModeFlag } = minimal;

export interface VehicleModelOptions {
  /** Now, agent clock, microseconds: statuses grow old by it. */
  readonly clock: () => number;
  /** The autopilot's clock by TIMESYNC; while it knows nothing, the arrival of the messages tells the time. */
  readonly clockMap?: ClockMap;
  /** Take only this system for the vehicle; otherwise the first autopilot heard. */
  readonly sysid?: number;
  readonly config?: Partial<VehicleConfig>;
}

/** What else is known, for people and for the status page. */
export interface VehicleDetails {
  /** Boots that were noticed after the first. */
  readonly reboots: number;
  /** Time since boot of the newest message, microseconds. */
  readonly boot_us: number | null;
  /** What turns the autopilot's times into the agent's. */
  readonly clock: "timesync" | "arrival" | null;
  readonly ekf_ratios: EkfRatios | null;
  readonly home: Place | null;
  readonly gps_satellites: number | null;
  /** Bits of MAV_SYS_STATUS_SENSOR that are enabled and not healthy; null without SYS_STATUS. */
  readonly sensors_unhealthy: number | null;
  /** Messages of the vehicle that were taken. */
  readonly messages: number;
}

/** A value with the time it arrived. */
interface Heard<T> {
  readonly value: T;
  readonly now_us: number;
}

/**
 * The vehicle as its MAVLink messages tell it. Feed it every frame of the link; it takes those of the autopilot and
 * leaves the rest. Poses are kept by the autopilot's own time and looked up through the map of its clock, so a better
 * map makes all of them better at once.
 */
export class MavlinkVehicleModel implements VehicleModel {
  readonly #clock: () => number;
  readonly #boot: BootTime;
  readonly #config: VehicleConfig;
  readonly #identity: SenderIdentity;
  readonly #attitudes: AttitudeHistory;
  readonly #velocities: VelocityHistory;
  readonly #heights: HeightHistory;
  readonly #ekf: EkfState;
  #reboots = 0;
  #messages = 0;
  #heartbeat: Heard<{ armed: boolean; customMode: number }> | null = null;
  /** Whether PX4's EKF uses GPS, where it says so. */
  #gpsUsed: Heard<boolean> | null = null;
  #gps: Heard<{ fixType: number; satellites: number | null }> | null = null;
  #position: Heard<Place | null> | null = null;
  #sensorsUnhealthy: number | null = null;
  #origin: Place | null = null;
  #home: Place | null = null;

  constructor(options: VehicleModelOptions) {
    this.#clock = options.clock;
    this.#boot = new BootTime(options.clockMap ?? null);
    this.#config = { ...DEFAULT_VEHICLE_CONFIG, ...options.config };
    this.#identity = new SenderIdentity(options.sysid === undefined ? {} : { sysid: options.sysid });
    this.#attitudes = new AttitudeHistory(this.#config);
    this.#velocities = new VelocityHistory(this.#config);
    this.#heights = new HeightHistory(this.#config);
    this.#ekf = new EkfState(this.#config);
  }

  /** Takes a frame that arrived at a time (agent clock, microseconds). Frames of others than the vehicle are left. */
  receive(frame: MavlinkFrame, arrival_us: number): void {
    if (this.#identity.observe(frame, arrival_us / 1000)) this.#forget();
    const vehicle = this.#identity.vehicle;
    if (vehicle === null || frame.sysid !== vehicle.sysid || frame.compid !== vehicle.compid) return;
    this.#messages++;
    if (this.#boot.observe(frame, arrival_us)) {
      this.#reboots++;
      this.#forgetState();
    }
    switch (frame.msgid) {
      case minimal.Heartbeat.MSG_ID: {
        const { baseMode, customMode } = decodeAs(frame, minimal.Heartbeat);
        const armed = (baseMode & MavModeFlag.SAFETY_ARMED) !== 0;
        this.#heartbeat = { value: { armed, customMode }, now_us: arrival_us };
        break;
      }
      case common.Attitude.MSG_ID:
      case common.AttitudeQuaternion.MSG_ID:
        this.#attitudes.receive(frame);
        break;
      case common.LocalPositionNed.MSG_ID:
        this.#velocities.receive(frame);
        this.#heights.localPosition(frame, this.#verticalValid(arrival_us));
        break;
      case common.GlobalPositionInt.MSG_ID: {
        this.#velocities.receive(frame);
        this.#heights.globalPosition(frame, this.#verticalValid(arrival_us));
        const { lat, lon, alt } = decodeAs(frame, common.GlobalPositionInt);
        this.#position = { value: placeFrom(lat, lon, alt), now_us: arrival_us };
        break;
      }
      case common.GpsGlobalOrigin.MSG_ID: {
        const { latitude, longitude, altitude } = decodeAs(frame, common.GpsGlobalOrigin);
        this.#origin = placeFrom(latitude, longitude, altitude) ?? this.#origin;
        this.#tellHome();
        break;
      }
      case common.HomePosition.MSG_ID: {
        const { latitude, longitude, altitude } = decodeAs(frame, common.HomePosition);
        this.#home = placeFrom(latitude, longitude, altitude) ?? this.#home;
        this.#tellHome();
        break;
      }
      case common.GpsRawInt.MSG_ID: {
        const { fixType, satellitesVisible } = decodeAs(frame, common.GpsRawInt);
        if (fixType > LAST_FIX_TYPE) break;
        const satellites = satellitesVisible === 255 ? null : satellitesVisible;
        this.#gps = { value: { fixType, satellites }, now_us: arrival_us };
        break;
      }
      case EstimatorSensorFusionStatus.MSG_ID: {
        const { active } = decodeAs(frame, EstimatorSensorFusionStatus);
        this.#gpsUsed = { value: (active[FUSION_SOURCES.gps] ?? 0) !== 0, now_us: arrival_us };
        break;
      }
      case common.SysStatus.MSG_ID: {
        const { onboardControlSensorsEnabled, onboardControlSensorsHealth } = decodeAs(frame, common.SysStatus);
        this.#sensorsUnhealthy = (onboardControlSensorsEnabled & ~onboardControlSensorsHealth) >>> 0;
        break;
      }
      case ardupilotmega.EkfStatusReport.MSG_ID:
      case common.EstimatorStatus.MSG_ID:
        this.#ekf.receive(frame, arrival_us, vehicle.autopilot);
        break;
      default:
        this.#receiveHeight(frame, arrival_us, vehicle.autopilot);
    }
  }

  poseAt(t_us: number): VehiclePose | null {
    const boot_us = this.#boot.at(t_us);
    const q = boot_us === null ? null : this.#attitudes.at(boot_us);
    if (boot_us === null || q === null) return null;
    const attitude = quaternionToEuler(q);
    const velocity = this.#velocities.at(boot_us);
    const flags = this.#ekf.flags(this.#clock());
    const cos_tilt = bodyToNed(attitude)[8];
    const agl = this.#heights.at(boot_us, {
      cos_tilt,
      down_mps: flags === null || (flags & EKF_FLAGS.velocity_vertical) !== 0 ? (velocity?.down ?? null) : null,
    });
    // Without the flag the velocity on the link is what is left in the autopilot's memory.
    const known = flags === null || velocityClaimed(flags, this.#identity.vehicle?.autopilot);
    return {
      t_us,
      attitude,
      tilt_sigma_deg: tiltSigma_deg(
        {
          lean_deg: Math.acos(Math.min(1, Math.abs(cos_tilt))) * DEG,
          turning_dps: this.#attitudes.turning(boot_us) * DEG,
          aided: this.#gpsAids(),
        },
        this.#config.tilt,
      ),
      agl,
      velocity_ne_mps: velocity === null || !known ? null : { north: velocity.north, east: velocity.east },
      velocity_own: this.#velocityOwn(),
    };
  }

  /** PX4 without GPS fuses the velocities that it is sent. ArduPilot, with the parameters of docs/params, fuses none. */
  #velocityOwn(): boolean {
    return this.#identity.vehicle?.autopilot !== MavAutopilot.PX4 || this.#gpsAids();
  }

  /** A receiver may have a fix that the EKF does not use: switched off, or refused as false. */
  #gpsAids(): boolean {
    const now_us = this.#clock();
    const gps = this.#fresh(this.#gps, now_us);
    return gps !== null && gps.fixType >= LEAST_3D_FIX && this.#fresh(this.#gpsUsed, now_us) !== false;
  }

  get status(): VehicleStatus {
    const now_us = this.#clock();
    const vehicle = this.#identity.vehicle;
    const alive = isFresh(this.#heartbeat, now_us, this.#config.heartbeat_timeout_ms);
    const { customMode, armed } = this.#heartbeat?.value ?? { customMode: null, armed: null };
    return {
      vehicle,
      alive,
      armed,
      mode: vehicle === null || customMode === null ? null : modeName(vehicle, customMode),
      ekf_flags: this.#ekf.flags(now_us),
      ekf_position_valid: this.#ekf.positionValid(now_us),
      gps_fix_type: this.#fresh(this.#gps, now_us)?.fixType ?? null,
      position: this.#positionAt(now_us),
      origin: this.#origin,
    };
  }

  get details(): VehicleDetails {
    const now_us = this.#clock();
    return {
      reboots: this.#reboots,
      boot_us: this.#boot.newest_us,
      clock: this.#boot.source,
      ekf_ratios: this.#ekf.ratios(now_us),
      home: this.#home,
      gps_satellites: this.#fresh(this.#gps, now_us)?.satellites ?? null,
      sensors_unhealthy: this.#sensorsUnhealthy,
      messages: this.#messages,
    };
  }

  /** Agent time up to which attitudes are known, microseconds; a pose after it is carried on. Null before the first. */
  get newestAttitude_us(): number | null {
    const { newest_us } = this.#attitudes;
    return newest_us === null ? null : this.#boot.toAgent_us(newest_us);
  }

  /** Agent time at which the autopilot's clock showed `boot_us`; null before any of its times is known. */
  toAgent_us(boot_us: number): number | null {
    return this.#boot.toAgent_us(boot_us);
  }

  #receiveHeight(frame: MavlinkFrame, arrival_us: number, autopilot: number): void {
    const boot_us = this.#boot.at(arrival_us);
    if (boot_us === null) return;
    if (frame.msgid === common.DistanceSensor.MSG_ID) this.#heights.distanceSensor(frame, boot_us);
    else if (frame.msgid === ardupilotmega.RangeFinder.MSG_ID) this.#heights.rangefinder(frame, boot_us);
    else if (frame.msgid === common.TerrainReport.MSG_ID) this.#heights.terrainReport(frame, boot_us);
    else if (frame.msgid === common.Altitude.MSG_ID) this.#heights.altitude(frame, boot_us, autopilot);
  }

  #tellHome(): void {
    if (this.#home === null) return;
    this.#heights.home(this.#origin === null ? null : this.#origin.alt_m - this.#home.alt_m);
  }

  /** The EKF has a vertical position, as far as it has said anything. */
  #verticalValid(now_us: number): boolean {
    const flags = this.#ekf.flags(now_us);
    return flags === null || (flags & EKF_FLAGS.position_vertical_absolute) !== 0;
  }

  /**
   * The position on the link, unless the flags say that it is none: PX4 streams numbers that drift away while bit 16 is
   * off (and is not believed without flags), ArduPilot holds the last position in constant-position mode.
   */
  #positionAt(now_us: number): Place | null {
    const flags = this.#ekf.flags(now_us);
    const isPx4 = this.#identity.vehicle?.autopilot === MavAutopilot.PX4;
    const stuck = EKF_FLAGS.constant_position | EKF_FLAGS.ardupilot_uninitialised;
    const believed = isPx4
      ? flags !== null && (flags & EKF_FLAGS.position_horizontal_absolute) !== 0
      : flags === null || (flags & stuck) === 0;
    return believed ? this.#fresh(this.#position, now_us) : null;
  }

  #fresh<T>(heard: Heard<T> | null, now_us: number): T | null {
    return heard !== null && isFresh(heard, now_us, this.#config.status_timeout_ms) ? heard.value : null;
  }

  /** Another autopilot took the place of the one that was known. */
  #forget(): void {
    this.#boot.reset();
    this.#heartbeat = null;
    this.#forgetState();
  }

  /** The autopilot began anew: nothing that it said before holds any more. */
  #forgetState(): void {
    this.#attitudes.clear();
    this.#velocities.clear();
    this.#heights.clear();
    this.#ekf.clear();
    this.#gps = null;
    this.#gpsUsed = null;
    this.#position = null;
    this.#sensorsUnhealthy = null;
    this.#origin = null;
    this.#home = null;
  }
}

function isFresh(heard: Heard<unknown> | null, now_us: number, timeout_ms: number): boolean {
  return heard !== null && now_us - heard.now_us <= timeout_ms * 1000;
}
