import type { FramerCounts } from "./framer.js";
import type { SignatureVerdict } from "./signing.js";

/** Bytes without a frame among them after which something is wrong: ten of the largest frames. */
const NO_FRAME_BYTES = 2800;
/** Refused frames without a good one after which something is wrong. */
const REFUSED = 10;

const REFUSALS: Readonly<Record<Exclude<SignatureVerdict, "ok">, string>> = {
  unsigned: "they are not signed; is signing set up on the other end, with the same key?",
  bad_signature: "they are signed with another key",
  replay: "they were heard before",
  old_timestamp: "their time is in the past; is the clock of the other end, or of this computer, wrong?",
};

/** Notices what a link looks like that is set up wrongly, and says it once for each time that it comes up. */
export class LinkDoubts {
  readonly #say: (text: string) => void;
  #saidNoFrames = false;
  #saidRefused = false;
  #refused = 0;
  #good = 0;

  constructor(say: (text: string) => void) {
    this.#say = say;
  }

  /** A connection begins anew. */
  reset(): void {
    this.#saidNoFrames = false;
    this.#saidRefused = false;
    this.#refused = 0;
    this.#good = 0;
  }

  /** What the framer of a stream has seen so far. */
  bytes(counts: Readonly<FramerCounts>): void {
    if (this.#saidNoFrames || counts.frames > 0 || counts.bytes < NO_FRAME_BYTES) return;
    this.#saidNoFrames = true;
    this.#say(
      `${counts.bytes} bytes came and no MAVLink frame among them; is the baud rate right, and is MAVLink spoken on this port?`,
    );
  }

  /** What the signature check says of a frame. */
  verdict(verdict: SignatureVerdict): void {
    if (verdict === "ok") {
      this.#good++;
      return;
    }
    this.#refused++;
    if (this.#saidRefused || this.#good > 0 || this.#refused < REFUSED) return;
    this.#saidRefused = true;
    this.#say(`all frames so far were refused: ${REFUSALS[verdict]}`);
  }
}
