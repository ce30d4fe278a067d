import { resolve } from "node:path";
import { z } from "zod";
import { CameraConfigSchema } from "../camera/config.js";
import { loadRig } from "../camera/create.js";
import { checkLens, LENS_KEYS, type MOUNT_SCHEMA } from "../flight/flight-toml.js";
import { errorAt, type Place } from "../text/place.js";
import type { TomlPath } from "../text/toml-places.js";
import type { CameraRig } from "../vision/frame.js";
import { placed } from "./placed.js";

type LensKey = keyof typeof LENS_KEYS;
/** What a lens written in the configuration must have; the distortion is 0 unless given. */
const REQUIRED = ["width_px", "height_px", "fx", "fy", "cx", "cy"] as const satisfies readonly LensKey[];

/** How the imagery of a simulated camera begins when it is in a file. */
const FILE_IMAGERY = "file:";

/** Every key of the lens may be left out, and is then really absent: it may stand in a calibration file. */
const OPTIONAL_LENS = Object.fromEntries(
  Object.entries(LENS_KEYS).map(([key, field]) => [
    key,
    (field instanceof z.ZodDefault ? field.unwrap() : field).optional(),
  ]),
) as Record<LensKey, z.ZodOptional<z.ZodNumber>>;

/** `[camera]` of the daemon: the camera's own keys, and the lens where it is not in a calibration file. */
export const CAMERA_SCHEMA = CameraConfigSchema.extend(OPTIONAL_LENS);
type CameraTable = z.infer<typeof CAMERA_SCHEMA>;

/** The camera's table with absolute paths. */
export function cameraWithPaths(camera: CameraTable, base: string): CameraTable {
  const { calibration, replay, simulated } = camera;
  return {
    ...camera,
    ...(calibration === undefined ? {} : { calibration: resolve(base, calibration) }),
    ...(replay === undefined ? {} : { replay: { ...replay, flight: resolve(base, replay.flight) } }),
    ...(simulated === undefined
      ? {}
      : { simulated: { ...simulated, imagery: imageryWithPath(simulated.imagery, base) } }),
  };
}

/** `file:MAP.tif` with an absolute path; a world has none. */
function imageryWithPath(imagery: string, base: string): string {
  const path = imagery.startsWith(FILE_IMAGERY) ? imagery.slice(FILE_IMAGERY.length) : "";
  return path === "" ? imagery : `${FILE_IMAGERY}${resolve(base, path)}`;
}

/**
 * Lens and mount: those written in the configuration, else those of the calibration file or of the flight replayed.
 *
 * @throws UserError at the key that is wrong; when both are given, because one of them must be
 */
export function cameraRig(
  camera: CameraTable,
  mount: z.infer<typeof MOUNT_SCHEMA> | undefined,
  place: (path: TomlPath) => Place,
): CameraRig {
  const written = Object.keys(LENS_KEYS).find((key) => camera[key as LensKey] !== undefined);
  if (written === undefined) {
    const rig = placed(place(["camera", "calibration"]), () => loadRig(camera));
    if (mount === undefined) return rig;
    throw errorAt(place(["mount"]), "mount: the calibration file has it already; leave [mount] out, or the file");
  }
  if (camera.calibration !== undefined || camera.source === "replay") {
    const other = camera.source === "replay" ? "the flight that is replayed has" : "the calibration file has";
    throw errorAt(place(["camera", written]), `camera.${written}: ${other} the lens already; give it once`);
  }
  const missing = REQUIRED.find((key) => camera[key] === undefined);
  if (missing !== undefined) {
    throw errorAt(place(["camera"]), `camera.${missing}: is missing; a lens has ${REQUIRED.join(", ")}`);
  }
  const intrinsics = z.object(LENS_KEYS).parse(camera);
  checkLens(intrinsics, place(["camera", "k1"]));
  return { intrinsics, mount: mount ?? { roll_deg: 0, pitch_deg: 0, yaw_deg: 0 } };
}
