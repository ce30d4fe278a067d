import { z } from "zod";
import { PIXEL_FORMATS, type PixelFormat } from "./caps.js";
import { PTS_CLOCKS } from "./capture-clock.js";
import { PRESETS } from "./presets.js";

/** Names of the cameras that can be chosen. */
export const CAMERA_SOURCES = ["gstreamer", "pipe", "replay", "simulated"] as const;
export type CameraSourceName = (typeof CAMERA_SOURCES)[number];

const text = z.string().min(1);

/**
 * `[camera]`: what is the same for every camera; `[camera.NAME]`: what only that one needs. Tables of cameras that are
 * not chosen may stand there and are checked all the same.
 */
export const CameraConfigSchema = z.strictObject({
  source: z.enum(CAMERA_SOURCES),
  /** File of [camera] and [mount] like a flight folder's flight.toml; the replay camera has its own. */
  calibration: text.optional(),
  pixels: z.enum(Object.keys(PIXEL_FORMATS) as [PixelFormat, ...PixelFormat[]]).default("RGB"),
  /** Frames a second that presets and the simulator are asked for. */
  rate_hz: z.number().min(0.1).max(120).default(10),
  /** The part of the delay from exposure to arrival that is always there. */
  latency_ms: z.number().min(0).max(2000).default(0),
  gstreamer: z
    .strictObject({
      /** gst-launch notation up to raw video of any format. */
      pipeline: text.optional(),
      preset: z.enum(PRESETS).optional(),
      device: text.default("/dev/video0"),
      sensor_id: z.int().min(0).max(63).default(0),
      url: text.optional(),
    })
    .optional(),
  pipe: z
    .strictObject({
      /** Program and arguments; it writes GDP on its standard output. No shell is used. */
      command: z.array(text).min(1),
      pts_clock: z.enum(PTS_CLOCKS).default("stream"),
    })
    .optional(),
  replay: z
    .strictObject({
      flight: text,
      /** 2 = twice as fast as it was flown. */
      speed: z.number().min(0.01).max(100).default(1),
      loop: z.boolean().default(false),
    })
    .optional(),
  simulated: z
    .strictObject({
      /** MAVLink of the vehicle whose true pose the camera has. */
      vehicle: text,
      /** world:seed=..,size=..,epoch=.. or file:MAP.tif */
      imagery: text,
      /** Height of the ground above sea level; without it, the height where the vehicle first stood. */
      ground_amsl_m: z.number().min(-500).max(9000).optional(),
    })
    .optional(),
});

/** The checked `[camera]` table. */
export type CameraConfig = z.infer<typeof CameraConfigSchema>;
