import { coverLens, type LensCover } from "../../sim/camera/cover.js";
import { type Night, toNight } from "../../sim/camera/night.js";
import { hash32 } from "../../sim/world/random.js";
import { type GeoPoint, lonLatToOffset } from "../../tiles/geodesy/index.js";
import { GroundView } from "../../tiles/geometry/ground.js";
import type { FlightChange } from "./changed-flight.js";

type PictureChange = NonNullable<FlightChange["picture"]>;

/** The same flight by night; lamps stand still relative to `origin`. */
export function byNight(night: Night, origin: GeoPoint, seed: number): PictureChange {
  return (rgb, { row, index, rig }) => {
    if (row.truth === null) return false;
    const { roll_deg, pitch_deg, yaw_deg, agl_m } = row;
    const view = new GroundView(rig.intrinsics, {
      attitude: { roll_deg, pitch_deg, yaw_deg },
      mount: rig.mount,
      agl_m,
    });
    toNight(rgb, rig.intrinsics, view, lonLatToOffset(origin, row.truth), night, seed + index);
    return true;
  };
}

/** The lens is covered from frame `from` until before frame `to`. */
export function covered(cover: LensCover, from: number, to: number, seed: number): PictureChange {
  return (rgb, { index, rig }) => {
    if (index < from || index >= to) return false;
    coverLens(rgb, rig.intrinsics.width_px, rig.intrinsics.height_px, cover, index, seed);
    return true;
  };
}

/** Fresh noise of the given deviation on the pictures of frames `from` to before `to`: what a still picture has that was sent again. */
export function sentAgain(from: number, to: number, noise_levels: number, seed: number): PictureChange {
  return (rgb, { index }) => {
    if (index < from || index >= to) return false;
    for (let i = 0; i < rgb.length; i++) {
      // A uniform byte has a deviation of 74.
      const noise = (((hash32(i, index, seed) & 255) - 127.5) / 74) * noise_levels;
      rgb[i] = Math.min(255, Math.max(0, (rgb[i] as number) + noise + 0.5));
    }
    return true;
  };
}
