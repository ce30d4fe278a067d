import { CoastLand } from "../../sim/world/coast-land.js";
import { type Epoch, makeEpoch } from "../../sim/world/epoch.js";
import type { Land } from "../../sim/world/land.js";
import type { Climate, LandUse } from "../../sim/world/layout/model.js";
import { Sea, type SeaSpec } from "../../sim/world/sea.js";
import { type LandSquare, TwinLand } from "../../sim/world/twin-land.js";
import { World } from "../../sim/world/world.js";

/** A place of the simulator and what was done to it, as data. */
export interface LandSpec {
  readonly seed: number;
  readonly size_m: number;
  readonly land_use: LandUse;
  readonly climate?: Climate;
  readonly origin: { readonly lat_deg: number; readonly lon_deg: number };
  readonly sea?: SeaSpec;
  /** a district that stands twice; copy_change: this share of the copy's buildings and trees differs */
  readonly twin?: {
    readonly original: LandSquare;
    readonly copy: LandSquare;
    readonly side_m: number;
    readonly copy_change?: number;
  };
}

/** A date of a place: its number, and fields that are fixed. */
export interface EpochSpec {
  readonly index: number;
  readonly over?: Partial<Epoch>;
}

export function epochOf(land: LandSpec, epoch: EpochSpec): Epoch {
  return makeEpoch(land.seed, epoch.index, Math.abs(land.origin.lat_deg), epoch.over);
}

/** The place as maps show it, a sea included. */
export function landOf(spec: LandSpec): Land {
  const dry = dryLandOf(spec);
  return spec.sea === undefined ? dry : new CoastLand(dry, new Sea(spec.sea));
}

/** The place without its sea, for frames in which the sea moves. */
export function dryLandOf(spec: LandSpec): Land {
  const style = { landUse: spec.land_use, ...(spec.climate === undefined ? {} : { climate: spec.climate }) };
  const world = new World({ seed: spec.seed, size_m: spec.size_m, origin: spec.origin, style });
  if (spec.twin === undefined) return world;
  const { copy_change, ...twin } = spec.twin;
  if (copy_change === undefined) return new TwinLand(world, twin);
  // Another seed decides which buildings and trees differ: not those that differ between the dates anyway.
  const epochOfCopy = (epoch: Epoch): Epoch => ({ ...epoch, seed: (epoch.seed ^ 0x2c0b) >>> 0, change: copy_change });
  return new TwinLand(world, { ...twin, epochOfCopy });
}
