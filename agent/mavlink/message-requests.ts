import { common, type MavLinkData } from "node-mavlink";
import { decodeAs } from "./codec.js";
import { COMMAND_RESULTS, isForUs } from "./command-client.js";
import type { MavlinkFrame } from "./frame.js";
import { AUTOPILOT_COMPONENT, type Vehicle } from "./identity.js";
import { MESSAGES } from "./messages/registry.js";
import { RebootDetector } from "./reboot.js";
import type { LinkService, VehiclePort } from "./vehicle-port.js";
import { type WantedMessage, wantedMessages } from "./wanted-messages.js";

/**
 * waiting: its turn has not come; requested: asked for, no answer yet; accepted: promised, but it does not come yet, or
 * more slowly than half of what was asked; flowing: it comes; refused: the autopilot will not send it.
 */
export type MessageState = "waiting" | "requested" | "accepted" | "flowing" | "refused";

export interface MessageStatus {
  readonly msgid: number;
  readonly name: string;
  readonly state: MessageState;
  /** Asked for and measured, Hz; asked for 0: once. */
  readonly wanted_hz: number;
  readonly rate_hz: number;
  readonly optional: boolean;
  /** Times it was asked for. */
  readonly requests: number;
  /** What the autopilot answered, when it refused; otherwise empty. */
  readonly reason: string;
}

export interface MessageRequestsOptions {
  /** What to ask for, by the kind of vehicle; `wantedMessages` unless given. */
  readonly wanted?: (vehicle: Vehicle) => readonly WantedMessage[];
}

/** An answer that has not come by then was lost, or the request was. */
const ANSWER_US = 500_000;
/** A message that was promised and does not come, or too slowly, is asked for again after this long. */
const AGAIN_US = 3_000_000;
/** ... and after this long once it has been asked for often enough: it may never come, and commands cost bandwidth. */
const AGAIN_SLOW_US = 15_000_000;
const OFTEN = 4;
/** A message is flowing while its gaps stay under this many periods, and at least under a second. */
const GAP_PERIODS = 4;
const GAP_US = 1_000_000;
/** Share of the wanted rate that is enough: autopilots round rates, and slow links cut them. */
const ENOUGH = 0.5;
/** Weight of a new interval in the measured one. */
const SMOOTHING = 0.1;

interface Entry extends WantedMessage {
  answered: "no" | "yes" | "refused";
  requests: number;
  requested_us: number;
  reason: string;
  /** When it came last, -1 if never; and the smoothed time between. */
  last_us: number;
  interval_us: number;
  received: number;
}

/**
 * Asks the autopilot for the messages that the agent needs (SET_MESSAGE_INTERVAL), one at a time, until each flows: a
 * request can be lost, and so can an answer. What the autopilot refuses is given up, with the reason. After a restart of
 * the autopilot, or with another vehicle, it begins anew.
 *
 * A COMMAND_ACK does not say which message it is about, which is why requests wait for each other.
 */
export class MessageRequests implements LinkService {
  readonly #identity: VehiclePort["identity"];
  readonly #wanted: (vehicle: Vehicle) => readonly WantedMessage[];
  readonly #reboot = new RebootDetector();
  #vehicle: Vehicle | null = null;
  #entries: Entry[] = [];
  /** The request whose answer is waited for. */
  #asking: Entry | null = null;
  #reboots = 0;

  constructor(identity: VehiclePort["identity"], options: MessageRequestsOptions = {}) {
    this.#identity = identity;
    this.#wanted = options.wanted ?? ((vehicle) => wantedMessages(vehicle));
  }

  /** Restarts of the autopilot that were noticed. */
  get reboots(): number {
    return this.#reboots;
  }

