import { type MavLinkData, minimal } from "node-mavlink";
import { monotonic_us } from "../clock.js";
import { encodeMessage } from "./codec.js";
import { DuplicateFilter } from "./duplicates.js";
import type { MavlinkFrame } from "./frame.js";
import { type FramerCounts, MavlinkFramer } from "./framer.js";
import { SenderIdentity } from "./identity.js";
import type { LinkTimes, MavlinkLink } from "./link/link.js";
import { openLink } from "./link/open.js";
import { LinkDoubts } from "./link-doubts.js";
import { SequenceTracker } from "./sequence.js";
import type { FrameSigner, SignatureChecker, SignatureVerdict } from "./signing.js";
import { type Lateness, SteadyTimer } from "./steady-timer.js";
import type { FrameListener, VehiclePort } from "./vehicle-port.js";

/** Silence after which a frame that has begun is given up: no link pauses this long inside a frame. */
const PAUSE_MS = 500;
const HEARTBEAT_MS = 1000;
/** Senders whose bytes are followed at one time on a link that many can write to (udpin). */
const MAX_SOURCES = 8;

const { MavAutopilot, MavState, MavType } = minimal;

/** What happened on a connection so far. */
export interface ConnectionCounts {
  /** Frames handed to the operating system, heartbeats included. */
  sent: number;
  /** Frames that could not leave: link down, nobody there, or the other end too slow. */
  notSent: number;
  received: FramerCounts;
  /** Frames that had already come from another sender of bytes (two routers on one port), and were left out. */
  duplicates: number;
  /** Frames that others sent and that did not arrive, by their sequence numbers. */
  lost: number;
  /** Frames refused by the signature check, by reason. */
  refused: Partial<Record<SignatureVerdict, number>>;
}

export interface ConnectionOptions {
  /** Component id of the agent, 197 unless given; never 1. */
  readonly compid?: number;
  /** System id to use whatever is heard; otherwise that of the vehicle, and 1 until one is heard. */
  readonly sysid?: number;
  /** Signs what is sent and refuses what is not signed rightly. */
  readonly signing?: { readonly signer: FrameSigner; readonly checker: SignatureChecker };
  readonly times?: Partial<LinkTimes>;
  /** Takes lines for the log: why the link is down and what to do about it. */
  readonly log?: (line: string) => void;
  /** The identity of another link, of which this one is a second voice; frames heard here do not change it. */
  readonly identity?: SenderIdentity;
  /** False: the owner calls `sendHeartbeat` itself, for several links at once. */
  readonly heartbeat?: boolean;
}

const NO_FRAMES: FramerCounts = new MavlinkFramer().counts;

function addCounts(a: FramerCounts, b: Readonly<FramerCounts>): FramerCounts {
  return {
    bytes: a.bytes + b.bytes,
    frames: a.frames + b.frames,
    framesV1: a.framesV1 + b.framesV1,
    bytesDropped: a.bytesDropped + b.bytesDropped,
    unknownMessage: a.unknownMessage + b.unknownMessage,
    incompatFlags: a.incompatFlags + b.incompatFlags,
    badCrc: a.badCrc + b.badCrc,
    falseStarts: a.falseStarts + b.falseStarts,
    truncated: a.truncated + b.truncated,
  };
}

/** HEARTBEAT of an onboard computer. */
function heartbeat(): minimal.Heartbeat {
  const message = new minimal.Heartbeat();
  message.type = MavType.ONBOARD_CONTROLLER;
  message.autopilot = MavAutopilot.INVALID;
  // The constructor of the package leaves the *name* of the enum's first value here.
  message.baseMode = 0 as minimal.MavModeFlag;
  message.customMode = 0;
  message.systemStatus = MavState.ACTIVE;
  message.mavlinkVersion = 3;
  return message;
}

/**
 * MAVLink 2 spoken over one link: frames the bytes that come in, numbers and (if wanted) signs what goes out, sends a
 * HEARTBEAT every second, and takes the system id from the vehicle.
 */
