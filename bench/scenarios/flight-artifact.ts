import { worldImagery } from "../../sim/camera/imagery.js";
import { seaImagery } from "../../sim/camera/sea-imagery.js";
import { writeFlight } from "../../sim/flight/flight-folder.js";
import { fly, type LocalPoint, makeRoute, ORDINARY_MOTION, type RoutePattern } from "../../sim/flight/route.js";
import { Sea } from "../../sim/world/sea.js";
import { intrinsicsFromHfov } from "../../tiles/geometry/intrinsics.js";
import type { Artifact } from "./artifact.js";
import { dryLandOf, type EpochSpec, epochOf, type LandSpec } from "./land.js";

/** Where a flight goes: a pattern around the place's origin, or way points. */
export type RouteSpec =
  | {
      readonly pattern: RoutePattern;
      readonly length_m: number;
      readonly course_deg: number;
      readonly spacing_m?: number;
    }
  | { readonly points: readonly LocalPoint[] };

/** A flight over a place at a date, as data. */
export interface FlightSpec {
  readonly land: LandSpec;
  readonly epoch: EpochSpec;
  readonly route: RouteSpec;
  readonly speed_mps: number;
  readonly agl_m: number;
  readonly rate_hz: number;
  readonly seed: number;
  /** at most so many frames */
  readonly frames?: number;
}

/** The camera of all scenarios. */
export const CAMERA = { width_px: 512, height_px: 384, hfov_deg: 66 } as const;

/**
 * How wrong the autopilot's numbers are, and honestly said to be: a magnetic heading good to 3 degrees, a height good to
 * 2 %, roll and pitch to 0.6 degrees.
 */
export const HONEST_ERRORS = { yaw_sigma_deg: 3, agl_sigma: 0.02, attitude_sigma_deg: 0.6, error_time_s: 60 } as const;

/** A flight folder rendered over a place. */
export function flightOf(name: string, spec: FlightSpec): Artifact {
  return {
    name: `flight-${name}`,
    suffix: "",
    recipe: { ...spec, camera: CAMERA, errors: HONEST_ERRORS },
    needs: [],
    async build(out) {
      const { land, epoch, agl_m, seed } = spec;
      const route = routeOf(spec.route);
      const motion = { ...ORDINARY_MOTION, speed_mps: spec.speed_mps, agl_m };
      const dry = worldImagery(dryLandOf(land), epochOf(land, epoch));
      await writeFlight(out, {
        seed,
        imagery: land.sea === undefined ? dry : seaImagery(dry, new Sea(land.sea)),
        camera: {
          intrinsics: intrinsicsFromHfov(CAMERA.width_px, CAMERA.height_px, CAMERA.hfov_deg),
          mount: { roll_deg: 0, pitch_deg: 0, yaw_deg: 0 },
        },
        states: fly(route, motion, 1 / spec.rate_hz, seed).slice(0, spec.frames),
        errors: { ...HONEST_ERRORS, agl_sigma_m: agl_m * HONEST_ERRORS.agl_sigma },
      });
    },
  };
}

function routeOf(route: RouteSpec): readonly LocalPoint[] {
  if ("points" in route) return route.points;
  return makeRoute(route.pattern, { north_m: 0, east_m: 0 }, route.length_m, route.course_deg, route.spacing_m);
}
