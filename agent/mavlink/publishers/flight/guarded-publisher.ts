import type { MavLinkData } from "node-mavlink";
import type { MavlinkFrame } from "../../frame.js";
import type { FlightPublisher, PublisherStatus, PublishMoment } from "../flight-publisher.js";
import { Checks, type Condition, type PublisherState } from "./checks.js";
import { Pace } from "./pace.js";

/** What a publisher wants to do in one turn. */
export interface Turn {
  /** Requests and offers that are sent whatever the state is. */
  readonly requests: readonly MavLinkData[];
  /** Makes the feed's messages; called only when every condition holds and it is time. */
  readonly feed: () => readonly MavLinkData[];
}

/**
 * The frame around every publisher: conditions first, messages only if all of them hold. A publisher says in `turn` what
 * it depends on and how its messages are made; that nothing leaves otherwise is seen to here, once.
 */
export abstract class GuardedPublisher implements FlightPublisher {
  abstract readonly name: string;
  readonly rate_hz: number;
  readonly #pace: Pace;
  #conditions: readonly Condition[] = [];
  #state: PublisherState = "stopped";
  #sent = 0;

  constructor(rate_hz: number) {
    this.rate_hz = rate_hz;
    this.#pace = new Pace(rate_hz);
  }

  get status(): PublisherStatus {
    const { name } = this;
    return { name, state: this.#state, conditions: this.#conditions, sent: this.#sent, fused: this.fused };
  }

  tick(moment: PublishMoment): readonly MavLinkData[] {
    const checks = new Checks();
    const { requests, feed } = this.turn(moment, checks);
    this.#conditions = checks.list;
    this.#state = checks.state;
    if (checks.state !== "active" || !this.#pace.due(moment.now_us)) return requests;
    const messages = feed();
    this.#sent += messages.length;
    return [...requests, ...messages];
  }

  receive(_frame: MavlinkFrame, _now_us: number): void {}

  /** Whether the EKF uses the feed, where the publisher itself can tell. */
  protected get fused(): boolean | null {
    return null;
  }

  /** Adds this publisher's conditions to `checks` and says what it would send. */
  protected abstract turn(moment: PublishMoment, checks: Checks): Turn;
}
