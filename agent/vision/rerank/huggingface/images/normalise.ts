/** Bytes to the numbers that a network takes. */
export interface Normalisation {
  readonly do_rescale: boolean;
  readonly rescale_factor: number;
  readonly do_normalize: boolean;
  readonly image_mean: readonly [number, number, number];
  readonly image_std: readonly [number, number, number];
}

/** For each channel the value of every byte: value = (byte * rescale_factor - mean) / std. */
export function byteValues(settings: Normalisation): readonly Float32Array[] {
  const { do_rescale, rescale_factor, do_normalize, image_mean, image_std } = settings;
  const scale = do_rescale ? rescale_factor : 1;
  return [0, 1, 2].map((c) =>
    Float32Array.from({ length: 256 }, (_, byte) => {
      const value = byte * scale;
      return do_normalize ? (value - (image_mean[c] ?? 0)) / (image_std[c] ?? 1) : value;
    }),
  );
}