export class MavlinkConnection implements VehiclePort {
  readonly identity: SenderIdentity;
  readonly #observesIdentity: boolean;
  readonly #signing: ConnectionOptions["signing"];
  readonly #listeners = new Set<FrameListener>();
  readonly #framers = new Map<string, MavlinkFramer>();
  readonly #sequence = new SequenceTracker();
  readonly #doubts: LinkDoubts;
  readonly #duplicates = new DuplicateFilter();
  #link: MavlinkLink | null = null;
  #seq = 0;
  readonly #heartbeat: SteadyTimer;
  #pause: NodeJS.Timeout | null = null;
  #counts: { sent: number; notSent: number; past: FramerCounts; refused: ConnectionCounts["refused"] } = {
    sent: 0,
    notSent: 0,
    past: NO_FRAMES,
    refused: {},
  };

  private constructor(url: string, options: ConnectionOptions) {
    this.#doubts = new LinkDoubts((text) => options.log?.(`MAVLink link ${url}: ${text}`));
    this.#observesIdentity = options.identity === undefined;
    this.identity =
      options.identity ??
      new SenderIdentity({
        ...(options.compid === undefined ? {} : { compid: options.compid }),
        ...(options.sysid === undefined ? {} : { sysid: options.sysid }),
      });
    this.#signing = options.signing;
    this.#heartbeat = new SteadyTimer(HEARTBEAT_MS, () => this.sendHeartbeat());
  }

  /** Opens the link and begins to send heartbeats. Throws a UserError for a URL or a link that does not work. */
  static async open(url: string, options: ConnectionOptions = {}): Promise<MavlinkConnection> {
    const connection = new MavlinkConnection(url, options);
    connection.#link = await openLink(
      url,
      {
        bytes: (bytes, source) => connection.#receive(bytes, source),
        state: (up) => {
          if (up) connection.#doubts.reset();
          else connection.#forgetStreams();
        },
        ...(options.log === undefined ? {} : { note: options.log }),
      },
      options.times,
    );
    if (options.heartbeat !== false) connection.#heartbeat.start();
    return connection;
  }

  get up(): boolean {
    return this.#link?.up ?? false;
  }

  get localPort(): number | null {
    return this.#link?.localPort ?? null;
  }

  get counts(): ConnectionCounts {
    let received = this.#counts.past;
    for (const framer of this.#framers.values()) received = addCounts(received, framer.counts);
    return {
      sent: this.#counts.sent,
      notSent: this.#counts.notSent,
      received,
      duplicates: this.#duplicates.count,
      lost: this.#sequence.lost,
      refused: { ...this.#counts.refused },
    };
  }

  /** How late the heartbeats were. */
  get heartbeatLateness(): Lateness {
    return this.#heartbeat.lateness;
  }

  sendHeartbeat(): void {
    // `send` never rejects for a link that is down; a fault in here must not end the timer.
    this.send(heartbeat()).catch(() => undefined);
  }

  /** Calls `listener` with every frame that is taken, until the function returned is called. */
  onFrame(listener: FrameListener): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  /**
   * Sends a message as ours. Resolves to whether it left; throws a RangeError, before anything is sent, if a field holds
   * what the wire cannot carry.
   */
  async send(message: MavLinkData): Promise<boolean> {
    const { sysid, compid } = this.identity;
    const encoded = encodeMessage(message, { sysid, compid, seq: this.#seq }, this.#signing !== undefined);
    const link = this.#link;
    if (link === null || !link.up) {
      this.#counts.notSent++;
      return false;
    }
    this.#seq = (this.#seq + 1) & 0xff;
    const sent = await link.send(this.#signing?.signer.sign(encoded) ?? encoded);
    if (sent) this.#counts.sent++;
    else this.#counts.notSent++;
    return sent;
  }

  async close(): Promise<void> {
    this.#heartbeat.stop();
    if (this.#pause !== null) clearTimeout(this.#pause);
    const link = this.#link;
    this.#link = null;
    this.#listeners.clear();
    await link?.close();
  }

  #receive(bytes: Uint8Array, source: string): void {
    if (this.#link === null) return;
    let framer = this.#framers.get(source);
    if (framer === undefined) {
      framer = new MavlinkFramer();
      if (this.#framers.size >= MAX_SOURCES) {
        const oldest = this.#framers.keys().next();
        if (!oldest.done) this.#forget(oldest.value);
      }
    }
    this.#framers.delete(source);
    this.#framers.set(source, framer);
    const t_us = monotonic_us();
    for (const frame of framer.push(bytes)) this.#take(frame, source, t_us);
    this.#doubts.bytes(framer.counts);
    this.#watchForPause();
  }

  /** A false start at the end of what arrived would hold back the frames behind it until more comes. */
  #watchForPause(): void {
    if (this.#pause !== null) {
      this.#pause.refresh();
      return;
    }
    this.#pause = setTimeout(() => {
      this.#pause = null;
      for (const [source, framer] of this.#framers) {
        if (framer.pendingBytes > 0) for (const frame of framer.flush()) this.#take(frame, source, monotonic_us());
      }
    }, PAUSE_MS);
  }

  #take(frame: MavlinkFrame, source: string, t_us: number): void {
    if (this.#duplicates.isDuplicate(frame, source, t_us)) return;
    const verdict = this.#signing?.checker.check(frame) ?? "ok";
    this.#doubts.verdict(verdict);
    if (verdict !== "ok") {
      this.#counts.refused[verdict] = (this.#counts.refused[verdict] ?? 0) + 1;
      return;
    }
    this.#sequence.next(frame);
    if (this.#observesIdentity) this.identity.observe(frame, t_us / 1000);
    for (const listener of this.#listeners) listener(frame, t_us);
  }

  #forget(source: string): void {
    const framer = this.#framers.get(source);
    if (framer !== undefined) this.#counts.past = addCounts(this.#counts.past, framer.counts);
    this.#framers.delete(source);
  }

  #forgetStreams(): void {
    for (const source of [...this.#framers.keys()]) this.#forget(source);
  }
}
