import { lonLatToOffset, offsetToLonLat } from "../../tiles/geodesy/index.js";
import { GroundView } from "../../tiles/geometry/ground.js";
import type { ImagerySource } from "../camera/imagery.js";
import {
  type CameraModel,
  type CameraPose,
  frameWindow,
  type RenderOptions,
  renderFrame,
} from "../camera/render-frame.js";
import { applyShutter, type Shutter } from "../camera/shutter.js";
import { gdpBuffer } from "./gdp-writer.js";
import type { TruePose } from "./true-pose.js";

export interface RendererOptions {
  readonly camera: CameraModel;
  readonly shutter: Shutter;
  readonly pixels: "GRAY8" | "RGB";
  /** Ground finer than this is not rendered, metres per pixel: it is the scale of the kept ground near to it. */
  readonly gsd_m: number;
}

/** A camera on the ground sees nothing sharp; lower than this it is taken to be this high. */
const LOWEST_AGL_M = 1;
/** Half the time between the poses from which the movement of the picture is taken. */
export const SHUTTER_STEP_US = 10_000;
/** Ground is painted in pieces of about this side when there is time to prepare. */
const PIECE_PX = 256;
/**
 * A plane that banks by 45 degrees shows ground to the horizon in one corner of its picture. A camera does not wait for
 * that, and neither may this one: far ground ends earlier, and a wide view is read in coarser pixels.
 */
const FARTHEST_AGL = 4;
const WIDEST_IN_PICTURES = 2.5;
/** Turns that the vehicle may begin: what it then sees is painted when there is time left. */
const BANKS_DEG = [0, 40, -40] as const;

/** Renders the pictures of a camera that follows a vehicle, as packets of a GDP stream. */
export class FeedRenderer {
  readonly #imagery: ImagerySource;
  readonly #options: RendererOptions;
  readonly #renderOptions: RenderOptions;
  #count = 0;

  constructor(imagery: ImagerySource, options: RendererOptions) {
    this.#imagery = imagery;
    this.#options = options;
    this.#renderOptions = {
      finest_gsd_m: options.gsd_m,
      farthest_agl: FARTHEST_AGL,
      largest_window_px: WIDEST_IN_PICTURES * options.camera.intrinsics.width_px,
      sights: 2,
    };
  }

  /**
   * The picture of a moment.
   *
   * @param ground_amsl_m height of the flat ground
   * @param before and `after` the vehicle SHUTTER_STEP_US earlier and later, for what the movement does to the picture
   */
  async packet(
    t_us: number,
    ground_amsl_m: number,
    pose: TruePose,
    before: TruePose | null,
    after: TruePose | null,
  ): Promise<Buffer> {
    const { camera, shutter, pixels } = this.#options;
    const seed = this.#count++;
    const place = this.#cameraPose(pose, ground_amsl_m);
    const frame = await renderFrame(this.#imagery, camera, place, { ...this.#renderOptions, seed, t_s: t_us / 1e6 });
    const rgb =
      before === null || after === null
        ? frame.rgb
        : applyShutter(
            frame.rgb,
            camera.intrinsics,
            this.#shutterPose(before, ground_amsl_m),
            this.#shutterPose(after, ground_amsl_m),
            (2 * SHUTTER_STEP_US) / 1000,
            shutter,
          );
    return gdpBuffer(BigInt(t_us) * 1000n, rows(rgb, frame.width, frame.height, pixels));
  }

  /** Has the ground painted that the camera sees from this pose, then in a turn, piece by piece, until the time is over. */
  async prepare(pose: TruePose, ground_amsl_m: number, timeLeft: () => boolean): Promise<void> {
    for (const bank_deg of BANKS_DEG) {
      const attitude = { ...pose.attitude, roll_deg: pose.attitude.roll_deg + bank_deg };
      await this.#paint(this.#cameraPose({ ...pose, attitude }, ground_amsl_m), timeLeft);
    }
  }

  async #paint(place: CameraPose, timeLeft: () => boolean): Promise<void> {
    const window = frameWindow(this.#options.camera, place, this.#imagery, this.#renderOptions);
    if (window === undefined) return;
    const { gsd_m } = window;
    for (let row = 0; row < window.height_px + PIECE_PX; row += PIECE_PX) {
      for (let col = 0; col < window.width_px + PIECE_PX; col += PIECE_PX) {
        if (!timeLeft()) return;
        await this.#imagery.window({
          gsd_m,
          north_m: window.north_m - Math.min(row, window.height_px - 1) * gsd_m,
          east_m: window.east_m + Math.min(col, window.width_px - 1) * gsd_m,
          width_px: 1,
          height_px: 1,
        });
      }
    }
  }

  #cameraPose(pose: TruePose, ground_amsl_m: number): CameraPose {
    const offset = lonLatToOffset(this.#imagery.reference, pose);
    return { ...offset, agl_m: Math.max(LOWEST_AGL_M, pose.alt_m - ground_amsl_m), attitude: pose.attitude };
  }

  #shutterPose(pose: TruePose, ground_amsl_m: number): { view: GroundView; north_m: number; east_m: number } {
    const { intrinsics, mount } = this.#options.camera;
    const { north_m, east_m, agl_m, attitude } = this.#cameraPose(pose, ground_amsl_m);
    return { view: new GroundView(intrinsics, { attitude, mount, agl_m }), north_m, east_m };
  }
}

/** Where a vehicle will be that goes on as between two poses. */
export function carriedOn(a: TruePose, b: TruePose, times: number): TruePose {
  const { north_m, east_m } = lonLatToOffset(a, b);
  return { ...b, ...offsetToLonLat(b, north_m * times, east_m * times), alt_m: b.alt_m + (b.alt_m - a.alt_m) * times };
}

/** Pixels in the stream's format, rows at multiples of four bytes. */
function rows(rgb: Uint8Array, width: number, height: number, pixels: "GRAY8" | "RGB"): Uint8Array {
  const channels = pixels === "RGB" ? 3 : 1;
  const stride = (width * channels + 3) & ~3;
  if (channels === 3 && stride === width * 3) return rgb;
  const out = new Uint8Array(stride * height);
  for (let row = 0; row < height; row++) {
    const from = row * width * 3;
    if (channels === 3) {
      out.set(rgb.subarray(from, from + width * 3), row * stride);
      continue;
    }
    for (let col = 0; col < width; col++) {
      const i = from + col * 3;
      // Rec. 601 luma, as GStreamer's videoconvert weighs it.
      out[row * stride + col] =
        0.299 * (rgb[i] as number) + 0.587 * (rgb[i + 1] as number) + 0.114 * (rgb[i + 2] as number) + 0.5;
    }
  }
  return out;
}
