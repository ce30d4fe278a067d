import { fileURLToPath } from "node:url";
import { UserError } from "../../tiles/errors.js";
import type { CameraRig } from "../vision/frame.js";
import type { CameraConfig } from "./config.js";
import { ProcessCamera, type ProcessTimes } from "./process-camera.js";
import type { CameraSource } from "./source.js";

/** The simulator's camera is a program of its own: what comes out of it takes the way of any camera's pictures. */
const FEED = fileURLToPath(new URL("../../sim/feed/main.js", import.meta.url));

/** Arguments of the simulated camera's program: this lens, this mount, this vehicle. @throws UserError without its table */
export function feedArguments(config: CameraConfig, rig: CameraRig): string[] {
  const { simulated } = config;
  if (simulated === undefined) {
    throw new UserError('[camera.simulated] is missing: give vehicle = "udpin:…" and imagery = "world:…"');
  }
  const { intrinsics: lens, mount } = rig;
  const options: Record<string, string | number> = {
    vehicle: simulated.vehicle,
    imagery: simulated.imagery,
    pixels: config.pixels,
    "rate-hz": config.rate_hz,
    width: lens.width_px,
    height: lens.height_px,
    fx: lens.fx,
    fy: lens.fy,
    cx: lens.cx,
    cy: lens.cy,
    k1: lens.k1,
    k2: lens.k2,
    p1: lens.p1,
    p2: lens.p2,
    k3: lens.k3,
    "mount-roll": mount.roll_deg,
    "mount-pitch": mount.pitch_deg,
    "mount-yaw": mount.yaw_deg,
    ...(simulated.ground_amsl_m === undefined ? {} : { "ground-amsl": simulated.ground_amsl_m }),
  };
  return Object.entries(options).map(([name, value]) => `--${name}=${value}`);
}

/** The camera of a simulated vehicle. @throws UserError for a configuration that can never work */
export function simulatedCamera(config: CameraConfig, rig: CameraRig, times: Partial<ProcessTimes> = {}): CameraSource {
  return new ProcessCamera(
    {
      name: "simulated",
      command: process.execPath,
      args: [FEED, ...feedArguments(config, rig)],
      output_fd: 1,
      whenMissing: "is this package whole?",
    },
    { size: rig.intrinsics, pts_clock: "monotonic", latency_ms: config.latency_ms },
    // A world has to be planned before its first picture.
    { firstFrame_ms: 60_000, ...times },
  );
}
