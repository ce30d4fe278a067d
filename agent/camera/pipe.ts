import { UserError } from "../../tiles/errors.js";
import type { CameraRig } from "../vision/frame.js";
import type { CameraConfig } from "./config.js";
import { ProcessCamera, type ProcessTimes } from "./process-camera.js";
import type { CameraSource } from "./source.js";

/** A camera that is any program writing GDP on its standard output. @throws UserError without [camera.pipe] */
export function pipeCamera(config: CameraConfig, rig: CameraRig, times: Partial<ProcessTimes> = {}): CameraSource {
  const [command, ...args] = config.pipe?.command ?? [];
  if (config.pipe === undefined || command === undefined) {
    throw new UserError('[camera.pipe] is missing: give command = ["PROGRAM", "ARGUMENT", …]');
  }
  return new ProcessCamera(
    { name: "pipe", command, args, output_fd: 1, whenMissing: "check [camera.pipe] command" },
    { size: rig.intrinsics, pts_clock: config.pipe.pts_clock, latency_ms: config.latency_ms },
    times,
  );
}
