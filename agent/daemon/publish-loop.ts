import { common } from "node-mavlink";
import { errorMessage } from "../../tiles/errors.js";
import type { MavlinkFrame } from "../mavlink/frame.js";
import type { FlightPublisher, PublisherStatus, PublishMoment } from "../mavlink/publishers/flight-publisher.js";
import type { Scheduler } from "../mavlink/scheduler.js";
import { SteadyTimer } from "../mavlink/steady-timer.js";
import type { VehicleStatus } from "../vehicle/vehicle-state.js";
import type { LinksComponent } from "./links-component.js";
import type { NavigatorPart, PublisherPart } from "./parts.js";
import type { Component, Health } from "./supervisor.js";

/** How often it is asked which publishers fit the vehicle, until there are some. */
const CHOOSE_MS = 500;

export interface PublishLoopOptions {
  readonly publishers: PublisherPart;
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
  readonly #choose: SteadyTimer;
  #active: readonly FlightPublisher[] = [];
  #timers: SteadyTimer[] = [];
  #vehicle = "";
  #faults = 0;
  #lastFault = "";

  constructor(options: PublishLoopOptions) {
    this.#options = options;
    this.#choose = new SteadyTimer(CHOOSE_MS, () => this.#reconsider(), options.scheduler);
  }

  get statuses(): readonly PublisherStatus[] {
    return this.#active.map(({ status }) => status);
  }

  start(): Promise<void> {
    this.#choose.start();
    return Promise.resolve();
  }

  stop(): Promise<void> {
    this.#choose.stop();
    this.#use([]);
    this.#vehicle = "";
    return Promise.resolve();
  }

  health(): Health {
    if (this.#faults > 0) return { state: "degraded", detail: `${this.#faults} faults, the last: ${this.#lastFault}` };
    if (this.#active.length === 0) return { state: "starting", detail: "waiting for the autopilot" };
    return { state: "running", detail: this.#active.map(({ name }) => name).join(", ") };
  }

  /** A frame came from the vehicle. */
  receive(frame: MavlinkFrame, now_us: number): void {
    for (const publisher of this.#active) this.#guard(publisher, () => publisher.receive(frame, now_us));
  }

  /** Other publishers for another vehicle; the same vehicle keeps its own, whatever it says later. */
  #reconsider(): void {
    const { status } = this.#options.vehicle;
    const { vehicle } = status;
    if (vehicle === null) return;
    const key = `${vehicle.sysid} ${vehicle.autopilot} ${vehicle.type}`;
    if (key === this.#vehicle) return;
    this.#vehicle = key;
    this.#use(this.#options.publishers.choose(status));
  }

  #use(publishers: readonly FlightPublisher[]): void {
    for (const timer of this.#timers) timer.stop();
    this.#active = publishers;
    this.#timers = publishers.map(
      (publisher) =>
        new SteadyTimer(1000 / publisher.rate_hz, (now_us) => this.#tick(publisher, now_us), this.#options.scheduler),
    );
    for (const timer of this.#timers) timer.start();
  }

  #tick(publisher: FlightPublisher, now_us: number): void {
    const { navigator, vehicle, links } = this.#options;
    const moment: PublishMoment = {
      now_us,
      status: vehicle.status,
      solutionAt: (t_us) => navigator.solutionAt(t_us),
      autopilot_offset_us: links.offsetAt(now_us),
    };
    this.#guard(publisher, () => {
      for (const message of publisher.tick(moment)) {
        // What is for people goes to all of them.
        if (message instanceof common.StatusText) links.broadcast(message);
        else links.send(message);
      }
    });
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
