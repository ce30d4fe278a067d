/** What the sequence number of a frame says about the frames before it. */
export interface SequenceStep {
  /** Frames missing between the last one of this sender and this one. */
  readonly lost: number;
  /** This frame is older than the last one, or the same again. */
  readonly late: boolean;
}

/** Senders whose sequence is followed at one time: more than any vehicle has components that talk. */
const REMEMBERED_SENDERS = 256;

/**
 * Follows the sequence numbers of the senders on one link. Datagrams can arrive out of order: a late frame takes back
 * one of the losses that its absence caused.
 */
export class SequenceTracker {
  /** (system << 8 | component) -> last sequence number, the least recently heard first. */
  readonly #last = new Map<number, number>();
  #lost = 0;
  #late = 0;

  /** Frames missing so far, over all senders. */
  get lost(): number {
    return this.#lost;
  }

  /** Frames that came late or twice so far. */
  get late(): number {
    return this.#late;
  }

  /** Takes the next frame of a sender. */
  next(frame: { readonly sysid: number; readonly compid: number; readonly seq: number }): SequenceStep {
    const sender = (frame.sysid << 8) | frame.compid;
    const last = this.#last.get(sender);
    const gap = last === undefined ? 0 : (frame.seq - last - 1) & 0xff;
    const late = gap >= 0x80;
    this.#last.delete(sender);
    this.#last.set(sender, late && last !== undefined ? last : frame.seq);
    if (this.#last.size > REMEMBERED_SENDERS) {
      const oldest = this.#last.keys().next();
      if (!oldest.done) this.#last.delete(oldest.value);
    }
    if (late) {
      this.#late++;
      this.#lost = Math.max(0, this.#lost - 1);
      return { lost: 0, late: true };
    }
    this.#lost += gap;
    return { lost: gap, late: false };
  }
}
