/** What a link tells its owner. Nothing is called after `close` has resolved. */
export interface LinkHandlers {
  /** Bytes arrived from `source`, a name that stands for one sender as long as its stream of bytes is unbroken. */
  bytes(bytes: Uint8Array, source: string): void;
  /** The link went up or down. A stream of bytes ends when it goes down. */
  state?(up: boolean): void;
  /** A line for the log: why the link is down and what to do about it. Said once, not with every attempt. */
  note?(text: string): void;
}

/** A way to and from a vehicle: whole frames out, bytes in. */
export interface MavlinkLink {
  /** As given, for messages. */
  readonly url: string;
  /** Whether frames can leave now. */
  readonly up: boolean;
  /** The local port, where there is one. */
  readonly localPort: number | null;
  /**
   * Sends one frame; resolves to true when the operating system has it. Resolves to false, at once, when the link is
   * down, nobody is there yet or the other end does not keep up: an old position is worse than none, so nothing queues.
   */
  send(frame: Uint8Array): Promise<boolean>;
  close(): Promise<void>;
}

/** Times of a link, all in milliseconds; the defaults are for use, others are for tests. */
export interface LinkTimes {
  /**
   * How long to try for the first connection (tcp, serial) before giving up; 0: do not wait for it, the link comes up
   * when it can.
   */
  readonly connect_ms: number;
  /** First and longest pause between attempts to connect again; each is twice the last. */
  readonly retryMin_ms: number;
  readonly retryMax_ms: number;
}

export const DEFAULT_TIMES: LinkTimes = { connect_ms: 5000, retryMin_ms: 100, retryMax_ms: 5000 };
