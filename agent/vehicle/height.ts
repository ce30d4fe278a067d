import { ardupilotmega, common, minimal } from "node-mavlink";
import { decodeAs } from "../mavlink/codec.js";
import type { MavlinkFrame } from "../mavlink/frame.js";
import { type HeightConfig, reach, type VehicleConfig } from "./config.js";
import { type Bracket, TimeBuffer, type Timed } from "./time-buffer.js";
import { AGL_SOURCES, type AglSource, type VehiclePose } from "./vehicle-state.js";

/** MAV_SENSOR_ROTATION_PITCH_270: looking down. */
const LOOKING_DOWN = 25;
/** DISTANCE_SENSOR: "unknown" in covariance, "invalid" in signal_quality. */
const COVARIANCE_UNKNOWN = 255;
const SIGNAL_INVALID = 1;
/** Heights outside this are no heights of an aircraft, metres. */
const LOWEST_M = -500;
const HIGHEST_M = 20_000;
/** Rangefinders that look down and are told apart. */
const MAX_SENSORS = 4;
/** A sensor that DISTANCE_SENSOR described this lately is not taken from RANGEFINDER, which tells no limits. */
const DISTANCE_SENSOR_HEARD_US = 3_000_000;
const INT32_MAX = 2_147_483_647;

/** A height, or the news that there is none (out of range): then neither side of the gap may be joined over it. */
interface HeightSample extends Timed {
  readonly height_m: number | null;
  readonly sigma_m: number;
}

type Height = NonNullable<VehiclePose["agl"]>;

/** Motion at the time asked for, as far as it is known. */
export interface HeightMotion {
  /** Cosine of the angle between the body's down axis and the vertical; null without an attitude. */
  readonly cos_tilt: number | null;
  /** Downwards, metres per second. */
  readonly down_mps: number | null;
}

/**
 * Heights above ground of the last seconds by boot time, from everything that tells one. The best source that has an
 * answer for a time gives it: rangefinder, then the autopilot's terrain height, then the height over home.
 */
export class HeightHistory {
  readonly #config: VehicleConfig;
  readonly #ranges = new Map<string, TimeBuffer<HeightSample>>();
  readonly #terrain: TimeBuffer<HeightSample>;
  /** Over home: by GLOBAL_POSITION_INT, and by LOCAL_POSITION_NED. */
  readonly #global: TimeBuffer<HeightSample>;
  readonly #local: TimeBuffer<HeightSample>;
  #distanceSensor_us = Number.NEGATIVE_INFINITY;
  #homeKnown = false;
  #homeDown_m: number | null = null;

  constructor(config: VehicleConfig) {
    this.#config = config;
    this.#terrain = new TimeBuffer(config.history_s * 1e6);
    this.#global = new TimeBuffer(config.history_s * 1e6);
    this.#local = new TimeBuffer(config.history_s * 1e6);
  }

  clear(): void {
    this.#ranges.clear();
    this.#terrain.clear();
    this.#global.clear();
    this.#local.clear();
    this.#distanceSensor_us = Number.NEGATIVE_INFINITY;
    this.#homeKnown = false;
    this.#homeDown_m = null;
  }

