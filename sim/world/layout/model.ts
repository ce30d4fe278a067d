import type { Box, Point } from "../plane.js";

/** What the ground can be made of. How each looks at a date is decided by the renderer. */
export type GroundMaterial =
  | "verge"
  | "lawn"
  | "garden"
  | "meadow"
  | "crop"
  | "orchard"
  | "scrub"
  | "woodland"
  | "bare"
  | "sand"
  | "gravel"
  | "concrete"
  | "asphalt"
  | "paving"
  | "courtyard"
  | "water"
  | "pool"
  | "pitch"
  | "court"
  | "bays"
  | "solar"
  | "bed";

export interface GroundPatch {
  readonly ring: readonly Point[];
  readonly box: Box;
  readonly material: GroundMaterial;
  readonly seed: number;
  /** unit direction of rows, mowing, joints */
  readonly axis: Point;
  /** opacity, for worn or thin cover */
  readonly alpha: number;
}

export type RoadClass = "highway" | "primary" | "secondary" | "local" | "lane" | "track" | "path" | "rail";

export interface Road {
  readonly id: number;
  readonly kind: RoadClass;
  readonly points: readonly Point[];
  /** length along the road at each point, metres */
  readonly along: Float64Array;
  readonly half_m: number;
  readonly sidewalk_m: number;
  /** larger wins at crossings */
  readonly rank: number;
  readonly seed: number;
  /** 0 = on the ground, 1 = passes over the ones below */
  readonly level: 0 | 1;
  /** segments that are not drawn, because a river or a railway lies there */
  readonly hidden: Uint8Array;
}

export interface Vertex extends Point {
  readonly z: number;
}

/** A flat facet of a roof (or a small thing on it), its corners in order, heights in metres above ground. */
export interface RoofPlane {
  readonly ring: readonly Vertex[];
  /** share of the roof colour: 1 = as the roof, other surfaces have their own colour */
  readonly surface: "roof" | "equipment" | "panel" | "skylight" | "parapet";
}

export type RoofFinish = "tile" | "bitumen" | "gravel" | "metal" | "membrane" | "glass";

export interface Building {
  readonly id: number;
  readonly box: Box;
  readonly footprint: readonly Point[];
  readonly eave_m: number;
  readonly height_m: number;
  readonly planes: readonly RoofPlane[];
  readonly finish: RoofFinish;
  /** sRGB 0xrrggbb */
  readonly roof: number;
  readonly wall: number;
  readonly axis: Point;
  /** never removed or re-roofed between epochs */
  readonly lasting: boolean;
}

export type TreeKind = "broadleaf" | "conifer" | "shrub" | "palm";
export const TREE_KINDS: readonly TreeKind[] = ["broadleaf", "conifer", "shrub", "palm"];

/** A place where a vehicle stands or drives at some epochs. */
export interface CarSpot {
  readonly x: number;
  readonly y: number;
  readonly axis: Point;
  readonly probability: number;
  readonly kind: "car" | "truck" | "boat" | "container";
  readonly id: number;
}

export type LandUse = "urban" | "suburban" | "rural" | "forest" | "mixed";
export type Climate = "temperate" | "mediterranean" | "arid";

/** What makes one place differ from another. Drawn from the seed, every field may be given. */
export interface PlaceStyle {
  readonly landUse: LandUse;
  readonly climate: Climate;
  /** 0 = straight grid, 1 = old winding streets */
  readonly curviness: number;
  /** jitter of the angles at which blocks are cut, radians */
  readonly skew: number;
  readonly districtArea_m2: number;
  readonly fieldArea_m2: number;
  readonly hedges: number;
  readonly treeDensity: number;
  /** floors of the tallest ordinary blocks */
  readonly floors: number;
  readonly lotWidth_m: number;
  /** roof colours of houses, the first the most frequent: a place has its own */
  readonly roofs: readonly number[];
  readonly wall: number;
  readonly yellowMarkings: boolean;
  readonly soil: number;
  readonly rotation_rad: number;
}
