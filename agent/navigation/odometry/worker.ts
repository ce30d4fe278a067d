import { parentPort, workerData } from "node:worker_threads";
import { errorMessage, UserError } from "../../../tiles/errors.js";
import { stepBack } from "../../../tiles/thread-priority.js";
import type { CameraRig, Frame } from "../../vision/frame.js";
import type { OdometryConfig } from "./config.js";
import { VisualOdometry } from "./odometry.js";
import type { OdometryStep } from "./step.js";

/** What the worker is started with. */
export interface OdometryWorkerData {
  readonly rig: CameraRig;
  readonly config: OdometryConfig;
}

/** What the main thread asks; each is answered by one OdometryReply with the same id, in the order of asking. */
export type OdometryRequest =
  | { readonly id: number; readonly kind: "observe"; readonly frame: Frame }
  | { readonly id: number; readonly kind: "reset" };

/** A frame's step, nothing (reset), or what went wrong. */
export type OdometryReply =
  | { readonly id: number; readonly step?: OdometryStep }
  | {
      readonly id: number;
      readonly error: { readonly user: boolean; readonly message: string; readonly stack?: string };
    };

const port = parentPort;
if (port === null) throw new Error("agent/navigation/odometry/worker.js runs only as a worker thread");

/** Behind links and navigation, ahead of vision. */
const BEHIND = 2;
stepBack(BEHIND);

const { rig, config } = workerData as OdometryWorkerData;
const odometry = new VisualOdometry(rig, config);

async function answer(request: OdometryRequest): Promise<OdometryReply> {
  const { id } = request;
  switch (request.kind) {
    case "observe":
      return { id, step: await odometry.observe(request.frame) };
    case "reset":
      odometry.reset();
      return { id };
  }
}

// One request at a time, in the order in which they came.
let queue: Promise<void> = Promise.resolve();
port.on("message", (request: OdometryRequest) => {
  queue = queue
    .then(() => answer(request))
    .catch((thrown: unknown): OdometryReply => {
      const stack = thrown instanceof Error ? thrown.stack : undefined;
      const error = { user: thrown instanceof UserError, message: errorMessage(thrown) };
      return { id: request.id, error: stack === undefined ? error : { ...error, stack } };
    })
    .then((reply) => {
      port.postMessage(reply);
    });
});
