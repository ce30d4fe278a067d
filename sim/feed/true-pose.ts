import { common } from "node-mavlink";
import { decodeAs } from "../../agent/mavlink/codec.js";
import type { MavlinkFrame } from "../../agent/mavlink/frame.js";
import { type EulerAngles, matrixToEuler, wrapDegrees } from "../../tiles/geometry/rotation.js";
import { Series } from "./series.js";

/** Where the simulated vehicle is. */
export interface TruePose {
  readonly lat_deg: number;
  readonly lon_deg: number;
  /** Above sea level, metres. */
  readonly alt_m: number;
  /** Body attitude, aerospace convention. */
  readonly attitude: EulerAngles;
}

type Place = Omit<TruePose, "attitude">;

/** Messages that tell the pose, the best first: the first two are the simulation's truth, the last is what the vehicle thinks. */
export const POSE_SOURCES = ["SIM_STATE", "HIL_STATE_QUATERNION", "GLOBAL_POSITION_INT + ATTITUDE"] as const;
export type PoseSource = (typeof POSE_SOURCES)[number];

/** Without messages for this long, a pose is no longer carried on. */
const AHEAD_US = 20_000;
/** How long a vehicle that tells its truth may take to tell its home's height too, before the first height is taken. */
const HOME_WAIT_US = 3_000_000;
const DEG = 180 / Math.PI;

/**
 * The pose of a simulated vehicle, from its MAVLink messages, at any time of the last two seconds.
 *
 * Times are those of arrival: SIM_STATE carries none. Once the simulation's truth was heard, the vehicle's own estimate is
 * never used again, since the two differ by just what a test wants to see.
 */
export class TruePoseTrack {
  readonly #places = new Series<Place>(placeBetween);
  readonly #attitudes = new Series<EulerAngles>(attitudeBetween);
  #source: PoseSource | null = null;
  #ground_m: number | null;
  #first: { readonly t_us: number; readonly alt_m: number } | null = null;

  /** @param ground_amsl_m height of the flat ground above sea level; null = that of the vehicle's home */
  constructor(ground_amsl_m: number | null = null) {
    this.#ground_m = ground_amsl_m;
  }

  /** Which messages the pose comes from; null before the first. */
  get source(): PoseSource | null {
    return this.#source;
  }

  /** Height of the ground above sea level; null while it is not known. */
  get ground_amsl_m(): number | null {
    return this.#ground_m;
  }

