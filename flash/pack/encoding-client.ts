import { Worker } from "node:worker_threads";
import { UserError } from "../../tiles/errors.js";
import type { DescribedCell, PanelGeometry } from "./cells.js";
import type { BlockImage } from "./encode-block.js";
import type { EncodingAnswer, EncodingModels, EncodingRequest } from "./encoding-protocol.js";

interface Waiting {
  readonly resolve: (answer: EncodingAnswer) => void;
  readonly reject: (thrown: unknown) => void;
}

/** The encoder in a thread of its own. Requests are worked off in the order given. */
export class EncodingClient {
  readonly #worker = new Worker(new URL("./encoding-worker.js", import.meta.url));
  readonly #waiting: Waiting[] = [];
  #dead: Error | undefined;

  private constructor() {
    this.#worker.on("message", (answer: EncodingAnswer) => {
      const waiting = this.#waiting.shift();
      if (answer.kind !== "failed") waiting?.resolve(answer);
      else if (answer.user) waiting?.reject(new UserError(answer.message));
      else waiting?.reject(Object.assign(new Error(answer.message), { stack: answer.stack }));
    });
    this.#worker.on("error", (thrown: Error) => this.#die(thrown));
    this.#worker.on("exit", () => this.#die(new Error("the encoding thread ended")));
  }

  /** @throws UserError when a model cannot be loaded */
  static async start(models: EncodingModels): Promise<EncodingClient> {
    const client = new EncodingClient();
    try {
      await client.#ask({ kind: "load", models });
      return client;
    } catch (thrown) {
      await client.close();
      throw thrown;
    }
  }

  /** Begins a panel: forgets the rows of the one before. */
  async beginPanel(panel: PanelGeometry): Promise<void> {
    await this.#ask({ kind: "panel", panel });
  }

  /** Encodes a block; its image is transferred and no longer usable here. Returns 64 x 64 x channels features. */
  async encode(first_col: number, image: BlockImage): Promise<Int8Array> {
    const answer = await this.#ask({ kind: "block", first_col, image }, [image.rgb.buffer, image.valid.buffer]);
    if (answer.kind !== "block") throw new Error(`unexpected answer ${answer.kind}`);
    return answer.features;
  }

  /** Ends a row of blocks: the cells that it completed. */
  async endRow(): Promise<readonly DescribedCell[]> {
    const answer = await this.#ask({ kind: "end-row" });
    if (answer.kind !== "cells") throw new Error(`unexpected answer ${answer.kind}`);
    return answer.cells;
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }

  #ask(request: EncodingRequest, transfer: ArrayBuffer[] = []): Promise<EncodingAnswer> {
    return new Promise((resolve, reject) => {
      if (this.#dead !== undefined) {
        reject(this.#dead);
        return;
      }
      this.#waiting.push({ resolve, reject });
      this.#worker.postMessage(request, transfer);
    });
  }

  #die(thrown: Error): void {
    this.#dead = thrown;
    for (const waiting of this.#waiting.splice(0)) waiting.reject(thrown);
  }
}
