import { UserError } from "../../tiles/errors.js";
import { TRAITS, type TwinKind } from "./kinds.js";

/** A way point over the true ground, metres north and east of home, height above home. */
export interface Waypoint {
  readonly north_m: number;
  readonly east_m: number;
}

/** What the ground station built into the twin lets it fly. */
export interface MissionOptions {
  /** Way points in order, from home. */
  readonly points: readonly Waypoint[];
  /** Height above home, metres. */
  readonly height_m: number;
  /** Ground speed of a copter, air speed of a plane, m/s. */
  readonly speed_mps: number;
  /** The mode it is flown in; PX4 knows guided as OFFBOARD. */
  readonly mode: "auto" | "guided";
  /** How often the route is flown before the vehicle stays where it is. */
  readonly laps: number;
}

/** Everything about a twin that can be chosen. All errors are 1 sigma unless said otherwise. */
export interface TwinOptions {
  readonly kind: TwinKind;
  readonly seed: number;
  /** Where it stands when it is switched on: WGS84, altitude above mean sea level in metres. */
  readonly home: { readonly lat_deg: number; readonly lon_deg: number; readonly alt_m: number };
  /** Height of the ground at a place, metres above the ground of home; flat by default. */
  readonly ground: (north_m: number, east_m: number) => number;
  /** In the air: it begins in flight over the first way point, armed and aided by GPS, to save the time of a start. */
  readonly start: "ground" | "air";
  /** "recorded": seconds from power-on to readiness as in the recorded flights (40 s); "quick": 3 s. */
  readonly boot: "quick" | "recorded";
  /** Parameters to begin with, by name, over the defaults of the kind. */
  readonly parameters: Readonly<Record<string, number>>;
  /** Mean wind towards north and east, and the deviation of gusts, m/s. */
  readonly wind: { readonly north_mps: number; readonly east_mps: number; readonly gust_mps: number };
  /** Constant error of the heading, degrees; null draws one from the seed (copter 4, plane 0.5 at most). */
  readonly compassOffset_deg: number | null;
  /** Slow error of roll and pitch (each) and fast noise on all three angles, degrees. */
  readonly tiltBias_deg: number;
  readonly attitudeNoise_deg: number;
  /**
   * Part of an acceleration that the attitude takes for gravity while no velocity aids it (PX4; real ones, leaning by 36
   * degrees, were up to 5 degrees wrong). 0: none, and the attitude has its slow errors only.
   */
  readonly unaidedTilt: number;
  /** Slow error of the accelerometer, m/s2. */
  readonly accelBias_mps2: number;
  /** Slow error of the barometric height, metres. */
  readonly baroBias_m: number;
  /** Greatest distance that the rangefinder measures, metres; 0 = there is none. */
  readonly rangefinderMax_m: number;
  readonly mission: MissionOptions | null;
  /** Seconds after boot at which GPS is jammed, and comes back; null = never. */
  readonly jamAt_s: number | null;
  readonly jamEnd_s: number | null;
  /** Part of the SET_MESSAGE_INTERVAL requests that are lost (neither done nor acknowledged). */
  readonly lostRequests: number;
}

const ANYWHERE = { lat_deg: 49, lon_deg: 16, alt_m: 300 };

const DEFAULTS: Omit<TwinOptions, "kind"> = {
  seed: 1,
  home: ANYWHERE,
  ground: () => 0,
  start: "ground",
  boot: "quick",
  parameters: {},
  wind: { north_mps: 2, east_mps: -1.5, gust_mps: 0.8 },
  compassOffset_deg: null,
  tiltBias_deg: 0.3,
  attitudeNoise_deg: 0.1,
  unaidedTilt: 0,
  accelBias_mps2: 0.03,
  baroBias_m: 0.5,
  rangefinderMax_m: 150,
  mission: null,
  jamAt_s: null,
  jamEnd_s: null,
  lostRequests: 0.1,
};

/** Fills in what is not given. Throws a UserError for what cannot be flown. */
export function twinOptions(given: Partial<TwinOptions> & { readonly kind: TwinKind }): TwinOptions {
  const options: TwinOptions = { ...DEFAULTS, ...given };
  const fail = (what: string) => new UserError(`autopilot twin: ${what}`);
  if (!(Math.abs(options.home.lat_deg) <= 85)) throw fail(`latitude ${options.home.lat_deg} is not within 85 degrees`);
  if (Math.abs(options.compassOffset_deg ?? 0) > 180) throw fail("the compass offset is at most 180 degrees");
  if (!(options.lostRequests >= 0 && options.lostRequests < 1)) throw fail("lostRequests is a part from 0 to below 1");
  const { mission } = options;
  if (options.start === "air" && (mission === null || mission.points.length < 2)) {
    throw fail("a start in the air needs a mission with two way points");
  }
  if (mission !== null) {
    const plane = TRAITS[options.kind].frame === "plane";
    const [low, high] = plane ? [15, 35] : [1, 15];
    if (!(mission.speed_mps >= low && mission.speed_mps <= high)) {
      throw fail(`${options.kind} flies at ${low} to ${high} m/s, not at ${mission.speed_mps}`);
    }
    if (mission.points.length === 0 || !(mission.height_m > 1)) throw fail("a mission needs a way point and a height");
  }
  return options;
}