  /** Takes a DISTANCE_SENSOR. `boot_us`: when it arrived; its own stamp counts unless it has none or a strange one. */
  distanceSensor(frame: MavlinkFrame, boot_us: number): void {
    const sensor = decodeAs(frame, common.DistanceSensor);
    if (sensor.orientation !== LOOKING_DOWN) return;
    this.#distanceSensor_us = boot_us;
    const [range_m, min_m, max_m] = [sensor.currentDistance / 100, sensor.minDistance / 100, sensor.maxDistance / 100];
    const inRange = range_m > 0 && range_m > min_m && (max_m === 0 || range_m < max_m);
    const known = sensor.covariance !== 0 && sensor.covariance !== COVARIANCE_UNKNOWN;
    const stamp_us = sensor.timeBootMs * 1000;
    this.#range(`sensor ${sensor.id}`, {
      t_us: Math.abs(stamp_us - boot_us) < this.#config.history_s * 1e6 ? stamp_us : boot_us,
      height_m: inRange && sensor.signalQuality !== SIGNAL_INVALID ? range_m : null,
      sigma_m: known ? Math.sqrt(sensor.covariance) / 100 : 0,
    });
  }

  /** Takes a RANGEFINDER of ArduPilot, unless the same sensor is described better by DISTANCE_SENSOR. */
  rangefinder(frame: MavlinkFrame, boot_us: number): void {
    if (boot_us - this.#distanceSensor_us < DISTANCE_SENSOR_HEARD_US) return;
    const { distance } = decodeAs(frame, ardupilotmega.RangeFinder);
    const { rangefinder_min_m, rangefinder_max_m } = this.#config;
    const inRange = distance > rangefinder_min_m && distance < rangefinder_max_m;
    this.#range("rangefinder", { t_us: boot_us, height_m: inRange ? distance : null, sigma_m: 0 });
  }

  /** Takes a TERRAIN_REPORT. Without loaded terrain its height is the one above sea level: `spacing` 0 says so. */
  terrainReport(frame: MavlinkFrame, boot_us: number): void {
    const { spacing, loaded, currentHeight } = decodeAs(frame, common.TerrainReport);
    const known = spacing > 0 && loaded > 0 && plausible(currentHeight);
    this.#terrain.push({ t_us: boot_us, height_m: known ? currentHeight : null, sigma_m: 0 });
  }

  /**
   * Takes an ALTITUDE of PX4: `bottom_clearance`, or else `altitude_terrain`, which PX4 fills with the local altitude of
   * the ground. Other autopilots disagree about the latter (the definition says "above terrain"): not taken from them.
   */
  altitude(frame: MavlinkFrame, boot_us: number, autopilot: number | undefined): void {
    const { bottomClearance, altitudeLocal, altitudeTerrain } = decodeAs(frame, common.Altitude);
    const overGround_m = autopilot === minimal.MavAutopilot.PX4 ? altitudeLocal - altitudeTerrain : Number.NaN;
    const height_m = plausible(bottomClearance) && bottomClearance > 0 ? bottomClearance : overGround_m;
    this.#terrain.push({ t_us: boot_us, height_m: plausible(height_m) ? height_m : null, sigma_m: 0 });
  }

  /**
   * Takes the height over home of a GLOBAL_POSITION_INT. PX4 without a home puts the altitude above sea level there; then
   * both numbers are the same, and the height is not one. `valid`: the EKF has a vertical position.
   */
  globalPosition(frame: MavlinkFrame, valid: boolean): void {
    const { timeBootMs, alt, relativeAlt } = decodeAs(frame, common.GlobalPositionInt);
    const overHome = this.#homeKnown || relativeAlt !== alt;
    const height_m = relativeAlt / 1000;
    const known = valid && overHome && Math.abs(relativeAlt) < INT32_MAX && plausible(height_m);
    this.#global.push({ t_us: timeBootMs * 1000, height_m: known ? height_m : null, sigma_m: 0 });
  }

  /** Takes the height of a LOCAL_POSITION_NED over home, where GLOBAL_POSITION_INT does not tell it. */
  localPosition(frame: MavlinkFrame, valid: boolean): void {
    const { timeBootMs, z } = decodeAs(frame, common.LocalPositionNed);
    if (this.#homeDown_m === null) return;
    const height_m = this.#homeDown_m - z;
    this.#local.push({
      t_us: timeBootMs * 1000,
      height_m: valid && plausible(height_m) ? height_m : null,
      sigma_m: 0,
    });
  }

  /** There is a home; `down_m` is its down coordinate in the local frame, null where that is not known. */
  home(down_m: number | null): void {
    this.#homeKnown = true;
    this.#homeDown_m = down_m;
  }

  /** The height above ground at a boot time from the best source that has one. */
  at(boot_us: number, motion: HeightMotion): Height | null {
    for (const source of AGL_SOURCES) {
      const height = this.#from(source, boot_us, motion);
      if (height !== null) return height;
    }
    return null;
  }

  #from(source: AglSource, boot_us: number, motion: HeightMotion): Height | null {
    if (source === "rangefinder") return this.#rangeAt(boot_us, motion);
    if (source === "terrain") return this.#heightAt(source, this.#terrain, boot_us, motion);
    return (
      this.#heightAt(source, this.#global, boot_us, motion) ?? this.#heightAt(source, this.#local, boot_us, motion)
    );
  }

  #range(sensor: string, sample: HeightSample): void {
    let buffer = this.#ranges.get(sensor);
    if (buffer === undefined) {
      if (this.#ranges.size >= MAX_SENSORS) return;
      buffer = new TimeBuffer(this.#config.history_s * 1e6);
      this.#ranges.set(sensor, buffer);
    }
    buffer.push(sample);
  }

  /** A range is measured along the body's down axis: over flat ground the height is its vertical part. */
  #rangeAt(boot_us: number, { cos_tilt, down_mps }: HeightMotion): Height | null {
    const { height, rangefinder_max_tilt_deg } = this.#config;
    if (cos_tilt === null || cos_tilt < Math.cos((rangefinder_max_tilt_deg * Math.PI) / 180)) return null;
    const config = height.rangefinder;
    for (const buffer of this.#ranges.values()) {
      const around = buffer.around(boot_us, reach(config.gap_ms, config.hold_ms));
      // Along the axis the same climb changes the range by more.
      const range = around === null ? null : joined(around, down_mps === null ? null : down_mps / cos_tilt);
      if (around === null || range === null) continue;
      return told("rangefinder", range.height_m * cos_tilt, range.sigma_m, around.nearest_us, config);
    }
    return null;
  }

  #heightAt(
    source: "terrain" | "relative",
    buffer: TimeBuffer<HeightSample>,
    boot_us: number,
    { down_mps }: HeightMotion,
  ): Height | null {
    const config = this.#config.height[source];
    const around = buffer.around(boot_us, reach(config.gap_ms, config.hold_ms));
    const height = around === null ? null : joined(around, down_mps);
    if (around === null || height === null) return null;
    return told(source, height.height_m, height.sigma_m, around.nearest_us, config);
  }
}

function plausible(height_m: number): boolean {
  return height_m > LOWEST_M && height_m < HIGHEST_M;
}

/** Linear between two samples; behind the newest carried on with the climb, where that is known. */
function joined(around: Bracket<HeightSample>, down_mps: number | null): { height_m: number; sigma_m: number } | null {
  const { before, after, fraction, since_us } = around;
  if (before.height_m === null) return null;
  if (since_us === 0) return { height_m: before.height_m, sigma_m: before.sigma_m };
  if (after === null) {
    return { height_m: before.height_m - ((down_mps ?? 0) * since_us) / 1e6, sigma_m: before.sigma_m };
  }
  if (after.height_m === null) return null;
  return {
    height_m: before.height_m + fraction * (after.height_m - before.height_m),
    sigma_m: Math.max(before.sigma_m, after.sigma_m),
  };
}

function told(source: AglSource, agl_m: number, own_m: number, nearest_us: number, config: HeightConfig): Height {
  const height_m = Math.max(0, agl_m);
  const fixed_m = Math.max(config.sigma_m, own_m);
  const drift_m = (config.drift_mps * nearest_us) / 1e6;
  return { agl_m: height_m, sigma_m: Math.hypot(fixed_m, config.sigma_share * height_m, drift_m), source };
}
