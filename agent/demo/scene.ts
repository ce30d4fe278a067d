import { type GeoPoint, offsetToLonLat } from "../../tiles/geodesy/index.js";
import { type Intrinsics, intrinsicsFromHfov } from "../../tiles/geometry/intrinsics.js";

/** What is flown: all of it invented. */
export interface Scene {
  /** Which place is invented. */
  readonly seed: number;
  /** Side of the place, metres; it is part of the place. */
  readonly size_m: number;
  readonly centre: GeoPoint;
  /** Where the vehicle stands at the start: the south-west corner of its square. */
  readonly home: GeoPoint;
  readonly home_alt_m: number;
  /** Length of the square, metres, and how often it is flown; height above ground; ground speed. */
  readonly route_m: number;
  readonly laps: number;
  readonly agl_m: number;
  readonly speed_mps: number;
  /** Seconds after power-on at which GPS is jammed, for good. */
  readonly jam_s: number;
  readonly lens: Intrinsics;
  readonly hfov_deg: number;
  readonly camera_hz: number;
}

/** The centre that the simulator gives its places unless told otherwise. */
const CENTRE: GeoPoint = { lat_deg: 48, lon_deg: 11 };
const HFOV_DEG = 66;
const ROUTE_M = 1000;

/**
 * Three minutes in all, a square of one kilometre within a place that two cores pack in a quarter of a minute; GPS goes when
 * the vehicle has been at its height for long enough to be found.
 */
export function demoScene(seed: number): Scene {
  const side_m = ROUTE_M / 4;
  return {
    seed,
    size_m: 900,
    centre: CENTRE,
    home: offsetToLonLat(CENTRE, -side_m / 2, -side_m / 2),
    home_alt_m: 450,
    route_m: ROUTE_M,
    laps: 1,
    agl_m: 80,
    speed_mps: 8,
    jam_s: 60,
    lens: intrinsicsFromHfov(640, 480, HFOV_DEG),
    hfov_deg: HFOV_DEG,
    camera_hz: 4,
  };
}
