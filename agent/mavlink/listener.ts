import { common } from "node-mavlink";
import { UserError } from "../../tiles/errors.js";
import { decodeAs } from "./codec.js";
import type { MavlinkFrame } from "./frame.js";
import { type FramerCounts, MavlinkFramer } from "./framer.js";
import { openUdpIn } from "./link/udp.js";
import { ARDUPILOT_FRAME, type LocalFrame } from "./local-frame.js";
import { GlobalPositionSensor } from "./messages/global-position-sensor.js";
import { MESSAGES } from "./messages/registry.js";
import type { GeoOrigin } from "./origin.js";
import { SequenceTracker } from "./sequence.js";

/** A position that arrived. */
export interface ReceivedPosition {
  readonly message: "GLOBAL_POSITION_SENSOR" | "VISION_POSITION_ESTIMATE";
  /** The time in the message. */
  readonly t_us: number;
  /** Null for a local position before the origin was seen (SET_GPS_GLOBAL_ORIGIN). */
  readonly lat_deg: number | null;
  readonly lon_deg: number | null;
  /** 1-sigma horizontal error: eph, or the square root of the covariance's horizontal trace. */
  readonly eph_m: number;
  readonly resetCounter: number | null;
}

export interface ListenerReport {
  datagrams: number;
  frames: number;
  /** Frames by name of the message. */
  messages: Record<string, number>;
  /** "system/component" of everyone who sent. */
  senders: string[];
  /**
   * Frames that are missing by the sequence numbers. Those at the end leave no gap: compare `frames` with what the
   * publisher counted as sent.
   */
  lost: number;
  positions: ReceivedPosition[];
  /** What was wrong, the first of each kind with its details; empty when every frame was good. */
  problems: string[];
  /** How many findings there were in all. */
  problemCount: number;
  framer: FramerCounts;
  /** Nothing lost and nothing wrong. */
  ok: boolean;
}

export interface MavlinkListener {
  readonly port: number;
  /** What to give to `openPublisher`. */
  readonly url: string;
  report(): ListenerReport;
  /** Stops, looks at what was left over and reports. */
  close(): Promise<ListenerReport>;
}

const MAX_PROBLEMS = 20;
/** Positions kept: hours of flight at 20 Hz; beyond that only counted. */
const MAX_POSITIONS = 1_000_000;

/**
 * Listens on a UDP port and checks what a publisher sends: whole MAVLink 2 frames of known messages with right
 * checksums, rising sequence numbers, sender ids that an autopilot accepts, positions that can be true.
 *
 * `port` 0 takes a free one. `frame` is the map of local positions (ArduPilot's unless given).
 * Throws a UserError if the port cannot be had.
 */
export async function startListener(
  options: { host?: string; port?: number; frame?: LocalFrame } = {},
): Promise<MavlinkListener> {
  const host = options.host ?? "127.0.0.1";
  const url = `udpin:${host.includes(":") ? `[${host}]` : host}:${options.port ?? 0}`;
  const checker = new FrameChecker(options.frame ?? ARDUPILOT_FRAME);
  const address = { kind: "udpin", host, port: options.port ?? 0 } as const;
  const link = await openUdpIn(url, address, { bytes: (bytes, source) => checker.datagram(bytes, source) });
  const port = link.localPort;
  if (port === null) throw new UserError(`MAVLink link ${url}: no port`);
  return {
    port,
    url: `udpout:${host.includes(":") ? `[${host}]` : host}:${port}`,
    report: () => checker.report(),
    async close() {
      await link.close();
      checker.end();
      return checker.report();
    },
  };
}

class FrameChecker {
  readonly #frame: LocalFrame;
  readonly #framers = new Map<string, MavlinkFramer>();
  readonly #sequences = new Map<string, SequenceTracker>();
  readonly #messages = new Map<string, number>();
  readonly #senders = new Set<string>();
  readonly #positions: ReceivedPosition[] = [];
  readonly #problems = new Map<string, string>();
  #problemCount = 0;
  #datagrams = 0;
  #origin: GeoOrigin | null = null;

  constructor(frame: LocalFrame) {
    this.#frame = frame;
  }

  datagram(bytes: Uint8Array, source: string): void {
    this.#datagrams++;
    let framer = this.#framers.get(source);
    if (framer === undefined) {
      framer = new MavlinkFramer();
      this.#framers.set(source, framer);
    }
    for (const frame of framer.push(bytes)) this.#check(frame, source);
    // A publisher puts whole frames into a datagram, so nothing may be left over.
    if (framer.pendingBytes > 0) {
      this.#problem("cut", `a datagram ended inside a frame (${framer.pendingBytes} bytes left over)`);
      for (const frame of framer.flush()) this.#check(frame, source);
    }
  }

  end(): void {
    const counts = this.#framerCounts();
    const bad = counts.bytesDropped + counts.unknownMessage + counts.incompatFlags;
    if (bad > 0) this.#problem("dropped", `bytes that were no known frame: ${JSON.stringify(counts)}`);
  }

