import { readFileSync } from "node:fs";
import { join } from "node:path";
import { errorMessage, UserError } from "../../tiles/errors.js";
import { parseFlightToml } from "../flight/flight-toml.js";
import { unknownWord } from "../text/nearest.js";
import type { CameraRig } from "../vision/frame.js";
import { CAMERA_SOURCES, type CameraConfig, type CameraSourceName } from "./config.js";
import type { CameraSource } from "./source.js";

type Maker = (config: CameraConfig, rig: CameraRig) => Promise<CameraSource>;

/** Drivers are imported when they are chosen: a new camera is a file and a line here. */
const MAKERS: Readonly<Record<CameraSourceName, Maker>> = {
  gstreamer: async (config, rig) => (await import("./gstreamer.js")).gstreamerCamera(config, rig),
  pipe: async (config, rig) => (await import("./pipe.js")).pipeCamera(config, rig),
  replay: async (config) => new (await import("./replay.js")).ReplayCamera(replayOptions(config)),
  simulated: async (config, rig) => (await import("./simulated.js")).simulatedCamera(config, rig),
};

/**
 * Makes the camera that the configuration chooses; `start` it to get frames.
 *
 * @throws UserError for an unknown name (with the nearest valid one) or a configuration that can never work
 */
export async function createCamera(config: CameraConfig, rig: CameraRig): Promise<CameraSource> {
  if (!Object.hasOwn(MAKERS, config.source)) {
    throw new UserError(`[camera] ${unknownWord("source", config.source, CAMERA_SOURCES)}`);
  }
  return MAKERS[config.source](config, rig);
}

/**
 * Lens and mount of the camera: from the calibration file, or from the flight folder that is replayed.
 *
 * @throws UserError when there is none, or it is wrong
 */
export function loadRig(config: CameraConfig): CameraRig {
  const path =
    config.calibration ?? (config.source === "replay" ? join(replayOptions(config).flight, "flight.toml") : undefined);
  if (path === undefined) {
    throw new UserError("[camera] calibration is missing: name a file with [camera] fx fy cx cy … and [mount]");
  }
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (thrown) {
    throw new UserError(`[camera] calibration ${path}: cannot be read (${errorMessage(thrown)})`);
  }
  return parseFlightToml(text, path);
}

function replayOptions(config: CameraConfig): NonNullable<CameraConfig["replay"]> {
  if (config.replay === undefined) throw new UserError('[camera.replay] is missing: give flight = "FOLDER"');
  return config.replay;
}
