import type { Sea } from "../world/sea.js";
import type { GroundImage, GroundWindow, ImagerySource } from "./imagery.js";

/** Imagery with a sea along one side whose waves run on from frame to frame. */
export function seaImagery(land: ImagerySource, sea: Sea): ImagerySource {
  return {
    reference: land.reference,
    tallest_m: land.tallest_m,
    async window(window: GroundWindow, t_s = 0): Promise<GroundImage> {
      const image = await land.window(window, t_s);
      sea.paint({ ...window, rgb: image.rgb, height_m: image.height_m, crown: image.crown }, t_s);
      return image;
    },
  };
}
