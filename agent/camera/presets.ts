import { UserError } from "../../tiles/errors.js";
import type { PixelFormat } from "./caps.js";

/** Ready pipelines. */
export const PRESETS = ["csi", "v4l2", "v4l2-mjpeg", "rtsp", "test"] as const;
export type Preset = (typeof PRESETS)[number];

/** What a preset needs to know. */
export interface PresetOptions {
  readonly width_px: number;
  readonly height_px: number;
  readonly rate_hz: number;
  readonly pixels: PixelFormat;
  readonly device: string;
  readonly sensor_id: number;
  readonly url?: string | undefined;
}

/** The pipeline of a preset as words for gst-launch-1.0, up to raw video. @throws UserError when something is missing */
export function presetPipeline(preset: Preset, options: PresetOptions): string[] {
  const { width_px, height_px, device, sensor_id } = options;
  const size = `width=${width_px},height=${height_px},framerate=${fraction(options.rate_hz)}`;
  switch (preset) {
    case "csi":
      return [
        "nvarguscamerasrc",
        `sensor-id=${sensor_id}`,
        "!",
        `video/x-raw(memory:NVMM),${size}`,
        "!",
        "nvvidconv",
        "!",
        // nvvidconv copies out of the GPU's memory; it knows no RGB of three bytes.
        `video/x-raw,format=${options.pixels === "GRAY8" ? "GRAY8" : "BGRx"}`,
      ];
    case "v4l2":
      return ["v4l2src", `device=${device}`, "!", `video/x-raw,${size}`];
    case "v4l2-mjpeg":
      return ["v4l2src", `device=${device}`, "!", `image/jpeg,${size}`, "!", "jpegdec"];
    case "rtsp":
      if (options.url === undefined) throw new UserError('[camera.gstreamer] preset "rtsp" needs url = "rtsp://…"');
      return ["rtspsrc", `location=${options.url}`, "latency=50", "drop-on-latency=true", "!", "decodebin"];
    case "test":
      return ["videotestsrc", "is-live=true", "pattern=smpte", "!", `video/x-raw,${size}`];
  }
}

/** A rate as GStreamer wants it: 29.97 becomes 2997/100. */
function fraction(rate_hz: number): string {
  const hundredths = Math.round(rate_hz * 100);
  return hundredths % 100 === 0 ? `${hundredths / 100}/1` : `${hundredths}/100`;
}
