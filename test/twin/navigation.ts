import { Navigator } from "../../agent/navigation/navigator.js";
import type { NavigationSolution } from "../../agent/navigation/solution.js";
import type { VehicleModel } from "../../agent/vehicle/vehicle-state.js";
import type { Twin } from "../../sim/autopilot/twin.js";
import { Rng } from "../../sim/world/random.js";
import { bodyToNed } from "../../tiles/geometry/rotation.js";
import { LEVELS, REFERENCE, resultAt } from "../agent/helpers/navigation-inputs.js";

/** Frames, and how late odometry and vision are. */
const FRAME_EVERY_US = 500_000;
const ODOMETRY_LATE_US = 80_000;
const VISION_LATE_US = 400_000;
/** What a fix is off: fresh noise in every frame, and an error that all of them share for a minute. */
const WHITE_M = 1;
const SHARED_M = 1.5;
const ODOMETRY_M = 0.15;
const VELOCITY_SIGMA_MPS = 1;

/** Where a twin has to be for the invented results of vision. */
export const NAVIGATION_HOME = { ...REFERENCE, alt_m: 300 };

/**
 * The agent's own navigator on invented frames: what odometry and vision would say of the true flight, late and with noise,
 * in the directions of the reported heading. Only the pictures are left out.
 */
export class FramesOfTwin {
  readonly navigator = new Navigator(REFERENCE, LEVELS);
  readonly #twin: Twin;
  readonly #ahead_us: number;
  readonly #vehicle: VehicleModel;
  readonly #rng: Rng;
  readonly #shared: { readonly north_m: number; readonly east_m: number };
  #queue: { readonly at_us: number; readonly give: () => void }[] = [];
  #last: { t_us: number; north_m: number; east_m: number } | null = null;
  /** The camera gives frames. */
  seeing = true;

  /** @param tilted vision and odometry place the vehicle by the attitude that it reports, wrong as it is */
  constructor(
    twin: Twin,
    ahead_us: number,
    vehicle: VehicleModel,
    seed: number,
    private readonly tilted = false,
  ) {
    this.#twin = twin;
    this.#ahead_us = ahead_us;
    this.#vehicle = vehicle;
    this.#rng = new Rng(seed + 4000);
    this.#shared = { north_m: SHARED_M * this.#rng.normal(), east_m: SHARED_M * this.#rng.normal() };
  }

  solutionAt = (t_us: number): NavigationSolution => this.navigator.solutionAt(t_us);

  /** To be called after each step of the twin. */
  step(): void {
    const now_us = this.#twin.t_us;
    if (now_us % FRAME_EVERY_US === 0 && this.seeing && this.#twin.vehicle.trueAgl_m > 15) this.#frame();
    for (const { give } of this.#queue.filter(({ at_us }) => at_us <= now_us)) give();
    this.#queue = this.#queue.filter(({ at_us }) => at_us > now_us);
  }

  #frame(): void {
    const { vehicle } = this.#twin;
    const moved = this.tilted ? tiltShift(vehicle) : { north_m: 0, east_m: 0 };
    const north_m = vehicle.truth.north_m + moved.north_m;
    const east_m = vehicle.truth.east_m + moved.east_m;
    const t_us = this.#twin.t_us + this.#ahead_us;
    const noise = (sigma_m: number) => sigma_m * this.#rng.normal();
    const yawError_rad = vehicle.attitude.yawError_rad;
    const yaw_deg = (vehicle.attitude.yaw_rad * 180) / Math.PI;
    const last = this.#last;
    this.#last = { t_us, north_m, east_m };
    const dn = north_m - (last?.north_m ?? north_m);
    const de = east_m - (last?.east_m ?? east_m);
    // What moved is seen in the body and turned with the reported heading.
    const north = Math.cos(yawError_rad) * dn - Math.sin(yawError_rad) * de + noise(ODOMETRY_M);
    const east = Math.sin(yawError_rad) * dn + Math.cos(yawError_rad) * de + noise(ODOMETRY_M);
    const agl_m = vehicle.trueAgl_m;
    this.#later(ODOMETRY_LATE_US, () => {
      const pose = this.#vehicle.poseAt(t_us);
      const sigma_mps = pose?.velocity_own === false ? null : VELOCITY_SIGMA_MPS;
      if (pose?.velocity_ne_mps) this.navigator.onVelocity(t_us, pose.velocity_ne_mps, sigma_mps);
      if (last === null) return;
      this.navigator.onOdometry({
        refused: null,
        from_t_us: last.t_us,
        to_t_us: t_us,
        north_m: north,
        east_m: east,
        cov_ne_m2: { nn: ODOMETRY_M ** 2, ne: 0, ee: ODOMETRY_M ** 2 },
        agl_m,
        scale_sigma: 0.03,
        yaw_deg,
        yaw_sigma_deg: 5,
        keyframe: { t_us: last.t_us, north_m: 0, east_m: 0 },
        quality: { correlation: 1, overlap: 0.9, peak_ratio: 0, turn_deg: 0, scale: 1, relief_ratio: 0 },
      });
    });
    const place = {
      north_m: north_m + this.#shared.north_m + noise(WHITE_M),
      east_m: east_m + this.#shared.east_m + noise(WHITE_M),
    };
    const heading_correction_deg = (-yawError_rad * 180) / Math.PI + this.#rng.normal();
    const patch_offset = below(vehicle.attitude, agl_m);
    this.#later(VISION_LATE_US, () => {
      const sigma_deg = this.#vehicle.poseAt(t_us)?.tilt_sigma_deg ?? 0;
      const tilt = this.tilted ? { patch_offset, tilt: { sigma_deg, agl_m } } : {};
      this.navigator.onVision({ ...resultAt(t_us, place, false), heading_correction_deg, ...tilt });
    });
  }

  #later(delay_us: number, give: () => void): void {
    this.#queue.push({ at_us: this.#twin.t_us + delay_us, give });
  }
}

/** The ground that a camera fixed to the vehicle looks at, from below it, metres. */
function below(attitude: { roll_rad: number; pitch_rad: number; yaw_rad: number }, agl_m: number) {
  const angles = { roll_deg: attitude.roll_rad, pitch_deg: attitude.pitch_rad, yaw_deg: attitude.yaw_rad };
  const degrees = Object.fromEntries(Object.entries(angles).map(([key, rad]) => [key, (rad * 180) / Math.PI]));
  const m = bodyToNed({ roll_deg: 0, pitch_deg: 0, yaw_deg: 0, ...degrees });
  return { north_m: (agl_m * m[2]) / m[8], east_m: (agl_m * m[5]) / m[8] };
}

/** How far off a position is that was computed with the reported roll and pitch, metres. */
function tiltShift({ attitude, truth, trueAgl_m }: Twin["vehicle"]) {
  const seen = below({ ...truth, yaw_rad: truth.yaw_rad }, trueAgl_m);
  const told = below({ ...attitude, yaw_rad: truth.yaw_rad }, trueAgl_m);
  return { north_m: seen.north_m - told.north_m, east_m: seen.east_m - told.east_m };
}
