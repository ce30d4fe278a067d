import { coverLens, type LensCover } from "../../sim/camera/cover.js";
import { type Night, toNight } from "../../sim/camera/night.js";
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
