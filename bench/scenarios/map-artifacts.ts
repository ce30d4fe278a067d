import { buildPack } from "../../flash/pack/build.js";
import { parsePackOptions } from "../../flash/pack/options.js";
import { writeWorldMap } from "../../sim/map.js";
import { offsetToLonLat } from "../../tiles/geodesy/wgs84.js";
import type { Artifact } from "./artifact.js";
import { type EpochSpec, epochOf, type LandSpec, landOf } from "./land.js";

/** A part of a place: metres from its origin. */
export interface LandPart {
  readonly south_m: number;
  readonly west_m: number;
  readonly north_m: number;
  readonly east_m: number;
}

/** The map of a place at a date: a GeoTIFF in web mercator. */
export function mapOf(name: string, land: LandSpec, epoch: EpochSpec, gsd_m: number): Artifact {
  return {
    name: `map-${name}`,
    suffix: ".tif",
    recipe: { land, epoch, gsd_m },
    needs: [],
    async build(out) {
      writeWorldMap(out, landOf(land), epochOf(land, epoch), { gsd_m, epsg: 3857 });
    },
  };
}

/** The pack of a map, or of a part of it, made as `flash pack` makes it. */
export function packOf(name: string, map: Artifact, land: LandSpec, gsd_m: number, part?: LandPart): Artifact {
  return {
    name: `pack-${name}`,
    suffix: ".skypack",
    recipe: { gsd_m, part },
    needs: [map],
    async build(out, at) {
      const warn = (): void => {};
      const words = { out, gsd: String(gsd_m), name, threads: "1" };
      const options = parsePackOptions(
        [at(map)],
        part === undefined ? words : { ...words, bbox: bboxOf(land, part) },
        warn,
      );
      await buildPack(options, { progress: null, warn, signal: new AbortController().signal });
    },
  };
}

function bboxOf(land: LandSpec, part: LandPart): string {
  const southWest = offsetToLonLat(land.origin, part.south_m, part.west_m);
  const northEast = offsetToLonLat(land.origin, part.north_m, part.east_m);
  return [southWest.lon_deg, southWest.lat_deg, northEast.lon_deg, northEast.lat_deg].join(",");
}
