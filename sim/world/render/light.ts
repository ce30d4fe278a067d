import type { Epoch } from "../epoch.js";

/** Sun and sky of an epoch, relative to what flat open ground receives (= 1). */
export interface Light {
  /** unit vector towards the sun: east, north, up */
  readonly sx: number;
  readonly sy: number;
  readonly sz: number;
  /** share of the light on flat ground that comes from the sun; the rest is sky */
  readonly direct: number;
  /** unit direction in which shadows fall, and their length per metre of height */
  readonly dx: number;
  readonly dy: number;
  readonly reach: number;
  /** remaining light in full shadow, per channel: skylight is bluish */
  readonly shadow: readonly [number, number, number];
}

export function lightOf(epoch: Epoch): Light {
  const az = (epoch.sun_azimuth_deg * Math.PI) / 180;
  const el = (epoch.sun_elevation_deg * Math.PI) / 180;
  const sz = Math.sin(el);
  const sky = 0.2 + 0.16 * (1 - sz);
  const direct = (1 - sky) * (1 - epoch.cloud) ** 1.2;
  const left = 1 - direct;
  return {
    sx: Math.sin(az) * Math.cos(el),
    sy: Math.cos(az) * Math.cos(el),
    sz,
    direct,
    dx: -Math.sin(az),
    dy: -Math.cos(az),
    reach: Math.cos(el) / sz,
    shadow: [left * 0.88, left * 0.97, left * 1.18],
  };
}

/** Light on a facet with unit normal (nx, ny, nz), relative to flat ground. */
export function lambert(light: Light, nx: number, ny: number, nz: number): number {
  const facing = nx * light.sx + ny * light.sy + nz * light.sz;
  const direct = facing <= 0 ? 0 : facing / light.sz;
  const lit = (1 - light.direct) * (0.55 + 0.45 * nz) + light.direct * Math.min(direct, 1.9);
  return lit;
}
