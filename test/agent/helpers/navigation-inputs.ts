import type { PackLevels } from "../../../agent/navigation/measurement.js";
import type { Vector } from "../../../agent/navigation/motion.js";
import type { OdometryRefusal, OdometryStep } from "../../../agent/navigation/odometry/step.js";
import { type FrameResult, STAGES } from "../../../agent/vision/result.js";
import { type GeoPoint, offsetToLonLat } from "../../../tiles/geodesy/wgs84.js";
import { Random } from "./random.js";

export const REFERENCE = { lat_deg: 47.5, lon_deg: 19 };
export const LEVELS: PackLevels = [{ level: 0, cell_side_m: 80, spacing_m: 20 }];
const CELLS = 10_000;
const WHITE_M = 1;
const SHARED_M = 1.5;

/** One second of an invented flight. */
export interface Moment {
  readonly t_us: number;
  readonly truth: GeoPoint;
  readonly odometry: OdometryStep;
  /** No odometry for this frame, for a reason. */
  refused(reason: OdometryRefusal): OdometryStep;
  /** What vision finds, displaced when it is deceived. */
  seen(displaced?: Vector, at_end?: boolean): FrameResult;
}

/** A straight flight to the north, one frame a second: what odometry and vision say of it, without any picture. */
export class FlightMaker {
  private readonly random: Random;
  private t_s = 0;
  private north_m = 0;
  private readonly bias: Vector;

  constructor(
    seed: number,
    private readonly speed_mps = 14,
  ) {
    this.random = new Random(seed);
    this.bias = { north_m: this.random.normal() * SHARED_M, east_m: this.random.normal() * SHARED_M };
  }

  next(): Moment {
    const t_us = this.t_s * 1e6;
    const from_t_us = t_us - 1e6;
    this.north_m = this.t_s * this.speed_mps;
    this.t_s++;
    const { north_m, bias } = this;
    const noise = { north_m: this.random.normal() * WHITE_M, east_m: this.random.normal() * WHITE_M };
    const drift = { north_m: this.random.normal() * 0.1, east_m: this.random.normal() * 0.1 };
    const refused = (reason: OdometryRefusal): OdometryStep => ({
      refused: reason,
      from_t_us,
      to_t_us: t_us,
      detail: "",
      chain_broken: false,
    });
    return {
      t_us,
      truth: offsetToLonLat(REFERENCE, north_m, 0),
      refused,
      odometry:
        t_us === 0
          ? refused("start")
          : {
              refused: null,
              from_t_us,
              to_t_us: t_us,
              north_m: this.speed_mps + drift.north_m,
              east_m: drift.east_m,
              cov_ne_m2: { nn: 0.01, ne: 0, ee: 0.01 },
              agl_m: 100,
              scale_sigma: 0.03,
              yaw_deg: 0,
              yaw_sigma_deg: 3,
              keyframe: { t_us: from_t_us, north_m: 0, east_m: 0 },
              quality: { correlation: 1, overlap: 1, peak_ratio: 0, turn_deg: 0, scale: 1, relief_ratio: 1 },
            },
      seen: (displaced = { north_m: 0, east_m: 0 }, at_end = false) =>
        resultAt(
          t_us,
          {
            north_m: north_m + bias.north_m + noise.north_m + displaced.north_m,
            east_m: bias.east_m + noise.east_m + displaced.east_m,
          },
          at_end,
        ),
    };
  }
}

/** What vision finds of a frame at a place, in metres from REFERENCE. */
export function resultAt(t_us: number, place: Vector, at_end: boolean): FrameResult {
  const white = { nn: WHITE_M ** 2, ne: 0, ee: WHITE_M ** 2 };
  const whole = white.nn + SHARED_M ** 2 + 1;
  const fix = {
    t_us,
    ...offsetToLonLat(REFERENCE, place.north_m, place.east_m),
    eph_m: Math.sqrt(2 * whole),
    cov_ne_m2: { nn: whole, ne: 0, ee: whole },
    alt_m: null,
    quality: 0.95,
    reset: true,
  };
  const cell = (v: number): number => Math.round(v / 20) * 20;
  const sightings = [-1, 0, 1].flatMap((i) =>
    [-1, 0, 1].map((j) => ({
      ...offsetToLonLat(REFERENCE, cell(place.north_m) + 20 * i, cell(place.east_m) + 20 * j),
      heading_deg: 0,
      similarity: 0.8 - 0.05 * (Math.abs(i) + Math.abs(j)),
    })),
  );
  return {
    t_us,
    fix,
    reason: null,
    estimate: fix,
    level: 0,
    patch_offset: { north_m: 0, east_m: 0 },
    sightings: sightings.sort((a, b) => b.similarity - a.similarity),
    cells: CELLS,
    retrieved: [],
    ranked: [],
    measures: null,
    heading_correction_deg: 0.3,
    scale: 1,
    spread: {
      cov_ne_m2: white,
      heading_sigma_deg: 1,
      scale_sigma: null,
      heading_at_end: at_end,
      scale_at_end: false,
    },
    near: null,
    stage_ms: Object.fromEntries(STAGES.map((stage) => [stage, 1])) as FrameResult["stage_ms"],
  };
}
