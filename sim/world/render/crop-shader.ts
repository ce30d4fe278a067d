import type { GroundPatch } from "../layout/model.js";
import { hash01 } from "../random.js";
import { cropLook } from "./crops.js";
import { scale } from "./season.js";
import { type GroundContext, type Shader, snowOver, stripe } from "./texture.js";
import { ink } from "./tile.js";

/** A field under this year's crop: rows, tramlines, bands of mowing, and the patches of its soil. */
export function crop(c: GroundContext, patch: GroundPatch): Shader {
  const { tile, season } = c;
  const look = cropLook(patch.seed, c.epoch.seed, season);
  const { axis } = patch;
  const soil = scale(season.soil, look.soilLight);
  const pale = scale(soil, 1.45);
  const { big, mid, small, fine } = tile;
  const g = tile.gsd_m;
  const rowFade = Math.max(0, 1 - g / (look.row_m * 0.55));
  const k = (2 * Math.PI) / look.row_m;
  const phase = hash01(patch.seed, 31) * 50;
  const cropTint = 0.85 + 0.3 * hash01(patch.seed, c.epoch.seed, 32);
  const plant = scale(look.plant, cropTint);
  return (i, x, y) => {
    const wobble = 0.5 * (big[i] as number);
    const v = x * -axis.y + y * axis.x + phase;
    const soilMix = 0.5 + 0.55 * (big[i] as number) + 0.3 * (mid[i] as number);
    const t = soilMix < 0 ? 0 : Math.min(soilMix, 1);
    let cover = look.cover - look.patchiness * 0.45 * (t - 0.35) * (1.2 - look.cover) - 0.08 * (small[i] as number);
    let light = 1 + 0.07 * (mid[i] as number) + 0.1 * (small[i] as number) + 0.12 * (fine[i] as number);
    light *= 1 - look.patchiness * 0.22 * (t - 0.5);
    if (rowFade > 0 && look.rowStrength > 0) light *= 1 + look.rowStrength * rowFade * Math.sin(k * (v + wobble * 0.3));
    if (look.band_m > 0)
      light *=
        1 + look.bandStrength * (((Math.floor(v / look.band_m) & 1) === 0 ? 0.5 : -0.5) + 0.4 * (mid[i] as number));
    if (look.tram_m > 0) {
      const w = 0.5 * (stripe(v - 0.9, look.tram_m, 0.5, g) + stripe(v + 0.9, look.tram_m, 0.5, g)) * 2;
      cover -= look.tramStrength * w * (0.8 + 0.4 * (mid[i] as number));
    }
    cover = cover < 0 ? 0 : Math.min(cover, 1);
    const sr = soil.r + (pale.r - soil.r) * t;
    const sg = soil.g + (pale.g - soil.g) * t;
    const sb = soil.b + (pale.b - soil.b) * t;
    ink.r = (sr + (plant.r - sr) * cover) * light;
    ink.g = (sg + (plant.g - sg) * cover) * light;
    ink.b = (sb + (plant.b - sb) * cover) * light;
    snowOver(tile, i, season.snow);
  };
}
