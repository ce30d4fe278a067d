import { common, type MavLinkData } from "node-mavlink";
import { errorMessage } from "../../tiles/errors.js";
import type { MavlinkFrame } from "../mavlink/frame.js";
import type { Vehicle } from "../mavlink/identity.js";
import type { FlightPublisher, PublisherStatus, PublishMoment } from "../mavlink/publishers/flight-publisher.js";
import type { Scheduler } from "../mavlink/scheduler.js";
import { SteadyTimer } from "../mavlink/steady-timer.js";
import type { VehicleStatus } from "../vehicle/vehicle-state.js";
import type { LinksComponent } from "./links-component.js";
import type { FeedPart, NavigatorPart } from "./parts.js";
import type { Component, Health } from "./supervisor.js";

export interface PublishLoopOptions {
  readonly feeds: readonly FeedPart[];
  readonly refuseVehicle?: ((vehicle: Vehicle) => string | null) | undefined;
  readonly navigator: Pick<NavigatorPart, "solutionAt">;
  readonly vehicle: { readonly status: VehicleStatus };
  readonly links: Pick<LinksComponent, "send" | "broadcast" | "offsetAt">;
  readonly scheduler: Scheduler;
  /** Takes a line for each fault of a publisher. */
  readonly onFault: (line: string) => void;
}

/** Gives every publisher its turn at its own rate, and sends what it says. Nothing here waits for vision. */
export class PublishLoop implements Component {
  readonly name = "publishers";
  readonly #options: PublishLoopOptions;
  readonly #timers: readonly SteadyTimer[];
  #running = false;
  #faults = 0;
  #lastFault = "";

  constructor(options: PublishLoopOptions) {
    this.#options = options;
    this.#timers = options.feeds.map(
      (feed) => new SteadyTimer(1000 / feed.rate_hz, (now_us) => this.#tick(feed, now_us), options.scheduler),
    );
  }

  get statuses(): readonly PublisherStatus[] {
    return this.#options.feeds.map(({ status }) => status);
  }

  start(): Promise<void> {
    this.#running = true;
    for (const timer of this.#timers) timer.start();
    return Promise.resolve();
  }

  /** Says goodbye, where there is something to say, and stops. */
  stop(): Promise<void> {
    for (const timer of this.#timers) timer.stop();
    if (this.#running && this.#refusal() === null) {
      const now_us = this.#options.scheduler.now_us();
      for (const feed of this.#options.feeds) this.#guard(feed, () => this.#send(feed.beforeStop?.(now_us) ?? []));
    }
    this.#running = false;
    return Promise.resolve();
  }

  health(): Health {
    if (this.#faults > 0) return { state: "degraded", detail: `${this.#faults} faults, the last: ${this.#lastFault}` };
    const { vehicle } = this.#options.vehicle.status;
    if (vehicle === null) return { state: "starting", detail: "waiting for the autopilot" };
    const refusal = this.#refusal();
    return refusal === null ? { state: "running", detail: "" } : { state: "degraded", detail: refusal };
  }

  /** A frame came from the vehicle. */
  receive(frame: MavlinkFrame, now_us: number): void {
    for (const feed of this.#options.feeds) this.#guard(feed, () => feed.receive(frame, now_us));
  }

  #refusal(): string | null {
    const { vehicle } = this.#options.vehicle.status;
    return vehicle === null ? null : (this.#options.refuseVehicle?.(vehicle) ?? null);
  }

  #tick(publisher: FlightPublisher, now_us: number): void {
    const { navigator, vehicle, links } = this.#options;
    if (this.#refusal() !== null) return;
    const moment: PublishMoment = {
      now_us,
      status: vehicle.status,
      solutionAt: (t_us) => navigator.solutionAt(t_us),
      autopilot_offset_us: links.offsetAt(now_us),
    };
    this.#guard(publisher, () => this.#send(publisher.tick(moment)));
  }

  /** What is for people goes to all of them. */
  #send(messages: readonly MavLinkData[]): void {
    const { links } = this.#options;
    for (const message of messages) {
      if (message instanceof common.StatusText) links.broadcast(message);
      else links.send(message);
    }
  }

  /** A publisher's fault must not take the others, or the links, with it. */
  #guard(publisher: FlightPublisher, run: () => void): void {
    try {
      run();
    } catch (thrown) {
      this.#faults++;
      this.#lastFault = `${publisher.name}: ${errorMessage(thrown)}`;
      this.#options.onFault(this.#lastFault);
    }
  }
}
