import type { CameraRig, Frame } from "../../agent/vision/frame.js";
import type { MapPlaces } from "../datasets/gallery.js";
import {
  drawViews,
  FRAME,
  FX,
  frameOf,
  groundSeen,
  PAIRS_GSD_M,
  type Pair,
  type PairView,
} from "../datasets/pair-views.js";
import { seeded } from "../datasets/raster.js";
import { heightSigma, type Setting } from "./settings.js";

/** The camera of all queries cut from pairs. */
export const RIG: CameraRig = {
  intrinsics: {
    ...FRAME,
    fx: FX,
    fy: FX,
    cx: (FRAME.width_px - 1) / 2,
    cy: (FRAME.height_px - 1) / 2,
    k1: 0,
    k2: 0,
    p1: 0,
    p2: 0,
    k3: 0,
  },
  mount: { roll_deg: 0, pitch_deg: 0, yaw_deg: 0 },
};

/** A frame over a pair, without the errors of a setting. */
export interface Query {
  readonly pair: Pair;
  readonly view: PairView;
  /** Drawn once: how far the heading is off where it is unknown, 0..1 of 180 degrees. */
  readonly chance: number;
  /** Whether the encoder has seen any of its ground in training. */
  readonly seen: boolean;
}

/** The views of pairs, the same for the same seed. */
export function drawQueries(pairs: readonly Pair[], encoderId: string, viewsEach: number, seed: number): Query[] {
  const random = seeded(seed);
  const chances = seeded(seed + 1);
  return pairs.flatMap((pair) =>
    drawViews(pair, viewsEach, random).map((view) => ({
      pair,
      view,
      chance: chances(),
      seen: groundSeen(encoderId, pair, view),
    })),
  );
}

/** The frame of a query as the agent is told of it. */
export function frameFor({ pair, view, chance }: Query, setting: Setting): Frame {
  const { width, height, data } = frameOf(pair, view);
  const off_deg = setting.headingError_deg ?? 180 * chance;
  const agl_m = FX * PAIRS_GSD_M * setting.heightFactor;
  return {
    t_us: 0,
    image: { kind: "raw", width_px: width, height_px: height, channels: 3, data },
    attitude: { roll_deg: 0, pitch_deg: 0, yaw_deg: (((view.heading_deg + view.side * off_deg) % 360) + 360) % 360 },
    agl_m,
    yaw_sigma_deg: setting.headingSigma_deg,
    agl_sigma_m: agl_m * heightSigma(setting),
  };
}

/** Where a query's patch centre truly is: the camera looks straight down. */
export function truthOf({ pair, view }: Query, places: MapPlaces): { lat_deg: number; lon_deg: number } {
  return places.of(pair.name, view.x, view.y);
}
