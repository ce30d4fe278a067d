import type { FeedOptions } from "../../agent/mavlink/publishers/flight/feed-options.js";
import { FlightFeed } from "../../agent/mavlink/publishers/flight/flight-feed.js";
import type { NavigationSolution } from "../../agent/navigation/solution.js";
import type { VehicleConfig } from "../../agent/vehicle/config.js";
import { MavlinkVehicleModel } from "../../agent/vehicle/vehicle-model.js";
import type { Companion } from "./companion.js";
import { GivenPositions } from "./given-positions.js";
import { FramesOfTwin } from "./navigation.js";

/** The agent's clock runs this much ahead of the autopilot's. */
const AHEAD_US = 500_000_000;
const TICK_US = 20_000;
/** What the agent asks an autopilot for, with rates in Hz. */
const WANTED = [
  [24, 5],
  [30, 20],
  [32, 10],
  [33, 10],
  [49, 1],
  [132, 10],
  [193, 5],
  [230, 5],
  [242, 1],
  [245, 2],
] as const;

/**
 * The agent's own vehicle model and feed in the time of a twin, with its own navigator on invented frames (`FramesOfTwin`) or
 * with positions that are given (`GivenPositions`). The twin must stand at NAVIGATION_HOME.
 */
export class FeedingAgent {
  readonly feed: FlightFeed;
  readonly vehicle: MavlinkVehicleModel;
  readonly #navigation: FramesOfTwin | GivenPositions;
  readonly #companion: Companion;

  /** @param navigation "tilted": as "frames", placed by the attitude that the twin reports, wrong as it is */
  constructor(
    companion: Companion,
    options: Partial<FeedOptions>,
    seed: number,
    navigation: "frames" | "given" | "tilted",
    config: Partial<VehicleConfig> = {},
  ) {
    this.#companion = companion;
    this.feed = new FlightFeed({ answersTimesync: false, ...options });
    this.vehicle = new MavlinkVehicleModel({ clock: () => this.#now_us, config });
    const { twin } = companion;
    this.#navigation =
      navigation === "given"
        ? new GivenPositions(twin, AHEAD_US, seed)
        : new FramesOfTwin(twin, AHEAD_US, this.vehicle, seed, navigation === "tilted");
    companion.onFrame = (frame, t_us) => {
      this.vehicle.receive(frame, t_us + AHEAD_US);
      this.feed.receive(frame, t_us + AHEAD_US);
    };
    for (const [msgid, hz] of WANTED) companion.command(511, msgid, 1e6 / hz);
  }

  /** What navigation says of this moment. */
  get solution(): NavigationSolution {
    return this.#navigation.solutionAt(this.#now_us);
  }

  get #now_us(): number {
    return this.#companion.twin.t_us + AHEAD_US;
  }

  /** To be called after each step of the twin. */
  step = (): void => {
    this.#navigation.step();
    if (this.#companion.twin.t_us % TICK_US !== 0) return;
    const messages = this.feed.tick({
      now_us: this.#now_us,
      status: this.vehicle.status,
      solutionAt: this.#navigation.solutionAt,
      autopilot_offset_us: -AHEAD_US,
    });
    for (const message of messages) this.#companion.send(message);
  };
}