  /** State of each message at a time (agent clock), in the order of asking. */
  statusAt(now_us: number): readonly MessageStatus[] {
    return this.#entries.map((entry) => ({
      msgid: entry.msgid,
      name: MESSAGES.get(entry.msgid)?.name ?? String(entry.msgid),
      state: this.#stateOf(entry, now_us),
      wanted_hz: entry.rate_hz,
      rate_hz: rateOf(entry, now_us),
      optional: entry.optional ?? false,
      requests: entry.requests,
      reason: entry.reason,
    }));
  }

  /** Every message that is not optional flows. */
  readyAt(now_us: number): boolean {
    return (
      this.#entries.length > 0 &&
      this.#entries.every((entry) => entry.optional === true || this.#stateOf(entry, now_us) === "flowing")
    );
  }

  observe(frame: MavlinkFrame, t_us: number): readonly MavLinkData[] {
    if (frame.compid !== AUTOPILOT_COMPONENT) return [];
    if (this.#reboot.observe(frame)) {
      this.#reboots++;
      this.#begin();
    }
    const entry = this.#entries.find(({ msgid }) => msgid === frame.msgid);
    if (entry !== undefined) count(entry, t_us);
    if (frame.msgid === common.CommandAck.MSG_ID) this.#answered(decodeAs(frame, common.CommandAck));
    return [];
  }

  tick(now_us: number): readonly MavLinkData[] {
    const { vehicle } = this.#identity;
    if (vehicle === null) return [];
    const known = this.#vehicle;
    if (known?.sysid !== vehicle.sysid || known.autopilot !== vehicle.autopilot) {
      this.#vehicle = vehicle;
      this.#begin();
    }
    if (this.#asking !== null) {
      if (now_us - this.#asking.requested_us < ANSWER_US) return [];
      this.#asking = null;
    }
    // The one that has waited longest, so that one that never comes does not hold up the others.
    let next: Entry | null = null;
    for (const entry of this.#entries) {
      if (this.#due(entry, now_us) && (next === null || entry.requested_us < next.requested_us)) next = entry;
    }
    if (next === null) return [];
    next.requests++;
    next.requested_us = now_us;
    // A message asked for once answers by coming; others use the same command, so its answers say nothing.
    if (next.rate_hz > 0) this.#asking = next;
    return [requestOf(next, vehicle.sysid)];
  }

  #begin(): void {
    this.#asking = null;
    this.#entries = (this.#vehicle === null ? [] : this.#wanted(this.#vehicle)).map((wanted) => ({
      ...wanted,
      answered: "no",
      requests: 0,
      requested_us: Number.NEGATIVE_INFINITY,
      reason: "",
      last_us: -1,
      interval_us: 0,
      received: 0,
    }));
  }

  #due(entry: Entry, now_us: number): boolean {
    const state = this.#stateOf(entry, now_us);
    // What flows by itself at the wanted rate is asked for once all the same: another client may have set that, and leave.
    if (state === "refused" || (state === "flowing" && (entry.answered === "yes" || entry.rate_hz === 0))) return false;
    const pause_us = entry.requests >= OFTEN ? AGAIN_SLOW_US : AGAIN_US;
    return now_us - entry.requested_us >= (entry.answered === "no" && entry.requests < OFTEN ? ANSWER_US : pause_us);
  }

  #stateOf(entry: Entry, now_us: number): MessageState {
    if (entry.rate_hz === 0) {
      if (entry.received > 0) return "flowing";
    } else if (rateOf(entry, now_us) >= ENOUGH * entry.rate_hz) {
      return "flowing";
    }
    if (entry.answered === "refused") return "refused";
    if (entry.answered === "yes") return "accepted";
    return entry.requests > 0 ? "requested" : "waiting";
  }

  #answered(ack: common.CommandAck): void {
    const entry = this.#asking;
    if (entry === null || ack.command !== common.MavCmd.SET_MESSAGE_INTERVAL) return;
    if (!isForUs(ack, this.#identity)) return;
    const result = COMMAND_RESULTS[ack.result] ?? `result ${ack.result}`;
    if (result === "in_progress") return;
    this.#asking = null;
    if (result === "temporarily_rejected" || result === "cancelled") return;
    entry.answered = result === "accepted" ? "yes" : "refused";
    entry.reason = result === "accepted" ? "" : result;
  }
}

function count(entry: Entry, t_us: number): void {
  entry.received++;
  if (entry.last_us >= 0) {
    const interval_us = t_us - entry.last_us;
    const fresh = entry.interval_us === 0 || interval_us > 10 * entry.interval_us;
    entry.interval_us = fresh ? interval_us : entry.interval_us + SMOOTHING * (interval_us - entry.interval_us);
  }
  entry.last_us = t_us;
}

/** Measured rate; 0 when the message has stopped. */
function rateOf(entry: Entry, now_us: number): number {
  if (entry.last_us < 0 || entry.interval_us <= 0) return 0;
  const gap_us = now_us - entry.last_us;
  const longest_us =
    entry.rate_hz > 0 ? Math.max(GAP_US, (GAP_PERIODS * 1e6) / entry.rate_hz) : Number.POSITIVE_INFINITY;
  return gap_us > longest_us ? 0 : 1e6 / entry.interval_us;
}

function requestOf(entry: Entry, sysid: number): common.CommandLong {
  const message = new common.CommandLong();
  message.targetSystem = sysid;
  message.targetComponent = AUTOPILOT_COMPONENT;
  message.command =
    entry.rate_hz > 0 ? common.MavCmd.SET_MESSAGE_INTERVAL : (common.MavCmd.REQUEST_MESSAGE as common.MavCmd);
  message.confirmation = 0;
  message._param1 = entry.msgid;
  message._param2 = entry.rate_hz > 0 ? Math.round(1e6 / entry.rate_hz) : 0;
  message._param3 = 0;
  message._param4 = 0;
  message._param5 = 0;
  message._param6 = 0;
  message._param7 = 0;
  return message;
}
