import { parse, TomlError } from "smol-toml";
import { z } from "zod";
import { type Intrinsics, pixelToRay } from "../../tiles/geometry/intrinsics.js";
import type { EulerAngles } from "../../tiles/geometry/rotation.js";
import { unknownWord } from "../text/nearest.js";
import type { CameraRig } from "../vision/frame.js";
import { errorAt, type Place } from "./csv.js";

const finite = z.number();
const Camera = z.strictObject({
  width_px: z.int().min(16).max(65535),
  height_px: z.int().min(16).max(65535),
  fx: finite.positive(),
  fy: finite.positive(),
  cx: finite,
  cy: finite,
  k1: finite.default(0),
  k2: finite.default(0),
  p1: finite.default(0),
  p2: finite.default(0),
  k3: finite.default(0),
});
const Mount = z.strictObject({
  roll_deg: finite.min(-180).max(180).default(0),
  pitch_deg: finite.min(-180).max(180).default(0),
  yaw_deg: finite.min(-360).max(360).default(0),
});
const FlightToml = z.strictObject({
  camera: Camera,
  mount: Mount.default({ roll_deg: 0, pitch_deg: 0, yaw_deg: 0 }),
});

const VALID_KEYS: Readonly<Record<string, readonly string[]>> = {
  "": Object.keys(FlightToml.shape),
  camera: Object.keys(Camera.shape),
  mount: Object.keys(Mount.shape),
};

/**
 * Reads flight.toml: `[camera]` width_px height_px fx fy cx cy, and k1 k2 p1 p2 k3 (default 0) of OpenCV's model;
 * `[mount]` roll_deg pitch_deg yaw_deg of the camera in the body (default 0).
 *
 * @throws UserError naming file, line, column; an unknown key comes with the nearest valid one
 */
export function parseFlightToml(text: string, name: string): CameraRig {
  let raw: unknown;
  try {
    raw = parse(text);
  } catch (thrown) {
    if (!(thrown instanceof TomlError)) throw thrown;
    const what = (thrown.message.split("\n")[0] ?? "").replace(/^Invalid TOML document:\s*/, "");
    throw errorAt({ file: name, line: thrown.line, column: thrown.column }, `not valid TOML: ${what}`);
  }
  const result = FlightToml.safeParse(raw);
  if (!result.success) throw describe(result.error.issues, text, name);
  const { camera, mount } = result.data;
  checkLens(camera, text, name);
  return { intrinsics: camera, mount: mount satisfies EulerAngles };
}

function describe(issues: readonly z.core.$ZodIssue[], text: string, name: string): Error {
  // An unknown key is usually the misspelling of one that is missing: say that first.
  const issue = issues.find((one) => one.code === "unrecognized_keys") ?? issues[0];
  const path = (issue?.path ?? []).map(String);
  if (issue?.code === "unrecognized_keys") {
    const key = issue.keys[0] ?? "";
    const place = locateKey(text, name, [...path, key]);
    const kind = path.length === 0 ? "key" : `key of [${path.join(".")}]`;
    return errorAt(place, unknownWord(kind, key, VALID_KEYS[path.join(".")] ?? []));
  }
  const place = locateKey(text, name, path);
  const what = path.length === 1 ? `[${path[0]}]` : path.join(".");
  return errorAt(place, `${what}: ${issue?.message ?? "is wrong"}`);
}

/** Every corner and edge of the image must have a ray, else nothing there could be rectified. */
function checkLens(lens: Intrinsics, text: string, name: string): void {
  const right = lens.width_px - 0.5;
  const bottom = lens.height_px - 0.5;
  const middleX = (lens.width_px - 1) / 2;
  const middleY = (lens.height_px - 1) / 2;
  for (const x of [-0.5, middleX, right]) {
    for (const y of [-0.5, middleY, bottom]) {
      if (pixelToRay(lens, x, y) === null) {
        throw errorAt(
          locateKey(text, name, ["camera", "k1"]),
          `the distortion k1 k2 p1 p2 k3 cannot be inverted at pixel (${x}, ${y}); check the calibration`,
        );
      }
    }
  }
}

/**
 * Where a key stands in the text; for a key that is missing, its table's header, else the start. The TOML parser keeps
 * no positions, and flight.toml is a flat file of two tables, so a scan of its lines is enough.
 */
function locateKey(text: string, file: string, path: readonly string[]): Place {
  const table = path.length > 1 ? (path[0] ?? "") : "";
  const key = path.at(-1) ?? "";
  let current = "";
  let tableAt: Place | null = null;
  const lines = text.split(/\r?\n/);
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i] ?? "";
    const header = /^(\s*)\[+\s*"?([^\]"]+?)"?\s*\]+/.exec(line);
    if (header !== null) {
      current = header[2] ?? "";
      const place = { file, line: i + 1, column: (header[1] ?? "").length + 1 };
      if (current === table || (path.length === 1 && current === key)) tableAt = place;
      continue;
    }
    const entry = /^(\s*)"?([A-Za-z0-9_.-]+)"?\s*=/.exec(line);
    if (entry === null) continue;
    const dotted = current === "" ? (entry[2] ?? "") : `${current}.${entry[2] ?? ""}`;
    if (dotted === path.join(".") || dotted === table) {
      return { file, line: i + 1, column: (entry[1] ?? "").length + 1 };
    }
  }
  return tableAt ?? { file, line: 1, column: 1 };
}