  report(): ListenerReport {
    const framer = this.#framerCounts();
    let lost = 0;
    for (const sequence of this.#sequences.values()) lost += sequence.lost;
    return {
      datagrams: this.#datagrams,
      frames: framer.frames,
      messages: Object.fromEntries([...this.#messages].sort(([a], [b]) => (a < b ? -1 : 1))),
      senders: [...this.#senders].sort(),
      lost,
      positions: [...this.#positions],
      problems: [...this.#problems.values()],
      problemCount: this.#problemCount,
      framer,
      ok: lost === 0 && this.#problemCount === 0 && framer.bytesDropped === 0 && framer.unknownMessage === 0,
    };
  }

  #framerCounts(): FramerCounts {
    const sum = new MavlinkFramer().counts as FramerCounts;
    for (const framer of this.#framers.values()) {
      const counts = framer.counts;
      for (const key of Object.keys(sum) as (keyof FramerCounts)[]) sum[key] += counts[key];
    }
    return sum;
  }

  #problem(kind: string, text: string): void {
    this.#problemCount++;
    if (!this.#problems.has(kind) && this.#problems.size < MAX_PROBLEMS) this.#problems.set(kind, text);
  }

  #check(frame: MavlinkFrame, source: string): void {
    const name = MESSAGES.get(frame.msgid)?.name ?? String(frame.msgid);
    const sender = `${frame.sysid}/${frame.compid}`;
    this.#messages.set(name, (this.#messages.get(name) ?? 0) + 1);
    this.#senders.add(sender);
    if (frame.version !== 2) this.#problem("version", `${name} from ${sender} is a MAVLink 1 frame`);
    if (frame.sysid === 0 || frame.compid === 0) this.#problem("sender", `${name} comes from ${sender}: 0 is nobody`);
    if (sender === "1/1") this.#problem("sender", `${name} comes from 1/1: that is the autopilot itself`);

    let sequence = this.#sequences.get(source);
    if (sequence === undefined) {
      sequence = new SequenceTracker();
      this.#sequences.set(source, sequence);
    }
    if (sequence.next(frame).late) {
      this.#problem("sequence", `${name} from ${sender}: sequence number ${frame.seq} does not rise`);
    }

    if (frame.msgid === GlobalPositionSensor.MSG_ID) this.#globalPosition(frame);
    else if (frame.msgid === common.VisionPositionEstimate.MSG_ID) this.#localPosition(frame);
    else if (frame.msgid === common.SetGpsGlobalOrigin.MSG_ID) {
      const { latitude, longitude, altitude } = decodeAs(frame, common.SetGpsGlobalOrigin);
      this.#origin = { lat_deg: latitude / 1e7, lon_deg: longitude / 1e7, alt_m: altitude / 1e3 };
    }
  }

  #globalPosition(frame: MavlinkFrame): void {
    const { lat, lon, eph, timeUsec, flags } = decodeAs(frame, GlobalPositionSensor);
    const lat_deg = lat / 1e7;
    const lon_deg = lon / 1e7;
    if (Math.abs(lat_deg) > 90 || Math.abs(lon_deg) > 180 || (lat === 0 && lon === 0)) {
      this.#problem("position", `GLOBAL_POSITION_SENSOR at ${timeUsec} us: ${lat_deg}, ${lon_deg} is no position`);
    }
    if (!(Number.isFinite(eph) && eph > 0)) {
      this.#problem("eph", `GLOBAL_POSITION_SENSOR at ${timeUsec} us: eph ${eph} is no error in metres`);
    }
    if (flags !== 0)
      this.#problem("flags", `GLOBAL_POSITION_SENSOR at ${timeUsec} us: flags ${flags}: PX4 ignores them`);
    this.#position({
      message: "GLOBAL_POSITION_SENSOR",
      t_us: Number(timeUsec),
      lat_deg,
      lon_deg,
      eph_m: eph,
      resetCounter: null,
    });
  }

  #localPosition(frame: MavlinkFrame): void {
    const { usec, x, y, z, covariance, resetCounter } = decodeAs(frame, common.VisionPositionEstimate);
    if (![x, y, z].every((metres) => Math.abs(metres) < 1e6)) {
      this.#problem("position", `VISION_POSITION_ESTIMATE at ${usec} us: (${x}, ${y}, ${z}) is no position`);
    }
    const eph_m = Math.sqrt((covariance[0] ?? Number.NaN) + (covariance[6] ?? Number.NaN));
    if (!(Number.isFinite(eph_m) && eph_m > 0)) {
      this.#problem("eph", `VISION_POSITION_ESTIMATE at ${usec} us: no horizontal covariance`);
    }
    const place = this.#origin === null ? null : this.#frame.toGlobal(this.#origin, { north_m: x, east_m: y });
    this.#position({
      message: "VISION_POSITION_ESTIMATE",
      t_us: Number(usec),
      lat_deg: place?.lat_deg ?? null,
      lon_deg: place?.lon_deg ?? null,
      eph_m,
      resetCounter,
    });
  }

  #position(position: ReceivedPosition): void {
    if (this.#positions.length < MAX_POSITIONS) this.#positions.push(position);
  }
}
