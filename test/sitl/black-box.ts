import { ardupilotmega, common, minimal } from "node-mavlink";
import { decodeAs } from "../../agent/mavlink/codec.js";
import type { MavlinkFrame } from "../../agent/mavlink/frame.js";
import type { Vehicle } from "../../agent/mavlink/identity.js";
import { positionClaimed } from "../../agent/vehicle/ekf.js";
import { modeName } from "../../agent/vehicle/modes.js";
import type { ResetCause } from "../../sim/autopilot/ekf/estimator.js";
import { FlightLog } from "../../sim/autopilot/log/flight-log.js";
import { TruePoseTrack } from "../../sim/feed/true-pose.js";
import { distance_m, type GeoPoint, offsetToLonLat } from "../../tiles/geodesy/index.js";

/** The estimate has jumped when it is this much farther on than its own velocity says, metres. */
const JUMP_M = 3;
/** A jump this near to something that explains it was asked for, seconds of the vehicle. */
const EXPLAINED_S = 5;
/**
 * PX4 gives GPS up so long after its loss (reset_timeout_max), and where positions come by ODOMETRY it then goes to the newest of
 * them: before, it took them as relative to GPS (ev_pos_control.cpp).
 */
const PX4_GIVES_GPS_UP_S = 7;
const IN_AIR_M = 3;
const ARMED = 128;
/** Words of autopilots for a failsafe that acts. */
const FAILSAFE = /failsafe|ekf variance/i;
const FAILSAFE_OVER = /clear|\boff\b|disabled|resolved/i;

interface Estimate {
  readonly t_us: number;
  readonly t_s: number;
  readonly place: GeoPoint | null;
}

interface Fix {
  readonly t_s: number;
  readonly place: GeoPoint;
  readonly vn_mps: number;
  readonly ve_mps: number;
}

/**
 * Reads off the messages of any autopilot what the field asks of a flight, and writes it as the twin writes its own log:
 * the same questions are asked of both. Times are the vehicle's own (time since boot), so that a simulation that runs slower
 * than the wall clock is judged by its own seconds.
 */
export class BlackBox {
  readonly log = new FlightLog();
  readonly #track: TruePoseTrack;
  readonly #vehicle: () => Vehicle | null;
  readonly #askedModes = new Set<string>();
  readonly #explained: { readonly t_s: number; readonly cause: ResetCause }[] = [];
  readonly #jumps: { readonly t_s: number; readonly jump_m: number }[] = [];
  #waiting: Estimate[] = [];
  #last: Fix | null = null;
  #t_s = 0;
  #mode = "";
  #armed = false;
  #flags = 0;
  #ratio = 0;
  #positionOk = false;
  #everOk = false;
  #gps = true;
  /** Every jump has this cause from now on: a way of feeding that is made of jumps. */
  allJumps: ResetCause | null = null;

  /** @param ground_amsl_m height of the ground; null = where the vehicle first stood */
  constructor(vehicle: () => Vehicle | null, ground_amsl_m: number | null = null) {
    this.#vehicle = vehicle;
    this.#track = new TruePoseTrack(ground_amsl_m);
  }

  /** Seconds since the vehicle's boot, by its newest message. */
  get t_s(): number {
    return this.#t_s;
  }
  get mode(): string {
    return this.#mode;
  }
  get armed(): boolean {
    return this.#armed;
  }
  /** The EKF claims an absolute horizontal position. */
  get positionOk(): boolean {
    return this.#positionOk;
  }
  /** Where the EKF believes to be; null while it does not know. */
  get estimate(): GeoPoint | null {
    return this.#last?.place ?? null;
  }
  /** Where the vehicle really is, and its height; null before the simulation told. */
  get truth(): (GeoPoint & { readonly alt_m: number; readonly agl_m: number }) | null {
    const pose = this.#track.at(this.#track.newest_us);
    const { ground_amsl_m } = this.#track;
    return pose === null || ground_amsl_m === null ? null : { ...pose, agl_m: pose.alt_m - ground_amsl_m };
  }

  /** From now on the vehicle may be in this mode. */
  askedFor(mode: string): void {
    this.#askedModes.add(mode);
  }

