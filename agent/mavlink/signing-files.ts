import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { common } from "node-mavlink";
import { errorMessage, UserError } from "../../tiles/errors.js";
import type { ConnectionOptions } from "./connection.js";
import type { MavlinkFrame } from "./frame.js";
import { FrameSigner, SignatureChecker, SigningKey, signingTimestamp } from "./signing.js";
import { type SigningState, SigningStateFile } from "./signing-state.js";

/** What becomes of frames without a signature. Modems cannot sign their RADIO_STATUS. */
export const UNSIGNED_RULES = ["refuse", "radio-status", "accept"] as const;
export type UnsignedRule = (typeof UNSIGNED_RULES)[number];

export interface SigningStoreOptions {
  /** 64 hexadecimal digits, readable by its owner alone. */
  readonly keyFile: string;
  /** Keeps timestamps over restarts; made when it is not there. */
  readonly stateFile: string;
  /** `refuse` unless given. */
  readonly unsigned?: UnsignedRule;
  /** Takes lines for the log. */
  readonly log?: (line: string) => void;
  /** The present as a signing timestamp; the clock of the computer unless given. */
  readonly now?: () => number;
}

/** A minute: how far ahead timestamps are reserved, in their units of 10 us. */
const RESERVE = 6_000_000;
/** How often the state is written, well before the reserve is used up. */
const SAVE_MS = 20_000;
/** A clock that is this far behind the last timestamp used is worth a line in the log. */
const BEHIND = 2 * RESERVE;

/**
 * Key and timestamps of MAVLink signing, for all links of one aircraft.
 *
 * A timestamp must never be used twice, also not after a crash, and must rise although the clock of the computer is wrong
 * after a start (a Jetson without a battery for its clock begins in the past). So timestamps are reserved a minute ahead
 * in the state file before they are used, and go on from there.
 */
export class SigningStore {
  readonly #key: SigningKey;
  readonly #file: SigningStateFile;
  readonly #options: SigningStoreOptions;
  readonly #now: () => number;
  readonly #before: SigningState | null;
  readonly #links = new Map<number, { signer: FrameSigner; checker: SignatureChecker }>();
  readonly #timer: NodeJS.Timeout;
  #reserved = 0;
  #troubled = false;

