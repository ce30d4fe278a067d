import type { GroundOffset } from "../../tiles/geometry/ground.js";
import { GroundView } from "../../tiles/geometry/ground.js";
import type { VisionConfig } from "./config.js";
import type { CameraRig, Frame } from "./frame.js";
import { sensorPixelsPerPatchPixel } from "./rectify/ground-raster.js";
import type { NoFixReason } from "./result.js";

/** What the planner needs to know of a level of the pack. */
export interface LevelChoice {
  readonly level: number;
  readonly gsd_m: number;
  readonly cell_px: number;
}

/** A frame that can be judged: where its patch lies and on which level it is compared. */
export interface QueryPlan {
  readonly view: GroundView;
  /** Patch centre: the ground seen by the image centre, metres from below the camera, with the reported heading. */
  readonly centre: GroundOffset;
  readonly level: number;
  /** Part of the patch that the camera sees. */
  readonly visible: number;
}

/** Positions a side at which visibility is judged. */
const PROBES = 16;

/**
 * Chooses the level for a frame: the largest patch that is (almost) wholly seen, else the one seen best; never one that
 * is much finer than the frame. Gives the reason when no level serves.
 */
export function planQuery(
  frame: Frame,
  rig: CameraRig,
  levels: readonly LevelChoice[],
  config: VisionConfig["view"],
): QueryPlan | NoFixReason {
  const lens = rig.intrinsics;
  const view = new GroundView(lens, { attitude: frame.attitude, mount: rig.mount, agl_m: frame.agl_m });
  const centre = view.pixelToGround((lens.width_px - 1) / 2, (lens.height_px - 1) / 2);
  if (centre === null || view.offNadirDeg() > config.max_off_nadir_deg) return "tilt-too-high";
  const sharpEnough = levels.filter(
    ({ gsd_m }) => sensorPixelsPerPatchPixel(view, centre.north_m, centre.east_m, gsd_m) * config.max_upsampling >= 1,
  );
  if (sharpEnough.length === 0) return "agl-too-high";
  let best: { level: LevelChoice; visible: number } | null = null;
  for (const level of [...sharpEnough].sort((a, b) => b.cell_px * b.gsd_m - a.cell_px * a.gsd_m)) {
    const visible = visiblePart(view, centre, level.cell_px * level.gsd_m);
    if (best === null || visible > best.visible) best = { level, visible };
    if (visible >= config.full_visible) break;
  }
  if (best === null || best.visible < config.min_visible) {
    return best !== null && tooLow(frame, rig, best.level, config) ? "agl-too-low" : "low-visibility";
  }
  return { view, centre, level: best.level.level, visible: best.visible };
}

/**
 * Side of the square to rectify, pixels: the patch and one cell stride around it where the camera sees enough of any
 * patch beside it, else the patch alone.
 *
 * @param encoder its inputs are multiples of `multiple_px`, its descriptors grids of `grid` squares a side
 * @param least part of a patch that must be seen for it to be compared
 */
export function rectifiedSide(
  { view, centre }: QueryPlan,
  { cell_px, gsd_m, stride_px }: { readonly cell_px: number; readonly gsd_m: number; readonly stride_px: number },
  encoder: { readonly multiple_px: number; readonly grid: number },
  least: number,
): number {
  const wide_px = cell_px + 2 * stride_px;
  if (wide_px % encoder.multiple_px !== 0 || stride_px % (cell_px / encoder.grid) !== 0) return cell_px;
  const step_m = stride_px * gsd_m;
  for (const north of [-1, 0, 1]) {
    for (const east of [-1, 0, 1]) {
      if (north === 0 && east === 0) continue;
      const beside = { north_m: centre.north_m + north * step_m, east_m: centre.east_m + east * step_m };
      if (visiblePart(view, beside, cell_px * gsd_m) >= least) return wide_px;
    }
  }
  return cell_px;
}

/** Part of a square of ground that the sensor sees, 0..1. */
function visiblePart(view: GroundView, centre: GroundOffset, side_m: number): number {
  let seen = 0;
  for (let i = 0; i < PROBES; i++) {
    const north = centre.north_m + ((i + 0.5) / PROBES - 0.5) * side_m;
    for (let j = 0; j < PROBES; j++) {
      if (view.sees(north, centre.east_m + ((j + 0.5) / PROBES - 0.5) * side_m)) seen++;
    }
  }
  return seen / (PROBES * PROBES);
}

/** Would even a camera that looks straight down from this height see too little of the patch? */
function tooLow(frame: Frame, rig: CameraRig, level: LevelChoice, config: VisionConfig["view"]): boolean {
  const { width_px, height_px, fx, fy } = rig.intrinsics;
  const side_m = level.cell_px * level.gsd_m;
  const wide = Math.min(1, (frame.agl_m * width_px) / fx / side_m);
  const high = Math.min(1, (frame.agl_m * height_px) / fy / side_m);
  return wide * high < config.min_visible;
}
