import type { MavLinkData } from "node-mavlink";
import { errorMessage, UserError } from "../../tiles/errors.js";
import { type ConnectionCounts, type ConnectionOptions, MavlinkConnection } from "./connection.js";
import type { SenderIdentity, Vehicle } from "./identity.js";
import type { LinkTimes } from "./link/link.js";
import { type Severity, StatusTextSender } from "./status-text.js";
import { type Lateness, SteadyTimer } from "./steady-timer.js";
import type { FrameListener, LinkService, VehiclePort } from "./vehicle-port.js";

/** What a link is for: the one to the autopilot, or one to a ground station. */
export type LinkRole = "autopilot" | "gcs";

export interface HubLink {
  readonly url: string;
  readonly role: LinkRole;
  /** Signing of this link, each with a link id of its own (`SigningStore.forLink`). */
  readonly signing?: ConnectionOptions["signing"];
}

export interface HubOptions {
  /** Exactly one of them has the role `autopilot`. */
  readonly links: readonly HubLink[];
  /** Component id of the agent, 197 unless given. */
  readonly compid?: number;
  /** System id to use whatever is heard, and the only vehicle that is listened to. */
  readonly sysid?: number;
  /** Takes lines for the log. */
  readonly log?: (line: string) => void;
  readonly times?: Partial<LinkTimes>;
}

/** One link of a hub, for the status page. */
export interface HubLinkStatus {
  readonly url: string;
  readonly role: LinkRole;
  readonly up: boolean;
  readonly counts: ConnectionCounts;
}

const HEARTBEAT_MS = 1000;
const SERVICE_MS = 50;
const MAX_FAULTS = 100;

interface OpenLink {
  readonly url: string;
  readonly role: LinkRole;
  readonly connection: MavlinkConnection;
}

/**
 * The links of one aircraft: one to the autopilot, any number to ground stations.
 *
 * What the vehicle says comes from the autopilot's link alone, so that nobody hears it twice when a ground station passes
 * it on; what is for the vehicle goes there alone. HEARTBEAT and STATUSTEXT go to all, under the system id of the vehicle.
 * Nothing is passed on between links: the hub is no router.
 */
export class MavlinkHub {
  /** The way to the autopilot, and to nobody else. */
  readonly autopilot: VehiclePort;
  readonly #links: readonly OpenLink[];
  readonly #identity: SenderIdentity;
  readonly #vehicleListeners = new Set<FrameListener>();
  readonly #gcsListeners = new Set<FrameListener>();
  readonly #services = new Set<LinkService>();
  readonly #statusText: StatusTextSender;
  readonly #heartbeat: SteadyTimer;
  readonly #serviceTimer: SteadyTimer;

  readonly #log: (line: string) => void;
  /** Faults that were logged, so that one in every frame does not fill the log. */
  readonly #faults = new Set<string>();

