import { Rng } from "../random.js";
import type { Climate, LandUse, PlaceStyle } from "./model.js";

const TERRACOTTA = [0x91604e, 0x855347, 0x9f7058, 0x754f45, 0x6a544b, 0x5b595a];
const SLATE = [0x55585e, 0x67696c, 0x4a4645, 0x75706a, 0x8a5145, 0x3f4347];
const SHINGLE = [0x7d756a, 0x5f5b58, 0x8d8479, 0x6a5a4c, 0x9a938a, 0x4c4a4b];
const SHEET = [0xa9a8a4, 0x8a939b, 0x8f544a, 0x66798a, 0xb9b6af, 0x83695a, 0x66776c];
const WHITEWASH = [0xcfc9bd, 0xb7ab97, 0xd9d5cc, 0xa89a86, 0x9d6a52, 0xc2bcae];
const SOILS = [0x7a634b, 0x8d7558, 0x5c4a3b, 0x97825f, 0x86644a, 0x6b5d4c, 0xa08a6a];
const ARID_SOILS = [0xb39a74, 0xa98c66, 0xc0a881, 0x9f8160];

/** Draws the character of a place. */
export function drawStyle(seed: number, over: Partial<PlaceStyle> = {}): PlaceStyle {
  const rng = new Rng(seed ^ 0x5eed);
  const landUse = over.landUse ?? rng.pick<LandUse>(["urban", "suburban", "rural", "forest", "mixed"]);
  const climate = over.climate ?? rng.weighted<Climate>({ temperate: 0.68, mediterranean: 0.2, arid: 0.12 });
  const grid = rng.chance(0.35);
  const roofs =
    climate === "arid"
      ? WHITEWASH
      : climate === "mediterranean"
        ? rng.pick([TERRACOTTA, TERRACOTTA, WHITEWASH])
        : rng.pick([TERRACOTTA, SLATE, SHINGLE, SHEET]);
  const shift = rng.int(3);
  return {
    landUse,
    climate,
    curviness: grid ? rng.range(0, 0.12) : rng.range(0.3, 1),
    skew: grid ? rng.range(0, 0.03) : rng.range(0.05, 0.22),
    districtArea_m2: landUse === "urban" ? rng.range(5e4, 1.2e5) : rng.range(1e5, 2.6e5),
    fieldArea_m2: Math.exp(rng.range(Math.log(3500), Math.log(60000))),
    hedges: rng.range(0, 0.7),
    treeDensity: climate === "arid" ? rng.range(0.05, 0.3) : rng.range(0.4, 1.2),
    floors: rng.chance(0.25) ? rng.range(7, 16) : rng.range(3, 6),
    lotWidth_m: rng.range(13, 28),
    roofs: [...roofs.slice(shift), ...roofs.slice(0, shift)],
    wall: rng.pick([0xcfc8ba, 0xb9ada0, 0xd8d4cc, 0xa98f7a, 0xc4b59b]),
    yellowMarkings: rng.chance(0.3),
    soil: rng.pick(climate === "arid" ? ARID_SOILS : SOILS),
    rotation_rad: rng.range(0, Math.PI),
    ...over,
  };
}
