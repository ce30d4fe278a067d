import { errorMessage, UserError } from "../../tiles/errors.js";
import type { CameraFrame, CameraSource } from "../camera/source.js";
import type { CameraRig, FrameImage } from "../vision/frame.js";
import { type Check, checksOf } from "./checks.js";

const check = checksOf("camera");

/** Frames that are taken to tell the rate. */
const FRAMES = 5;
/** Mean brightness of 0..255 outside of which a picture shows nothing, and its least spread. */
const DARK = 8;
const BRIGHT = 247;
const FLAT = 2;
/** Every how many bytes brightness is looked at. */
const STEP = 37;

/**
 * Starts the camera, takes some frames and stops it.
 *
 * @param open makes the camera; a UserError of it is a finding, not an end
 * @param wait_ms how long the first frame may take (RTSP and CSI need seconds)
 */
export async function checkCamera(
  open: () => Promise<CameraSource>,
  rig: CameraRig,
  wait_ms: number,
): Promise<Check[]> {
  let camera: CameraSource;
  try {
    camera = await open();
  } catch (thrown) {
    if (!(thrown instanceof UserError)) throw thrown;
    return [check("opens", "problem", errorMessage(thrown))];
  }
  try {
    const frames = await take(camera, wait_ms);
    const [first] = frames;
    if (first === undefined) {
      const { state, detail } = camera.status;
      const why = detail === null ? "" : ` (${detail})`;
      return [
        check("frames", "problem", `${camera.name}: no frame within ${wait_ms / 1000} s; the camera is ${state}${why}`),
      ];
    }
    return [frameRate(camera.name, frames), ...picture(first.image, rig)];
  } catch (thrown) {
    if (!(thrown instanceof UserError)) throw thrown;
    return [check("frames", "problem", errorMessage(thrown))];
  } finally {
    await camera.stop();
  }
}

/** The first frames, as many as come within the time. */
async function take(camera: CameraSource, wait_ms: number): Promise<CameraFrame[]> {
  const frames: CameraFrame[] = [];
  let unsubscribe = () => {};
  let timer: NodeJS.Timeout | undefined;
  try {
    await new Promise<void>((resolve, reject) => {
      timer = setTimeout(resolve, wait_ms);
      unsubscribe = camera.onFrame((frame) => {
        frames.push(frame);
        if (frames.length >= FRAMES) resolve();
      });
      camera.start().catch(reject);
    });
  } finally {
    clearTimeout(timer);
    unsubscribe();
  }
  return frames;
}

function frameRate(name: string, frames: readonly CameraFrame[]): Check {
  const [first, last] = [frames[0], frames[frames.length - 1]];
  if (first === undefined || last === undefined || frames.length < 2) {
    return check("frames", "warning", `${name}: only one frame came`);
  }
  const rate_hz = ((frames.length - 1) * 1e6) / (last.t_us - first.t_us);
  return check("frames", rate_hz < 1 ? "warning" : "ok", `${name}: ${rate_hz.toFixed(1)} frames a second`);
}

function picture(image: FrameImage, { intrinsics }: CameraRig): Check[] {
  if (image.kind === "file") return [];
  const { width_px, height_px } = image;
  const size = `${width_px} x ${height_px} px`;
  const fits = width_px === intrinsics.width_px && height_px === intrinsics.height_px;
  const wanted = `${intrinsics.width_px} x ${intrinsics.height_px} px`;
  return [
    fits
      ? check("size", "ok", `${size}, as calibrated`)
      : check(
          "size",
          "problem",
          `pictures are ${size}, the lens is calibrated for ${wanted}: set width and height in the pipeline, or calibrate anew`,
        ),
    brightness(image.data),
  ];
}

function brightness(data: Uint8Array): Check {
  let [count, sum, squares] = [0, 0, 0];
  for (let at = 0; at < data.length; at += STEP) {
    const value = data[at] ?? 0;
    count++;
    sum += value;
    squares += value * value;
  }
  const mean = sum / count;
  const spread = Math.sqrt(Math.max(0, squares / count - mean * mean));
  const text = `mean ${mean.toFixed(0)} of 255, spread ${spread.toFixed(0)}`;
  if (mean < DARK) return check("brightness", "warning", `${text}: black; is the cap on the lens?`);
  if (mean > BRIGHT) return check("brightness", "warning", `${text}: white; look at the exposure`);
  if (spread < FLAT) return check("brightness", "warning", `${text}: one colour only`);
  return check("brightness", "ok", text);
}
