import type { DaemonSnapshot } from "../../../agent/daemon/snapshot.js";
import type { StatusDaemon, StatusPack } from "../../../agent/status/server.js";
import type { Frame } from "../../../agent/vision/frame.js";
import type { FrameResult } from "../../../agent/vision/result.js";
import { intrinsicsFromHfov } from "../../../tiles/geometry/intrinsics.js";

export const PLACE = { lat_deg: 46.5, lon_deg: 7.25 };
export const RIG = {
  intrinsics: intrinsicsFromHfov(160, 120, 66),
  mount: { roll_deg: 0, pitch_deg: 0, yaw_deg: 0 },
};
const STAGE_MS = { rectify: 8, encode: 31, retrieve: 4, rerank: 60, register: 12, estimate: 0.3, total: 115 };

type Position = NonNullable<DaemonSnapshot["navigation"]["position"]>;

export const POSITION: Position = {
  ...PLACE,
  cov_ne_m2: { nn: 9, ne: 4, ee: 4 },
  eph_m: Math.sqrt(13),
  protection_level_m: 17.4,
  velocity_ne_mps: { north: 0, east: -12 },
  velocity_sigma_mps: 0.4,
  belief: 0.999,
  heading_offset_deg: 1.2,
  heading_offset_sigma_deg: 0.8,
  reset_counter: 1,
  fix_t_us: 9_500_000,
  fix_count: 12,
};

/** A healthy agent with a position; what is given replaces it. */
export function snapshot(over: Partial<DaemonSnapshot> = {}): DaemonSnapshot {
  return {
    t_us: 10_000_000,
    uptime_s: 10,
    components: [
      { name: "links", state: "running", detail: "", restarts: 0 },
      { name: "vision", state: "running", detail: "cpu", restarts: 2 },
    ],
    links: [{ url: "udpin:0.0.0.0:14550", up: true, received: 120, sent: 44, round_trip_us: 3400 }],
    vehicle: {
      vehicle: { sysid: 1, compid: 1, autopilot: 3, type: 2 },
      alive: true,
      armed: true,
      mode: "GUIDED",
      ekf_flags: 831,
      ekf_position_valid: true,
      gps_fix_type: 1,
      position: { ...PLACE, alt_m: 500 },
      origin: null,
    },
    camera: { state: "running", detail: null, frames: 90, dropped: 1, last_t_us: 9_900_000 },
    navigation: {
      t_us: 10_000_000,
      state: "active",
      position: POSITION,
      reason: null,
      gates: [{ name: "agreement", holds: true, detail: "3 of 3 fixes agree" }],
    },
    publishers: [
      {
        name: "vision_position_estimate",
        state: "active",
        conditions: [{ name: "origin", holds: true, detail: "set" }],
        sent: 40,
        fused: true,
      },
    ],
    frame: { t_us: 9_500_000, reason: null, estimate: null, level: 0, measures: null, stage_ms: STAGE_MS },
    vision: { frames: 80, skipped: 9 },
    pack: { name: "area", cells: 1234 },
    ...over,
  };
}

/** The result of a frame that was found at a place. */
export function result(t_us: number, lat_deg: number, lon_deg: number): FrameResult {
  const fix = {
    t_us,
    lat_deg,
    lon_deg,
    eph_m: 2,
    cov_ne_m2: { nn: 2, ne: 0, ee: 2 },
    alt_m: null,
    quality: 0.93,
    reset: false,
  };
  return {
    t_us,
    fix,
    reason: null,
    estimate: fix,
    level: 0,
    patch_offset: { north_m: 0, east_m: 0 },
    retrieved: [],
    ranked: [],
    measures: null,
    heading_correction_deg: 0,
    scale: 1,
    stage_ms: STAGE_MS,
  } as unknown as FrameResult;
}

/** A grey frame of the rig's size, level, 80 m above the ground. */
export function frame(t_us: number, grey = 128): Frame {
  const { width_px, height_px } = RIG.intrinsics;
  const data = new Uint8Array(width_px * height_px).fill(grey);
  return {
    t_us,
    image: { kind: "raw", width_px, height_px, channels: 1, data },
    attitude: { roll_deg: 0, pitch_deg: 0, yaw_deg: 0 },
    agl_m: 80,
    yaw_sigma_deg: 5,
    agl_sigma_m: 2,
  };
}

/** A daemon whose state the test sets. */
export class FakeDaemon implements StatusDaemon {
  now: DaemonSnapshot = snapshot();
  readonly #listeners = new Set<Parameters<StatusDaemon["onResult"]>[0]>();

  snapshot(): DaemonSnapshot {
    return this.now;
  }

  onResult(listener: Parameters<StatusDaemon["onResult"]>[0]): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  get listeners(): number {
    return this.#listeners.size;
  }

  finish(...args: Parameters<Parameters<StatusDaemon["onResult"]>[0]>): void {
    for (const listener of this.#listeners) listener(...args);
  }
}

/** A pack whose tiles come from a function. */
export function fakePack(tile: StatusPack["tile"]): StatusPack {
  return {
    manifest: {
      name: "area",
      attribution: "nobody <b>",
      bbox: { west: 7.24, south: 46.49, east: 7.26, north: 46.51 },
      zoom: { min: 18, max: 18 },
      layers: [{ imagery_date: "2023-05-01" }, { imagery_date: "2024-06-01" }, { imagery_date: null }],
    },
    tile,
  };
}
