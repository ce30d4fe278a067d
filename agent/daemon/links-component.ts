import type { MavLinkData } from "node-mavlink";
import type { MavlinkFrame } from "../mavlink/frame.js";
import type { Severity } from "../mavlink/status-text.js";
import type { Lateness } from "../mavlink/steady-timer.js";
import type { LinksPart } from "./parts.js";
import type { DaemonSnapshot } from "./snapshot.js";
import type { Component, Health } from "./supervisor.js";

/** Silence of the autopilot after which the links are called degraded. */
const SILENCE_US = 3_000_000;

/**
 * The links, supervised: they connect again by themselves, and are opened again only when that failed. Whoever sends need
 * not know whether they are open: what cannot leave is dropped.
 */
export class LinksComponent implements Component {
  readonly name = "links";
  readonly #open: () => Promise<LinksPart>;
  readonly #onVehicleFrame: (frame: MavlinkFrame, t_us: number) => void;
  #links: LinksPart | null = null;
  #start = 0;
  #heard_us: number | null = null;
  #fault = "";

  constructor(open: () => Promise<LinksPart>, onVehicleFrame: (frame: MavlinkFrame, t_us: number) => void) {
    this.#open = open;
    this.#onVehicleFrame = onVehicleFrame;
  }

  async start(): Promise<void> {
    const start = ++this.#start;
    const links = await this.#open();
    if (start !== this.#start) {
      await links.close();
      return;
    }
    this.#links = links;
    links.onVehicleFrame((frame, t_us) => {
      this.#heard_us = t_us;
      this.#onVehicleFrame(frame, t_us);
    });
  }

  async stop(): Promise<void> {
    this.#start++;
    const links = this.#links;
    this.#links = null;
    await links?.close();
  }

  health(now_us: number): Health {
    if (this.#heard_us === null) return { state: "degraded", detail: "no autopilot has been heard yet" };
    const silent_us = now_us - this.#heard_us;
    if (silent_us > SILENCE_US) {
      return { state: "degraded", detail: "nothing from the autopilot for more than 3 s" };
    }
    return this.#fault === "" ? { state: "running", detail: "" } : { state: "degraded", detail: this.#fault };
  }

  get statuses(): DaemonSnapshot["links"] {
    return this.#links?.statuses ?? [];
  }

  /** How late the heartbeats were; null while the links are closed. */
  get heartbeatLateness(): Lateness | null {
    return this.#links?.heartbeatLateness ?? null;
  }

  /** To add to a time on the agent's clock to get the autopilot's, microseconds; null while it is not known. */
  offsetAt(t_us: number): number | null {
    return this.#links?.offsetAt(t_us) ?? null;
  }

  /** To the autopilot alone. */
  send(message: MavLinkData): void {
    this.#sent(this.#links?.send(message));
  }

  /** To everybody. */
  broadcast(message: MavLinkData): void {
    this.#sent(this.#links?.broadcast(message));
  }

  /** Tells the operators. */
  statusText(severity: Severity, text: string): void {
    this.#links?.statusText(severity, text);
  }

  /** A message that cannot be encoded is a fault of ours: it must be seen, and must not end the daemon. */
  #sent(sending: Promise<unknown> | undefined): void {
    sending?.catch((thrown: unknown) => {
      this.#fault = `a message could not be sent: ${String(thrown)}`;
    });
  }
}
