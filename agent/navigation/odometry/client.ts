import { Worker } from "node:worker_threads";
// sharp must be loaded by the main thread first: its shared libraries have to outlive every worker that uses them.
import "sharp";
import { UserError } from "../../../tiles/errors.js";
import type { CameraRig, Frame } from "../../vision/frame.js";
import { ODOMETRY_CONFIG, type OdometryConfig } from "./config.js";
import type { OdometryStep } from "./step.js";
import type { OdometryReply, OdometryRequest, OdometryWorkerData } from "./worker.js";

interface Waiting {
  readonly resolve: (step: OdometryStep | null) => void;
  readonly reject: (error: Error) => void;
}

interface Offered extends Waiting {
  readonly frame: Frame;
}

/**
 * Main-thread handle of a visual odometry in a worker thread of its own: the vision worker is busy for 100 ms at a time,
 * and odometry must not wait for it. One frame is in work and at most one waits; a newer frame takes the place of the
 * waiting one, so that odometry is always about the newest picture.
 */
export class OdometryClient {
  private readonly worker: Worker;
  /** Requests that the worker has, by id. */
  private readonly asked = new Map<number, Waiting>();
  private nextId = 0;
  private busy = false;
  private next: Offered | null = null;
  private failure: Error | null = null;
  private tellDeath: (reason: Error) => void = () => undefined;

  /** Resolves with the reason when the worker is no more, whoever ended it. */
  readonly died = new Promise<Error>((resolve) => {
    this.tellDeath = resolve;
  });

  constructor(rig: CameraRig, config: OdometryConfig = ODOMETRY_CONFIG) {
    this.worker = new Worker(new URL("./worker.js", import.meta.url), {
      workerData: { rig, config } satisfies OdometryWorkerData,
    });
    this.worker.on("message", (reply: OdometryReply) => this.receive(reply));
    this.worker.on("error", (error) => this.fail(error instanceof Error ? error : new Error(String(error))));
    this.worker.on("exit", (code) => this.fail(new Error(`the odometry worker ended with code ${code}`)));
  }

  /**
   * Hands a frame over (VisualOdometry.observe). Resolves to its step, or to null when a newer frame overtook it before
   * its turn; the chain of steps is not broken by that.
   *
   * @throws UserError when the image cannot be decoded; Error when the worker has ended
   */
  observe(frame: Frame): Promise<OdometryStep | null> {
    if (this.failure !== null) return Promise.reject(this.failure);
    return new Promise((resolve, reject) => {
      this.next?.resolve(null);
      this.next = { frame, resolve, reject };
      this.advance();
    });
  }

  /** Forgets all frames, the waiting one too: the next one is a first one. */
  async reset(): Promise<void> {
    if (this.failure !== null) throw this.failure;
    this.next?.resolve(null);
    this.next = null;
    await new Promise<unknown>((resolve, reject) => this.ask({ kind: "reset" }, { resolve, reject }));
  }

  /** Ends the worker; frames that it still has are given up and resolve to null. */
  async close(): Promise<void> {
    this.failure ??= new Error("the odometry worker is closed");
    for (const { resolve } of this.asked.values()) resolve(null);
    this.asked.clear();
    this.next?.resolve(null);
    this.next = null;
    await this.worker.terminate();
  }

  private advance(): void {
    const { next } = this;
    if (this.busy || next === null) return;
    this.next = null;
    this.busy = true;
    this.ask(
      { kind: "observe", frame: next.frame },
      {
        resolve: (step) => {
          this.busy = false;
          next.resolve(step);
          this.advance();
        },
        reject: (error) => {
          this.busy = false;
          next.reject(error);
          this.advance();
        },
      },
    );
  }

  private ask(request: Asked, waiting: Waiting): void {
    const id = this.nextId++;
    this.asked.set(id, waiting);
    this.worker.postMessage({ ...request, id } satisfies OdometryRequest);
  }

  private receive(reply: OdometryReply): void {
    const waiting = this.asked.get(reply.id);
    this.asked.delete(reply.id);
    if ("error" in reply) {
      const { user, message, stack } = reply.error;
      const error = user ? new UserError(message) : new Error(message);
      if (!user && stack !== undefined) error.stack = stack;
      waiting?.reject(error);
    } else {
      waiting?.resolve(reply.step ?? null);
    }
  }

  private fail(error: Error): void {
    const failure = this.failure ?? error;
    this.failure = failure;
    this.tellDeath(failure);
    const { next } = this;
    this.next = null;
    next?.reject(failure);
    for (const { reject } of this.asked.values()) reject(failure);
    this.asked.clear();
  }
}

type Asked = OdometryRequest extends infer R ? (R extends { id: number } ? Omit<R, "id"> : never) : never;
