/**
 * A cache of decoded image blocks, least recently used first out, bounded by bytes.
 *
 * One cache is shared by all the inputs of a run, so that memory stays bounded however many and however large they
 * are. A block that is being decoded is shared by everyone who asks for it meanwhile.
 */
export class BlockCache {
  readonly #entries = new Map<string, { data: Promise<Uint8Array>; bytes: number }>();
  #bytes = 0;
  #misses = 0;

  constructor(readonly capacity_bytes: number) {}

  /** Bytes held now. */
  get bytes(): number {
    return this.#bytes;
  }

  /** How many blocks were decoded since the start: more than there are blocks means the cache is too small. */
  get misses(): number {
    return this.#misses;
  }

  /** The block under this key, decoded by load when it is not held. A failed load is not kept. */
  get(key: string, load: () => Promise<Uint8Array>): Promise<Uint8Array> {
    const held = this.#entries.get(key);
    if (held !== undefined) {
      this.#entries.delete(key);
      this.#entries.set(key, held);
      return held.data;
    }
    this.#misses++;
    const entry = { data: load(), bytes: 0 };
    this.#entries.set(key, entry);
    entry.data.then(
      (block) => {
        if (this.#entries.get(key) !== entry) return;
        entry.bytes = block.byteLength;
        this.#bytes += block.byteLength;
        this.#evict(key);
      },
      () => this.#entries.delete(key),
    );
    return entry.data;
  }

  #evict(justLoaded: string): void {
    for (const [key, entry] of this.#entries) {
      if (this.#bytes <= this.capacity_bytes) return;
      if (key === justLoaded || entry.bytes === 0) continue;
      this.#entries.delete(key);
      this.#bytes -= entry.bytes;
    }
  }
}
