import sharp, { type Sharp } from "sharp";
import type { CameraRig, Frame } from "../vision/frame.js";
import type { FrameResult } from "../vision/result.js";
import { mapAsSeen, type TileSource } from "./map-view.js";

const WIDTH_PX = 400;
const QUALITY = 80;

/** Makes the pair of pictures of the newest frame that vision has finished; each is made once, when somebody asks. */
export class Pictures {
  readonly #tiles: TileSource;
  readonly #rig: CameraRig;
  #newest: { readonly frame: Frame; readonly result: FrameResult } | null = null;
  #frame: Promise<Buffer | null> | null = null;
  #candidate: Promise<Buffer | null> | null = null;

  constructor(tiles: TileSource, rig: CameraRig) {
    this.#tiles = tiles;
    this.#rig = rig;
  }

  /** A frame was finished; the pictures of the last one are forgotten. */
  take(frame: Frame, result: FrameResult): void {
    this.#newest = { frame, result };
    this.#frame = null;
    this.#candidate = null;
  }

  /** The frame as a JPEG; null before the first. */
  frame(): Promise<Buffer | null> {
    this.#frame ??= this.#newest === null ? Promise.resolve(null) : jpeg(framePixels(this.#newest.frame));
    return this.#frame;
  }

  /** The map as the camera would see it from the place where the frame was found; null when it was found nowhere. */
  candidate(): Promise<Buffer | null> {
    this.#candidate ??= this.#seen();
    return this.#candidate;
  }

  async #seen(): Promise<Buffer | null> {
    const { frame, result } = this.#newest ?? {};
    if (frame === undefined || result === undefined || result.estimate === null) return null;
    const { attitude, agl_m } = frame;
    const { width, height, rgb } = await mapAsSeen(
      this.#tiles,
      this.#rig,
      {
        lat_deg: result.estimate.lat_deg,
        lon_deg: result.estimate.lon_deg,
        attitude: { ...attitude, yaw_deg: attitude.yaw_deg + (result.heading_correction_deg ?? 0) },
        agl_m: agl_m * (result.scale ?? 1),
      },
      WIDTH_PX,
    );
    return jpeg(sharp(rgb, { raw: { width, height, channels: 3 } }));
  }
}

function framePixels({ image }: Frame): Sharp {
  if (image.kind === "file") return sharp(image.path);
  const { width_px: width, height_px: height, channels, data } = image;
  return sharp(data, { raw: { width, height, channels } });
}

function jpeg(pixels: Sharp): Promise<Buffer> {
  return pixels.resize({ width: WIDTH_PX, withoutEnlargement: true }).jpeg({ quality: QUALITY }).toBuffer();
}
