import { UserError } from "../../tiles/errors.js";
import type { CameraRig } from "../vision/frame.js";
import type { CameraConfig } from "./config.js";
import { presetPipeline } from "./presets.js";
import { ProcessCamera, type ProcessTimes } from "./process-camera.js";
import type { CameraSource } from "./source.js";
import { splitWords } from "./words.js";

const OUTPUT_FD = 3;

/**
 * Arguments of gst-launch-1.0 for a camera: its preset or pipeline, then our tail. The queue keeps only the newest
 * picture when we do not keep up; gdppay carries the capture times; the stream leaves through a file descriptor of its
 * own, because some elements (nvarguscamerasrc) print on the standard output.
 *
 * @throws UserError when neither or both of preset and pipeline are given, or the pipeline has an end of its own
 */
export function gstreamerArguments(config: CameraConfig, rig: CameraRig): string[] {
  const { preset, pipeline, device, sensor_id, url } = config.gstreamer ?? {};
  if ((preset === undefined) === (pipeline === undefined)) {
    throw new UserError('[camera.gstreamer] give either preset = "…" or pipeline = "…"');
  }
  const { width_px, height_px } = rig.intrinsics;
  const { rate_hz, pixels } = config;
  const words =
    preset === undefined
      ? splitWords(pipeline ?? "", "[camera.gstreamer] pipeline")
      : presetPipeline(preset, {
          width_px,
          height_px,
          rate_hz,
          pixels,
          device: device ?? "/dev/video0",
          sensor_id: sensor_id ?? 0,
          url,
        });
  if (words.at(-1) === "!") words.pop();
  const sink = words.find((word) => /^(fdsink|gdppay|autovideosink|fakesink|appsink)$/.test(word));
  if (sink !== undefined || words.length === 0) {
    throw new UserError(
      `[camera.gstreamer] pipeline ${sink === undefined ? "is empty" : `has its own ${sink}`}: give it up to raw video, ` +
        "the end (videoconvert ! gdppay ! fdsink) is added",
    );
  }
  return [
    "-q",
    ...words,
    ..."! queue leaky=downstream max-size-buffers=1 max-size-bytes=0 max-size-time=0 ! videoconvert !".split(" "),
    `video/x-raw,format=${pixels}`,
    ..."! gdppay ! fdsink".split(" "),
    `fd=${OUTPUT_FD}`,
  ];
}

/** A camera behind gst-launch-1.0. @throws UserError for a configuration that can never work */
export function gstreamerCamera(config: CameraConfig, rig: CameraRig, times: Partial<ProcessTimes> = {}): CameraSource {
  return new ProcessCamera(
    {
      name: "gstreamer",
      command: "gst-launch-1.0",
      args: gstreamerArguments(config, rig),
      output_fd: OUTPUT_FD,
      whenMissing:
        "install gstreamer1.0-tools gstreamer1.0-plugins-base gstreamer1.0-plugins-good gstreamer1.0-plugins-bad",
    },
    { size: rig.intrinsics, pts_clock: "stream", latency_ms: config.latency_ms },
    times,
  );
}