  private constructor(options: SigningStoreOptions, key: SigningKey) {
    this.#options = options;
    this.#key = key;
    this.#now = options.now ?? (() => signingTimestamp(Date.now()));
    this.#file = new SigningStateFile(options.stateFile);
    this.#before = this.#file.read();
    const last = this.#before?.reserved ?? 0;
    if (this.#before !== null && this.#now() < last - BEHIND) {
      options.log?.(
        "MAVLink signing: the clock of this computer is behind the last timestamp used; going on from that one",
      );
    }
    this.#reserved = Math.max(last, this.#now()) + RESERVE;
    this.#file.writeNow(this.#state());
    this.#timer = setInterval(() => {
      this.save().catch((thrown: unknown) => this.#trouble(thrown));
    }, SAVE_MS);
    this.#timer.unref();
  }

  /** Reads the key and the state. Throws a UserError for files that are not right; it never repeats the key. */
  static open(options: SigningStoreOptions): SigningStore {
    return new SigningStore(options, readKeyFile(options.keyFile));
  }

  /**
   * What a link needs to sign and to check. Each link has an id of its own, 0..255: a receiver follows the timestamps of
   * each. Throws a UserError for one that is taken.
   */
  forLink(linkId: number): NonNullable<ConnectionOptions["signing"]> {
    if (this.#links.has(linkId)) {
      throw new UserError(`MAVLink signing link id: ${linkId} is used by two links; give each its own`);
    }
    const signer = new FrameSigner({
      key: this.#key,
      linkId,
      after: this.#before?.reserved ?? 0,
      now: this.#now,
      beforeUse: (timestamp) => this.#reserve(timestamp),
    });
    const checker = new SignatureChecker({
      key: this.#key,
      timestamp: Math.max(this.#before?.seen ?? 0, this.#now()),
      acceptUnsigned: acceptUnsigned(this.#options.unsigned ?? "refuse"),
      streams: this.#before?.streams ?? [],
    });
    this.#links.set(linkId, { signer, checker });
    return { signer, checker };
  }

  /** Writes the state with a new reserve. It happens by itself every 20 s. */
  async save(): Promise<void> {
    const reserved = Math.max(this.#lastUsed(), this.#now()) + RESERVE;
    if (await this.#file.write(this.#state(reserved))) {
      this.#reserved = Math.max(this.#reserved, reserved);
      this.#troubled = false;
    }
  }

  /** Writes the last timestamp used, without a reserve. Nothing may be signed afterwards. */
  close(): void {
    clearInterval(this.#timer);
    try {
      this.#file.writeNow(this.#state(this.#lastUsed()));
    } catch (thrown) {
      this.#trouble(thrown);
    }
  }

  #lastUsed(): number {
    let last = this.#before?.reserved ?? 0;
    for (const { signer } of this.#links.values()) last = Math.max(last, signer.timestamp);
    return last;
  }

  #state(reserved = this.#reserved): SigningState {
    let seen = this.#before?.seen ?? 0;
    const streams = new Map(this.#before?.streams);
    for (const { checker } of this.#links.values()) {
      if (checker.streams.size === 0) continue;
      for (const [stream, timestamp] of checker.streams) {
        seen = Math.max(seen, timestamp);
        streams.set(stream, Math.max(streams.get(stream) ?? 0, timestamp));
      }
    }
    return { reserved, seen, streams: [...streams] };
  }

  /** Called with each timestamp before it is used. Only a clock that jumps ahead gets here before `save` did its work. */
  #reserve(timestamp: number): void {
    if (timestamp <= this.#reserved) return;
    this.#reserved = timestamp + RESERVE;
    try {
      this.#file.writeNow(this.#state());
    } catch (thrown) {
      this.#trouble(thrown);
    }
  }

  /** A disk that fails in flight must not silence the link: signing goes on, and the clock keeps timestamps rising. */
  #trouble(thrown: unknown): void {
    if (!this.#troubled) this.#options.log?.(errorMessage(thrown));
    this.#troubled = true;
  }
}

/** Key, state and one link at once, for programs with a single link. Close it to keep the exact timestamps. */
export function loadSigning(options: SigningStoreOptions & { readonly linkId: number }): {
  readonly signing: NonNullable<ConnectionOptions["signing"]>;
  close(): void;
} {
  const store = SigningStore.open(options);
  return { signing: store.forLink(options.linkId), close: () => store.close() };
}

function acceptUnsigned(rule: UnsignedRule): (frame: MavlinkFrame) => boolean {
  switch (rule) {
    case "refuse":
      return () => false;
    case "radio-status":
      return (frame) => frame.msgid === common.RadioStatus.MSG_ID;
    case "accept":
      return () => true;
  }
}

/**
 * Reads the shared secret: 64 hexadecimal digits, in a file that only its owner can read (mode 0600 or 0400). Throws a
 * UserError that says what to do and does not repeat the key.
 */
export function readKeyFile(path: string): SigningKey {
  const fail = (what: string) => new UserError(`MAVLink signing key ${path}: ${what}`);
  let fd: number;
  try {
    fd = openSync(path, "r");
  } catch (thrown) {
    throw fail(`cannot be read: ${errorMessage(thrown)}`);
  }
  try {
    const stat = fstatSync(fd);
    if (!stat.isFile()) throw fail("not a file");
    if ((stat.mode & 0o077) !== 0) {
      const mode = (stat.mode & 0o777).toString(8).padStart(4, "0");
      throw fail(
        `others can read it (mode ${mode}, must be 0600); chmod 600 ${path}, and make a new key if it was shared`,
      );
    }
    const bytes = Buffer.alloc(256);
    const text = bytes.toString("latin1", 0, readSync(fd, bytes));
    try {
      return SigningKey.fromHex(text);
    } catch {
      throw fail("must hold 64 hexadecimal digits (32 bytes) and nothing else; make one with: openssl rand -hex 32");
    }
  } finally {
    closeSync(fd);
  }
}
