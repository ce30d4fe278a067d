import { encodeMessage } from "../../../agent/mavlink/codec.js";
import { MavlinkFramer } from "../../../agent/mavlink/framer.js";
import { FrameSigner, SignatureChecker, type SigningKey, signingTimestamp } from "../../../agent/mavlink/signing.js";
import { STEP_US, type TwinKind } from "../kinds.js";
import type { FlightLog } from "../log/flight-log.js";
import type { TwinOptions } from "../options.js";
import type { Channel } from "../protocol/channel.js";
import { Twin } from "../twin.js";
import type { Vehicle } from "../vehicle.js";
import { type Listener, listen, type Peer } from "./servers.js";

/** A computer that was busy for longer than this lets the vehicle's clock fall behind, as a simulator's does. */
const MAX_BEHIND_US = 500_000;
const TICK_MS = 5;
/** PARAM_ERROR and the like come from component 1, as everything of the autopilot. */
const COMPONENT = 1;

export interface LiveTwinOptions {
  /** Where others reach it; see `listen`. */
  readonly listen: readonly string[];
  /** Seconds of flight in a second, 1 unless given. Above 1 only other ends that have no clock of their own make sense. */
  readonly speed?: number;
  /** Sign what is sent and refuse what is not signed with it (MAVLink 2 signing); not at all unless given. */
  readonly signingKey?: SigningKey;
}

/** The link id that the recorded autopilot signs with. */
const SIGNING_LINK = 1;

interface Link {
  readonly channel: Channel;
  readonly peer: Peer;
  seq: number;
}

/** A twin on sockets, in step with the clock of the computer. */
export class LiveTwin {
  readonly twin: Twin;
  readonly #speed: number;
  readonly #links = new Map<Peer, Link>();
  #listeners: Listener[] = [];
  #timer: NodeJS.Timeout | null = null;
  /** Real time at which the vehicle's clock was at 0, microseconds. */
  #zero_us = 0;

  readonly #signer: FrameSigner | null;
  readonly #checker: SignatureChecker | null;

  private constructor(twin: Twin, { speed = 1, signingKey }: LiveTwinOptions) {
    this.twin = twin;
    this.#speed = speed;
    const timestamp = signingTimestamp(Date.now());
    this.#signer = signingKey === undefined ? null : new FrameSigner({ key: signingKey, linkId: SIGNING_LINK });
    this.#checker = signingKey === undefined ? null : new SignatureChecker({ key: signingKey, timestamp });
  }

  /** Opens its ports and begins to fly. Rejects with a UserError for wrong options or a port that is taken. */
  static async start(
    options: Partial<TwinOptions> & { readonly kind: TwinKind },
    live: LiveTwinOptions,
  ): Promise<LiveTwin> {
    const started = new LiveTwin(new Twin(options), live);
    try {
      for (const url of live.listen) started.#listeners.push(await listen(url, started.#handlers()));
    } catch (thrown) {
      await started.close();
      throw thrown;
    }
    started.#zero_us = realTime_us() - started.twin.t_us / started.#speed;
    started.#timer = setInterval(() => started.#catchUp(), TICK_MS);
    return started;
  }

  get vehicle(): Vehicle {
    return this.twin.vehicle;
  }
  get log(): FlightLog {
    return this.twin.log;
  }
  /** Where it can be reached, with the ports that were taken. */
  get urls(): readonly string[] {
    return this.#listeners.map(({ url }) => url);
  }
  /** URL for the agent to reach the first listener by. */
  get agentUrl(): string {
    const first = this.#listeners[0];
    if (first === undefined) throw new Error("the twin listens nowhere");
    const [kind, ...rest] = first.url.split(":");
    const opposite = kind === "udpin" ? "udpout" : kind === "udpout" ? "udpin" : "tcp";
    return [opposite, ...rest].join(":");
  }

  /** Jams GPS, or lets it be again. */
  jam(jammed: boolean): void {
    this.vehicle.jam(jammed);
  }

  /** Resolves as soon as `condition` holds; rejects when it does not within so many real seconds. */
  async until(what: string, condition: (vehicle: Vehicle) => boolean, limit_s: number): Promise<void> {
    const end_us = realTime_us() + limit_s * 1e6;
    while (!condition(this.vehicle)) {
      if (realTime_us() > end_us) throw new Error(`the twin waited ${limit_s} s for ${what}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** Stops flying and closes its ports. */
  async close(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    await Promise.all(this.#listeners.map((listener) => listener.close()));
    this.#listeners = [];
  }

  #handlers() {
    return {
      opened: (peer: Peer) => {
        const link: Link = { channel: this.twin.openChannel(), peer, seq: 0 };
        this.#links.set(peer, link);
        const framer = new MavlinkFramer();
        return (bytes: Uint8Array) => {
          for (const frame of framer.push(bytes)) {
            if (this.#checker !== null && this.#checker.check(frame) !== "ok") continue;
            link.channel.receive(frame, this.#vehicleTime_us());
          }
          this.#flush(link);
        };
      },
      closed: (peer: Peer) => {
        const link = this.#links.get(peer);
        if (link !== undefined) this.twin.closeChannel(link.channel);
        this.#links.delete(peer);
      },
    };
  }

  /** The vehicle's clock now, between its steps too. */
  #vehicleTime_us(): number {
    const exact_us = (realTime_us() - this.#zero_us) * this.#speed;
    return Math.max(this.twin.t_us, Math.min(exact_us, this.twin.t_us + STEP_US));
  }

  #catchUp(): void {
    const now_us = realTime_us();
    const behind_us = (now_us - this.#zero_us) * this.#speed - this.twin.t_us;
    if (behind_us > MAX_BEHIND_US * this.#speed) this.#zero_us = now_us - this.twin.t_us / this.#speed;
    while ((now_us - this.#zero_us) * this.#speed >= this.twin.t_us + STEP_US) {
      this.twin.step();
      for (const link of this.#links.values()) this.#flush(link);
    }
  }

  #flush(link: Link): void {
    const { sysid } = this.vehicle.traits;
    for (const message of link.channel.take()) {
      const header = { sysid, compid: COMPONENT, seq: link.seq };
      const frame = encodeMessage(message, header, this.#signer !== null);
      link.peer.send(this.#signer === null ? frame : this.#signer.sign(frame));
      link.seq = (link.seq + 1) & 0xff;
    }
  }
}

function realTime_us(): number {
  return Number(process.hrtime.bigint() / 1000n);
}