  /** GPS was taken away, or given back. */
  gpsJammed(jammed: boolean): void {
    this.#gps = !jammed;
    this.log.add({ kind: "event", t_s: this.#t_s, event: "gps", jammed });
  }

  /** GPS was taken from a PX4 that is fed by ODOMETRY: it changes its source by itself. */
  px4LeavesGps(): void {
    this.#explained.push({ t_s: this.#t_s + PX4_GIVES_GPS_UP_S, cause: "source_switch" });
  }

  /** The agent has changed the source set: the estimate may jump about now. */
  sourceSet(set: number): void {
    this.#explained.push({ t_s: this.#t_s, cause: "source_switch" });
    this.log.add({ kind: "event", t_s: this.#t_s, event: "source_set", set });
  }

  /** Takes a frame of the autopilot. @param t_us when it arrived */
  receive(frame: MavlinkFrame, t_us: number): void {
    this.#track.receive(frame, t_us);
    switch (frame.msgid) {
      case minimal.Heartbeat.MSG_ID:
        this.#heartbeat(decodeAs(frame, minimal.Heartbeat));
        break;
      case common.Attitude.MSG_ID:
        this.#t_s = decodeAs(frame, common.Attitude).timeBootMs / 1000;
        break;
      case common.GlobalPositionInt.MSG_ID:
        this.#position(decodeAs(frame, common.GlobalPositionInt), t_us);
        break;
      case ardupilotmega.EkfStatusReport.MSG_ID: {
        const { flags, posHorizVariance } = decodeAs(frame, ardupilotmega.EkfStatusReport);
        this.#health(flags, posHorizVariance);
        break;
      }
      case common.EstimatorStatus.MSG_ID: {
        const { flags, posHorizRatio } = decodeAs(frame, common.EstimatorStatus);
        this.#health(flags, posHorizRatio);
        break;
      }
      case common.StatusText.MSG_ID: {
        const { severity, text } = decodeAs(frame, common.StatusText);
        this.#text(severity, text);
        break;
      }
    }
    this.#compare();
  }

  /** Judges the jumps: to be called once, at the end. */
  finish(): void {
    for (const { t_s, jump_m } of this.#jumps) {
      const near = this.#explained.find((one) => Math.abs(one.t_s - t_s) <= EXPLAINED_S);
      const cause = this.allJumps ?? near?.cause ?? "timeout";
      this.log.add({ kind: "event", t_s, event: "reset", cause, jump_m, source: "seen from outside" });
    }
    this.#jumps.length = 0;
  }

  #heartbeat({ baseMode, customMode }: minimal.Heartbeat): void {
    const vehicle = this.#vehicle();
    if (vehicle === null) return;
    const t_s = this.#t_s;
    const armed = (baseMode & ARMED) !== 0;
    if (armed !== this.#armed) {
      this.#armed = armed;
      this.log.add({ kind: "event", t_s, event: "armed", armed });
    }
    const mode = modeName(vehicle, customMode);
    if (mode === this.#mode) return;
    const asked = this.#mode === "" || this.#askedModes.has(mode);
    this.#mode = mode;
    this.log.add({ kind: "event", t_s, event: "mode", mode, reason: asked ? "command" : "failsafe" });
    if (!asked && armed) this.#failsafe(`mode ${mode}, which nobody asked for`);
  }

  #position(m: common.GlobalPositionInt, t_us: number): void {
    this.#t_s = m.timeBootMs / 1000;
    const px4 = this.#vehicle()?.autopilot === minimal.MavAutopilot.PX4;
    // PX4 streams what it last believed, or nonsense, while its position is not valid.
    const none = (m.lat === 0 && m.lon === 0) || (px4 && !this.#positionOk);
    const place = none ? null : { lat_deg: m.lat / 1e7, lon_deg: m.lon / 1e7 };
    this.#waiting.push({ t_us, t_s: this.#t_s, place });
    const last = this.#last;
    this.#last = place === null ? null : { t_s: this.#t_s, place, vn_mps: m.vx / 100, ve_mps: m.vy / 100 };
    if (last === null || this.#last === null) return;
    const dt_s = this.#last.t_s - last.t_s;
    // Longer gaps prove nothing: velocities may have changed in them.
    if (dt_s <= 0 || dt_s > 1) return;
    const foretold = offsetToLonLat(
      last.place,
      ((last.vn_mps + this.#last.vn_mps) / 2) * dt_s,
      ((last.ve_mps + this.#last.ve_mps) / 2) * dt_s,
    );
    const jump_m = distance_m(foretold, this.#last.place);
    if (jump_m > JUMP_M && this.#armed) this.#jumps.push({ t_s: this.#t_s, jump_m });
  }

  #health(flags: number, ratio: number): void {
    this.#flags = flags;
    this.#ratio = ratio;
    const ok = positionClaimed(flags, this.#vehicle()?.autopilot);
    if (ok === this.#positionOk) return;
    this.#positionOk = ok;
    // The first position is a start; one that comes back later was lost before, and its jump is counted.
    if (ok && !this.#everOk) this.#explained.push({ t_s: this.#t_s, cause: "start" });
    this.#everOk ||= ok;
    this.log.add({ kind: "event", t_s: this.#t_s, event: "position_ok", ok });
  }

  #text(severity: number, text: string): void {
    this.log.add({ kind: "event", t_s: this.#t_s, event: "text", severity, text });
    if (this.#armed && FAILSAFE.test(text) && !FAILSAFE_OVER.test(text)) this.#failsafe(text);
  }

  #failsafe(what: string): void {
    this.log.add({ kind: "event", t_s: this.#t_s, event: "failsafe", what });
  }

  /** Estimates beside the truth of their time, as soon as that is known. */
  #compare(): void {
    const { newest_us } = this.#track;
    const ground_m = this.#track.ground_amsl_m;
    if (ground_m === null) return;
    const due = this.#waiting.filter(({ t_us }) => t_us <= newest_us);
    if (due.length === 0) return;
    this.#waiting = this.#waiting.filter(({ t_us }) => t_us > newest_us);
    for (const { t_us, t_s, place } of due) {
      const truth = this.#track.at(t_us);
      if (truth === null) continue;
      const agl_m = truth.alt_m - ground_m;
      this.log.add({
        kind: "state",
        t_s,
        true_lat_deg: truth.lat_deg,
        true_lon_deg: truth.lon_deg,
        true_agl_m: agl_m,
        est_lat_deg: place?.lat_deg ?? null,
        est_lon_deg: place?.lon_deg ?? null,
        error_m: place === null ? null : distance_m(truth, place),
        sigma_m: Number.NaN,
        ratio: this.#ratio,
        flags: this.#flags,
        position_ok: this.#positionOk,
        mode: this.#mode,
        armed: this.#armed,
        in_air: this.#armed && agl_m > IN_AIR_M,
        gps: this.#gps,
      });
    }
  }
}