  private constructor(autopilot: MavlinkConnection, links: readonly OpenLink[], log: (line: string) => void) {
    this.#log = log;
    this.#links = links;
    this.#identity = autopilot.identity;
    this.autopilot = {
      identity: autopilot.identity,
      send: (message) => autopilot.send(message),
      onFrame: (listener) => this.onVehicleFrame(listener),
    };
    this.#statusText = new StatusTextSender((message) => {
      this.broadcast(message).catch(() => undefined);
    });
    for (const { role, connection } of links) {
      connection.onFrame((frame, t_us) => {
        if (role === "autopilot") this.#fromAutopilot(frame, t_us);
        else for (const listener of this.#gcsListeners) this.#guard(() => listener(frame, t_us));
      });
    }
    this.#heartbeat = new SteadyTimer(HEARTBEAT_MS, () => {
      for (const { connection } of links) connection.sendHeartbeat();
    });
    this.#serviceTimer = new SteadyTimer(SERVICE_MS, (now_us) => {
      for (const service of this.#services) this.#guard(() => this.#sendAll(service.tick(now_us)));
    });
    this.#heartbeat.start();
    this.#serviceTimer.start();
  }

  /**
   * Opens all links. It does not wait until they are up: an autopilot that is switched on later, or a cable that comes
   * out, is the everyday case. Throws a UserError for a bad URL, a port of this computer that cannot be had, or a set of
   * links that makes no sense.
   */
  static async open(options: HubOptions): Promise<MavlinkHub> {
    const autopilots = options.links.filter(({ role }) => role === "autopilot");
    const [first] = autopilots;
    if (first === undefined || autopilots.length > 1) {
      throw new UserError(
        `MAVLink links: ${autopilots.length} of them have the role autopilot; exactly one must (the others: gcs)`,
      );
    }
    const twice = options.links.find(({ url }, at) => options.links.findIndex((other) => other.url === url) !== at);
    if (twice !== undefined) throw new UserError(`MAVLink links: ${twice.url} is there twice; remove one`);

    const common = {
      heartbeat: false,
      times: { connect_ms: 0, ...options.times },
      ...(options.log === undefined ? {} : { log: options.log }),
    };
    const opened: OpenLink[] = [];
    try {
      const autopilot = await MavlinkConnection.open(first.url, {
        ...common,
        ...signingOf(first),
        ...(options.compid === undefined ? {} : { compid: options.compid }),
        ...(options.sysid === undefined ? {} : { sysid: options.sysid }),
      });
      opened.push({ url: first.url, role: "autopilot", connection: autopilot });
      for (const link of options.links) {
        if (link === first) continue;
        const connection = await MavlinkConnection.open(link.url, {
          ...common,
          ...signingOf(link),
          identity: autopilot.identity,
        });
        opened.push({ url: link.url, role: link.role, connection });
      }
      return new MavlinkHub(autopilot, opened, options.log ?? (() => undefined));
    } catch (thrown) {
      await Promise.all(opened.map(({ connection }) => connection.close()));
      throw thrown;
    }
  }

  /** The vehicle, once it was heard. */
  get vehicle(): Vehicle | null {
    return this.#identity.vehicle;
  }

  /** The autopilot's link first. */
  get links(): readonly HubLinkStatus[] {
    return this.#links.map(({ url, role, connection }) => ({
      url,
      role,
      up: connection.up,
      counts: connection.counts,
    }));
  }

  /** How late the heartbeats were. */
  get heartbeatLateness(): Lateness {
    return this.#heartbeat.lateness;
  }

  /** Frames of our vehicle (all its components but ours), from the autopilot's link, in order, each once. */
  onVehicleFrame(listener: FrameListener): () => void {
    this.#vehicleListeners.add(listener);
    return () => {
      this.#vehicleListeners.delete(listener);
    };
  }

  /** Frames that arrive on the links to ground stations, whoever sent them. */
  onGcsFrame(listener: FrameListener): () => void {
    this.#gcsListeners.add(listener);
    return () => {
      this.#gcsListeners.delete(listener);
    };
  }

  /** Keeps a part of the conversation going, until the function returned is called. */
  attach(service: LinkService): () => void {
    this.#services.add(service);
    return () => {
      this.#services.delete(service);
    };
  }

  /** Sends to the autopilot alone; resolves to whether the message left. */
  send(message: MavLinkData): Promise<boolean> {
    return this.autopilot.send(message);
  }

  /** Sends on every link; resolves to the number of links on which the message left. */
  async broadcast(message: MavLinkData): Promise<number> {
    const sent = await Promise.all(this.#links.map(({ connection }) => connection.send(message)));
    return sent.filter(Boolean).length;
  }

  /** Tells the operators, on every link; false when the same was said less than 10 s ago. See `StatusTextSender`. */
  statusText(severity: Severity, text: string): boolean {
    return this.#statusText.say(severity, text);
  }

  async close(): Promise<void> {
    this.#heartbeat.stop();
    this.#serviceTimer.stop();
    this.#services.clear();
    await Promise.all(this.#links.map(({ connection }) => connection.close()));
  }

  #fromAutopilot: FrameListener = (frame, t_us) => {
    const { vehicle, sysid, compid } = this.#identity;
    if (vehicle === null || frame.sysid !== vehicle.sysid) return;
    // Our own frames, passed back by a router.
    if (frame.sysid === sysid && frame.compid === compid) return;
    for (const listener of this.#vehicleListeners) this.#guard(() => listener(frame, t_us));
    for (const service of this.#services) this.#guard(() => this.#sendAll(service.observe(frame, t_us)));
  };

  /** A fault in one part must not end the heartbeat, nor keep the frame from the others. */
  #guard(run: () => void): void {
    try {
      run();
    } catch (thrown) {
      const fault = errorMessage(thrown);
      if (this.#faults.has(fault) || this.#faults.size >= MAX_FAULTS) return;
      this.#faults.add(fault);
      this.#log(`fault in a part that listens to MAVLink: ${fault}`);
    }
  }

  #sendAll(messages: readonly MavLinkData[]): void {
    for (const message of messages) {
      this.autopilot.send(message).catch((thrown: unknown) => {
        this.#guard(() => {
          throw thrown;
        });
      });
    }
  }
}

function signingOf(link: HubLink): { signing?: NonNullable<ConnectionOptions["signing"]> } {
  return link.signing === undefined ? {} : { signing: link.signing };
}
