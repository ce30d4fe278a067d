import { hash01, hash32 } from "../random.js";
import { type Colour, colour, mix, type Season, smooth } from "./season.js";

/** How one field looks at one date. */
export interface CropLook {
  readonly plant: Colour;
  /** share of the ground that plants cover between the rows, 0..1 */
  readonly cover: number;
  /** distance of rows, metres, and how strongly they show */
  readonly row_m: number;
  readonly rowStrength: number;
  /** distance of the tramlines, metres; 0 = none */
  readonly tram_m: number;
  readonly tramStrength: number;
  /** strength of the patches that soil and water draw into the stand */
  readonly patchiness: number;
  /** brightness of the soil relative to the place's own */
  readonly soilLight: number;
  /** alternating bands of mowing or harvesting, metres; 0 = none */
  readonly band_m: number;
  readonly bandStrength: number;
}

const GREEN = [0x4f6a2f, 0x5c7a38, 0x466032, 0x6b8441];

/**
 * The state of a field: the crop changes with the year, its growth with the day; the patches of its soil do not.
 * @param epochSeed decides this year's crop, so that two dates of one place mostly show different crops
 */
export function cropLook(fieldSeed: number, epochSeed: number, season: Season): CropLook {
  const year = hash32(epochSeed, 11) % 97;
  const pick = hash01(fieldSeed, year, 1);
  const vary = hash01(fieldSeed, year, 2);
  const fixed = hash01(fieldSeed, 3);
  const soilLight = 0.8 + 0.45 * hash01(fieldSeed, 4) + 0.15 * (hash01(fieldSeed, year, 5) - 0.5);
  const { day } = season;
  const tram_m = [12, 18, 21, 24, 28, 36][hash32(fieldSeed, 6) % 6] ?? 24;
  const green = colour(GREEN[hash32(fieldSeed, year, 7) % 4] ?? 0x4f6a2f);
  const base = { soilLight, patchiness: 0.25 + 0.5 * fixed, band_m: 0, bandStrength: 0 };
  const bare = (row: number, strength: number): CropLook => ({
    ...base,
    plant: green,
    cover: 0.04 * vary,
    row_m: row,
    rowStrength: strength,
    tram_m: vary < 0.4 ? tram_m / 4 : 0,
    tramStrength: 0.12,
  });
  const stubble = (): CropLook => ({
    ...base,
    plant: colour(vary < 0.5 ? 0xa89a68 : 0x9a8a5e),
    cover: 0.75,
    row_m: 0.6,
    rowStrength: 0.1,
    tram_m,
    tramStrength: 0.2,
    band_m: 6 + 6 * fixed,
    bandStrength: 0.16,
  });
  if (season.climate === "arid" && pick < 0.55) return { ...bare(1.2 + vary, 0.1), soilLight: soilLight * 1.1 };
  if (pick < 0.42) {
    // winter cereal: drilled in autumn, green until June, gold in July, stubble or tilled after
    if (day < 165 || day > 310) {
      const grown = day > 310 ? 0.3 : 0.35 + 0.65 * smooth(60, 115, day);
      return {
        ...base,
        plant: mix(green, colour(0x6f8a45), 1 - grown),
        cover: grown * (0.85 + 0.15 * vary),
        row_m: 0.5,
        rowStrength: 0.12,
        tram_m,
        tramStrength: 0.45 * grown,
      };
    }
    const cut = 205 + 30 * vary;
    if (day < cut)
      return {
        ...base,
        plant: mix(green, colour(0xb59b5c), smooth(160, 195, day)),
        cover: 0.97,
        row_m: 0.5,
        rowStrength: 0.06,
        tram_m,
        tramStrength: 0.35,
      };
    return hash01(fieldSeed, year, 8) < 1 - smooth(cut, 290, day) ? stubble() : bare(0.9, 0.14);
  }
  if (pick < 0.54) {
    // rape: yellow in May
    if (day > 115 && day < 148)
      return {
        ...base,
        plant: colour(vary < 0.6 ? 0xb9a92e : 0x9a9a38),
        cover: 0.97,
        row_m: 0.5,
        rowStrength: 0.03,
        tram_m,
        tramStrength: 0.4,
      };
    if (day < 190 || day > 265)
      return {
        ...base,
        plant: colour(0x4a6338),
        cover: day > 265 || day < 80 ? 0.7 : 0.96,
        row_m: 0.5,
        rowStrength: 0.06,
        tram_m,
        tramStrength: 0.35,
      };
    return vary < 0.5 ? stubble() : bare(0.8, 0.12);
  }
  if (pick < 0.78) {
    // maize, sunflower, roots: bare in spring, dense in summer, straw after October
    if (day < 130)
      return vary < 0.3
        ? { ...base, plant: colour(0x7d7351), cover: 0.5, row_m: 0.75, rowStrength: 0.15, tram_m: 0, tramStrength: 0 }
        : bare(0.75 + vary, 0.18);
    if (day < 250)
      return {
        ...base,
        plant: vary < 0.5 ? colour(0x41592c) : colour(0x557038),
        cover: smooth(130, 175, day) * 0.98,
        row_m: vary < 0.4 ? 1.8 : 0.75,
        rowStrength: 0.26,
        tram_m: vary < 0.4 ? tram_m : 0,
        tramStrength: 0.3,
      };
    if (day < 292)
      return {
        ...base,
        plant: mix(colour(0x6d7040), colour(0x8f7c4d), smooth(250, 285, day)),
        cover: 0.9,
        row_m: 0.75,
        rowStrength: 0.2,
        tram_m: 0,
        tramStrength: 0,
      };
    return vary < 0.5
      ? { ...base, plant: colour(0x8f8159), cover: 0.45, row_m: 0.75, rowStrength: 0.2, tram_m: 6, tramStrength: 0.12 }
      : bare(1.1, 0.16);
  }
  if (pick < 0.9) {
    // grass and clover, mown in bands
    const mown = hash01(fieldSeed, year, 9);
    return {
      ...base,
      plant: mix(season.grass, season.dryGrass, season.dryness * 0.7 + 0.3 * (mown < 0.4 ? 1 : 0)),
      cover: 0.97,
      row_m: 2.4,
      rowStrength: mown < 0.4 ? 0.16 : 0.03,
      tram_m: 0,
      tramStrength: 0,
      band_m: 5 + 8 * fixed,
      bandStrength: mown < 0.6 ? 0.12 : 0,
    };
  }
  return { ...bare(0.5 + vary * 2, 0.2), band_m: 9 + 10 * fixed, bandStrength: 0.1 };
}
