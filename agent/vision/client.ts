import { Worker } from "node:worker_threads";
// sharp must be loaded by the main thread first: its shared libraries have to outlive every worker that uses them.
import "sharp";
import { UserError } from "../../tiles/errors.js";
import type { Frame } from "./frame.js";
import type { PipelineInfo, PipelineOptions } from "./pipeline.js";
import type { FrameResult } from "./result.js";
import type { Neighbourhood } from "./retrieve/retriever.js";
import type { WorkerReply, WorkerRequest } from "./worker.js";

/** Frames that may wait in the worker besides the one in work. */
const DEFAULT_QUEUE = 2;

/** A worker that does not end by itself after `kill` is ended after this long. */
const KILL_AFTER_MS = 30_000;

type Answer = Exclude<WorkerReply, { readonly error: unknown }>;

interface Waiting {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: Error) => void;
}

type Ask = WorkerRequest extends infer R ? (R extends { id: number } ? Omit<R, "id"> : never) : never;

/**
 * Main-thread handle of a vision pipeline in a worker thread. The main thread stays free while networks run; at most
 * `queue` frames wait, a further one is refused, so that a slow machine drops frames instead of falling behind.
 */
export class VisionClient {
  private readonly waiting = new Map<number, Waiting>();
  private nextId = 0;
  /** The request to close of `kill`: with its answer the worker can be ended. */
  private lastId: number | null = null;
  private frames = 0;
  private failure: Error | null = null;

  private opened: PipelineInfo | undefined;
  private tellDeath: (reason: Error) => void = () => undefined;

  /** Resolves with the reason when the worker is no more, whoever ended it. */
  readonly died = new Promise<Error>((resolve) => {
    this.tellDeath = resolve;
  });

  private constructor(
    private readonly worker: Worker,
    private readonly queue: number,
  ) {
    worker.on("message", (reply: WorkerReply) => this.receive(reply));
    worker.on("error", (error) => this.fail(error instanceof Error ? error : new Error(String(error))));
    worker.on("exit", (code) => this.fail(new Error(`the vision worker ended with code ${code}`)));
  }

  /**
   * Starts the worker and opens pack and models in it.
   * @throws UserError when they cannot be used
   */
  static async open(options: PipelineOptions, queue = DEFAULT_QUEUE): Promise<VisionClient> {
    const client = new VisionClient(new Worker(new URL("./worker.js", import.meta.url)), queue);
    try {
      client.opened = (await client.ask({ kind: "open", options })).info;
    } catch (thrown) {
      await client.worker.terminate();
      throw thrown;
    }
    return client;
  }

  /** What the pipeline was opened with. */
  get info(): PipelineInfo {
    if (this.opened === undefined) throw new Error("the vision worker is not open");
    return this.opened;
  }

  /** True when another frame would be accepted now. */
  get ready(): boolean {
    return this.frames <= this.queue;
  }

  /**
   * Finds one frame on the map (VisionPipeline.localise).
   * @throws UserError when the image cannot be decoded; Error when the queue is full
   */
  async localise(frame: Frame, near?: Neighbourhood): Promise<FrameResult> {
    if (!this.ready) throw new Error(`${this.queue} frames are waiting already; drop this one`);
    this.frames++;
    try {
      const { result } = await this.ask({ kind: "localise", frame, ...(near === undefined ? {} : { near }) });
      if (result === undefined) throw new Error("the vision worker answered without a result");
      return result;
    } finally {
      this.frames--;
    }
  }

  /** Lets the frames in the queue finish, closes pack and models and ends the worker. */
  async close(): Promise<void> {
    try {
      if (this.failure === null) await this.ask({ kind: "close" });
    } finally {
      this.failure ??= new Error("the vision worker is closed");
      await this.worker.terminate();
    }
  }

  /**
   * Refuses at once whatever was asked, and ends the worker as soon as the frame in work is done; resolves when the thread
   * is gone. A thread that is ended inside of onnxruntime takes the whole process with it ("Napi::Error"), so that one
   * which hangs is left to itself for a while.
   */
  async kill(): Promise<void> {
    const gone = new Promise<void>((resolve) => this.worker.once("exit", () => resolve()));
    const running = this.failure === null;
    this.fail(new Error("the vision worker was ended"));
    if (!running) return;
    this.lastId = this.nextId++;
    this.worker.postMessage({ kind: "close", id: this.lastId } satisfies WorkerRequest);
    this.worker.unref();
    setTimeout(() => void this.worker.terminate(), KILL_AFTER_MS).unref();
    await gone;
  }

  private ask(request: Ask): Promise<Answer> {
    if (this.failure !== null) return Promise.reject(this.failure);
    const id = this.nextId++;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      this.worker.postMessage({ ...request, id } satisfies WorkerRequest);
    });
  }

  private receive(reply: WorkerReply): void {
    if (reply.id === this.lastId) void this.worker.terminate();
    const waiting = this.waiting.get(reply.id);
    this.waiting.delete(reply.id);
    if ("error" in reply) {
      const { user, message, stack } = reply.error;
      const error = user ? new UserError(message) : new Error(message);
      if (!user && stack !== undefined) error.stack = stack;
      waiting?.reject(error);
    } else {
      waiting?.resolve(reply);
    }
  }

  private fail(error: Error): void {
    this.failure ??= error;
    this.tellDeath(this.failure);
    for (const { reject } of this.waiting.values()) reject(this.failure);
    this.waiting.clear();
  }
}
