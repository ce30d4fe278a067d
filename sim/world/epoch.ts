import { hash01, Rng } from "./random.js";

/** How a camera or satellite turned light into numbers: applied to linear light, in this order. */
export interface SensorResponse {
  /** multiplies the three channels: white balance and exposure */
  readonly gain: readonly [number, number, number];
  /** 0 = grey, 1 = as it is */
  readonly saturation: number;
  /** share of the light that is replaced by bluish air light, 0..0.4 */
  readonly haze: number;
  /** output = input^(1/gamma) */
  readonly gamma: number;
  /** strength of the S-curve: 0 = none, 1 = strong */
  readonly contrast: number;
  /** standard deviation of the blur, pixels */
  readonly blur_px: number;
  /** standard deviation of the noise, 8-bit levels */
  readonly noise_levels: number;
}

/** One date at which the world is looked at. The same epoch gives the same image for ever. */
export interface Epoch {
  readonly seed: number;
  /** 1..365, northern hemisphere: decides leaves, crops, grass */
  readonly day_of_year: number;
  readonly sun_azimuth_deg: number;
  readonly sun_elevation_deg: number;
  /** 0 = none, 1 = everything white */
  readonly snow: number;
  /** 0 = clear sky with hard shadows, 1 = overcast without any */
  readonly cloud: number;
  /** share of the buildings that differ from the planned state: missing, or of another roof colour */
  readonly change: number;
  /** how far the top of a 1 m high thing appears from its foot: the lean of a picture taken from the side */
  readonly lean_east: number;
  readonly lean_north: number;
  readonly sensor: SensorResponse;
}

/** A sensor without opinion: for truth, and for cameras that add their own. */
export const NEUTRAL_SENSOR: SensorResponse = {
  gain: [1, 1, 1],
  saturation: 1,
  haze: 0.02,
  gamma: 2.2,
  contrast: 0.2,
  blur_px: 0,
  noise_levels: 0,
};

/** Sun azimuth (clockwise from north) and elevation, by the usual declination and hour-angle formulas. */
export function sunPosition(
  lat_deg: number,
  day_of_year: number,
  solar_hour: number,
): { azimuth_deg: number; elevation_deg: number } {
  const rad = Math.PI / 180;
  const declination = 23.44 * rad * Math.sin(((2 * Math.PI) / 365) * (day_of_year - 81));
  const hourAngle = (solar_hour - 12) * 15 * rad;
  const lat = lat_deg * rad;
  const sinElevation =
    Math.sin(lat) * Math.sin(declination) + Math.cos(lat) * Math.cos(declination) * Math.cos(hourAngle);
  const elevation = Math.asin(sinElevation);
  const east = -Math.cos(declination) * Math.sin(hourAngle);
  const north = Math.sin(declination) * Math.cos(lat) - Math.cos(declination) * Math.sin(lat) * Math.cos(hourAngle);
  return { azimuth_deg: (((Math.atan2(east, north) / rad) % 360) + 360) % 360, elevation_deg: elevation / rad };
}

/**
 * Draws an epoch. Epochs with the same seed and different index are dates of one place: other seasons, sun, sensor.
 * @param over fields to fix
 */
export function makeEpoch(seed: number, index: number, lat_deg = 48, over: Partial<Epoch> = {}): Epoch {
  const rng = new Rng(seed * 7919 + index * 104729 + 17);
  const seasonal = [170, 290, 105, 20, 225, 330];
  const day =
    over.day_of_year ??
    Math.round((seasonal[(index + Math.floor(hash01(seed, 5) * 3)) % 6] ?? 170) + rng.range(-25, 25) + 365) % 365;
  let sun = sunPosition(lat_deg, day, rng.range(9.5, 15));
  if (sun.elevation_deg < 17) sun = sunPosition(lat_deg, day, 12 + rng.range(-0.7, 0.7));
  const winter = day < 60 || day > 345;
  const warm = rng.range(-0.09, 0.09);
  const level = rng.range(0.85, 1.25);
  return {
    seed: hashSeed(seed, index),
    day_of_year: day,
    sun_azimuth_deg: sun.azimuth_deg,
    sun_elevation_deg: Math.max(14, sun.elevation_deg),
    snow: winter && rng.chance(0.3) ? rng.range(0.3, 0.95) : 0,
    cloud: rng.chance(0.25) ? rng.range(0.4, 0.95) : rng.range(0, 0.25),
    change: rng.range(0.02, 0.12),
    lean_east: rng.normal() * 0.07,
    lean_north: rng.normal() * 0.07,
    sensor: {
      gain: [level * (1 + warm), level * (1 + rng.range(-0.03, 0.03)), level * (1 - warm)],
      saturation: rng.range(0.5, 1.1),
      haze: rng.range(0, 0.16),
      gamma: rng.range(1.9, 2.4),
      contrast: rng.range(0, 0.7),
      blur_px: rng.range(0.25, 0.75),
      noise_levels: rng.range(0.5, 3),
    },
    ...over,
  };
}

function hashSeed(seed: number, index: number): number {
  return Math.floor(hash01(seed, index, 99) * 4294967296);
}
