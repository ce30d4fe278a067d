import { parentPort } from "node:worker_threads";
import { errorMessage, UserError } from "../../tiles/errors.js";
import { stepBack } from "../../tiles/thread-priority.js";
import type { Frame } from "./frame.js";
import { type PipelineInfo, type PipelineOptions, VisionPipeline } from "./pipeline.js";
import type { FrameResult } from "./result.js";
import type { Neighbourhood } from "./retrieve/retriever.js";

/** What the main thread asks; each is answered by one WorkerReply with the same id. */
export type WorkerRequest =
  | { readonly id: number; readonly kind: "open"; readonly options: PipelineOptions }
  | { readonly id: number; readonly kind: "localise"; readonly frame: Frame; readonly near?: Neighbourhood }
  | { readonly id: number; readonly kind: "close" };

/** The answer: what was opened, a frame's result, nothing (close), or what went wrong. */
export type WorkerReply =
  | { readonly id: number; readonly info?: PipelineInfo; readonly result?: FrameResult }
  | {
      readonly id: number;
      readonly error: { readonly user: boolean; readonly message: string; readonly stack?: string };
    };

const port = parentPort;
if (port === null) throw new Error("agent/vision/worker.js runs only as a worker thread");

/** Behind links, navigation and odometry: a frame may be late, a heartbeat may not. Before any network starts its threads. */
const BEHIND = 5;
stepBack(BEHIND);

let pipeline: VisionPipeline | null = null;

async function answer(request: WorkerRequest): Promise<WorkerReply> {
  const { id } = request;
  switch (request.kind) {
    case "open":
      pipeline = await VisionPipeline.open(request.options);
      return { id, info: pipeline.info };
    case "localise":
      if (pipeline === null) throw new Error("localise before open");
      return { id, result: await pipeline.localise(request.frame, request.near) };
    case "close":
      await pipeline?.close();
      pipeline = null;
      return { id };
  }
}

// One request at a time, in the order in which they came.
let queue: Promise<void> = Promise.resolve();
port.on("message", (request: WorkerRequest) => {
  queue = queue
    .then(() => answer(request))
    .catch((thrown: unknown): WorkerReply => {
      const stack = thrown instanceof Error ? thrown.stack : undefined;
      const error = { user: thrown instanceof UserError, message: errorMessage(thrown) };
      return { id: request.id, error: stack === undefined ? error : { ...error, stack } };
    })
    .then((reply) => {
      port.postMessage(reply);
    });
});
