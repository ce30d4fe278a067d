import type { MavlinkFrame } from "./frame.js";

/** How long the same frame may take by another way. Identical HEARTBEATs of a sender that does not count come later. */
const SAME_US = 250_000;
/** Frames remembered: what a vehicle sends in that time, and more. */
const REMEMBERED = 256;

/**
 * Leaves out frames that come a second time by another way: a port that several write to (udpin) hears a vehicle twice
 * when two routers pass it on. A frame that the same sender of bytes repeats is not one of them.
 */
export class DuplicateFilter {
  /** Frame as text -> the way and the time it came first, the oldest first. */
  readonly #seen = new Map<string, { readonly source: string; readonly t_us: number }>();
  #firstSource: string | null = null;
  #severalSources = false;
  #count = 0;

  /** Frames left out so far. */
  get count(): number {
    return this.#count;
  }

  /** Takes the next frame; true if it is a duplicate. `source`: the sender of the bytes it came in. */
  isDuplicate(frame: MavlinkFrame, source: string, t_us: number): boolean {
    this.#firstSource ??= source;
    this.#severalSources ||= source !== this.#firstSource;
    // With one sender of bytes there is nothing to compare: most links.
    if (!this.#severalSources) return false;
    const key = frame.bytes.toString("latin1");
    const first = this.#seen.get(key);
    if (first !== undefined && first.source !== source && t_us - first.t_us <= SAME_US) {
      this.#count++;
      return true;
    }
    this.#seen.delete(key);
    this.#seen.set(key, { source, t_us });
    if (this.#seen.size > REMEMBERED) {
      const oldest = this.#seen.keys().next();
      if (!oldest.done) this.#seen.delete(oldest.value);
    }
    return false;
  }
}