  /** Time of the newest pose; -Infinity before the first. */
  get newest_us(): number {
    return Math.min(this.#places.newest_us, this.#attitudes.newest_us);
  }

  /** The pose at a time; null where the messages do not reach. */
  at(t_us: number): TruePose | null {
    const place = this.#places.at(t_us, AHEAD_US);
    const attitude = this.#attitudes.at(t_us, AHEAD_US);
    return place === null || attitude === null ? null : { ...place, attitude };
  }

  /** Takes a frame of the vehicle. @param t_us when it arrived */
  receive(frame: MavlinkFrame, t_us: number): void {
    const { msgid } = frame;
    if (msgid === common.SimState.MSG_ID) this.#simState(decodeAs(frame, common.SimState), t_us);
    else if (msgid === common.HilStateQuaternion.MSG_ID)
      this.#hilState(decodeAs(frame, common.HilStateQuaternion), t_us);
    else if (msgid === common.GlobalPositionInt.MSG_ID)
      this.#globalPosition(decodeAs(frame, common.GlobalPositionInt), t_us);
    else if (msgid === common.Attitude.MSG_ID && this.#takes(2)) {
      const { roll, pitch, yaw } = decodeAs(frame, common.Attitude);
      this.#attitudes.add(t_us, eulerDegrees(roll, pitch, yaw));
    }
  }

  #simState(m: common.SimState, t_us: number): void {
    if (!this.#takes(0)) return;
    // lat_int and lon_int are extensions; ArduPilot's lat and lon hold degrees x 1e7 in floats of 24 bits: a metre's steps.
    const whole = m.latInt !== 0 || m.lonInt !== 0;
    const scale = whole || Math.abs(m.lat) > 90 ? 1e-7 : 1;
    const lat_deg = (whole ? m.latInt : m.lat) * scale;
    const lon_deg = (whole ? m.lonInt : m.lon) * scale;
    this.#add(t_us, { lat_deg, lon_deg, alt_m: m.alt }, eulerDegrees(m.roll, m.pitch, m.yaw));
  }

  #hilState(m: common.HilStateQuaternion, t_us: number): void {
    if (!this.#takes(1)) return;
    const [w = 1, x = 0, y = 0, z = 0] = m.attitudeQuaternion;
    const attitude = matrixToEuler([
      w * w + x * x - y * y - z * z,
      2 * (x * y - w * z),
      2 * (x * z + w * y),
      2 * (x * y + w * z),
      w * w - x * x + y * y - z * z,
      2 * (y * z - w * x),
      2 * (x * z - w * y),
      2 * (y * z + w * x),
      w * w - x * x - y * y + z * z,
    ]);
    this.#add(t_us, { lat_deg: m.lat / 1e7, lon_deg: m.lon / 1e7, alt_m: m.alt / 1000 }, attitude);
  }

  #globalPosition(m: common.GlobalPositionInt, t_us: number): void {
    // A vehicle that does not know where it is knows no home either.
    if (m.lat === 0 && m.lon === 0) return;
    // Whoever tells the pose, home stands on the ground. Its height is kept: a vehicle without GPS may be told another later.
    this.#ground_m ??= m.alt / 1000 - m.relativeAlt / 1000;
    if (!this.#takes(2)) return;
    this.#places.add(t_us, { lat_deg: m.lat / 1e7, lon_deg: m.lon / 1e7, alt_m: m.alt / 1000 });
  }

  #add(t_us: number, place: Place, attitude: EulerAngles): void {
    this.#places.add(t_us, place);
    this.#attitudes.add(t_us, attitude);
    this.#first ??= { t_us, alt_m: place.alt_m };
    if (t_us - this.#first.t_us > HOME_WAIT_US) this.#ground_m ??= this.#first.alt_m;
  }

  /** Whether messages of this kind are used; a better one than all before takes over. */
  #takes(kind: number): boolean {
    const name = POSE_SOURCES[kind] ?? POSE_SOURCES[2];
    const now = this.#source === null ? POSE_SOURCES.length : POSE_SOURCES.indexOf(this.#source);
    if (kind > now) return false;
    this.#source = name;
    return true;
  }
}

function eulerDegrees(roll: number, pitch: number, yaw: number): EulerAngles {
  return { roll_deg: roll * DEG, pitch_deg: pitch * DEG, yaw_deg: yaw * DEG };
}

function placeBetween(a: Place, b: Place, k: number): Place {
  return {
    lat_deg: a.lat_deg + (b.lat_deg - a.lat_deg) * k,
    lon_deg: a.lon_deg + wrapDegrees(b.lon_deg - a.lon_deg) * k,
    alt_m: a.alt_m + (b.alt_m - a.alt_m) * k,
  };
}

/** Angle by angle, the short way round: for the few degrees between two messages this is the constant turn. */
function attitudeBetween(a: EulerAngles, b: EulerAngles, k: number): EulerAngles {
  // Near straight up or down roll and yaw turn into each other: the nearer message is as good as anything.
  if (Math.max(Math.abs(a.pitch_deg), Math.abs(b.pitch_deg)) > 85) return k < 0.5 ? a : b;
  return {
    roll_deg: wrapDegrees(a.roll_deg + wrapDegrees(b.roll_deg - a.roll_deg) * k),
    pitch_deg: a.pitch_deg + (b.pitch_deg - a.pitch_deg) * k,
    yaw_deg: wrapDegrees(a.yaw_deg + wrapDegrees(b.yaw_deg - a.yaw_deg) * k),
  };
}
