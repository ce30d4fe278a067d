/**
 * Gradient-orientation fields of grey pictures: doubled-angle unit vectors of the brightness gradient, so that light on
 * dark counts as dark on light, weighted down where the gradient is weak. Two pictures of one place taken years apart
 * agree in them where their brightness does not.
 */

/** A square grey picture and where it is known. */
export interface GreyPicture {
  readonly side: number;
  /** [side, side], 0..255. */
  readonly grey: Float32Array;
  /** [side, side]: 1 where the picture shows ground, else 0. */
  readonly known: Uint8Array;
}

/** Brightness (ITU-R BT.601) of interleaved RGB pixels. */
export function greyOf(rgb: Uint8Array): Float32Array {
  const out = new Float32Array(rgb.length / 3);
  for (let i = 0, at = 0; i < out.length; i++, at += 3) {
    out[i] = 0.299 * (rgb[at] as number) + 0.587 * (rgb[at + 1] as number) + 0.114 * (rgb[at + 2] as number);
  }
  return out;
}

/** Gaussian weights out to three sigma, summing to 1. */
function gaussian(sigma_px: number): Float32Array {
  const reach = Math.max(1, Math.ceil(3 * sigma_px));
  const weights = Float32Array.from({ length: 2 * reach + 1 }, (_, i) =>
    Math.exp(-0.5 * ((i - reach) / sigma_px) ** 2),
  );
  const sum = weights.reduce((all, one) => all + one, 0);
  return weights.map((one) => one / sum);
}

/** Smooths by a Gaussian; the border is continued outwards. What lies within two sigma of unknown pixels becomes unknown. */
export function smooth(picture: GreyPicture, sigma_px: number): GreyPicture {
  const { side } = picture;
  const weights = gaussian(sigma_px);
  const across = transposedBlur(picture.grey, side, weights);
  const grey = transposedBlur(across, side, weights);
  return { side, grey, known: eroded(picture.known, side, Math.ceil(2 * sigma_px)) };
}

/** Blurs the rows and writes them as columns: twice gives a blur both ways, and rows are read in order each time. */
function transposedBlur(grey: Float32Array, side: number, weights: Float32Array): Float32Array {
  const reach = (weights.length - 1) / 2;
  const out = new Float32Array(side * side);
  const row = new Float32Array(side + 2 * reach);
  for (let y = 0; y < side; y++) {
    const from = y * side;
    row.fill(grey[from] as number, 0, reach);
    row.set(grey.subarray(from, from + side), reach);
    row.fill(grey[from + side - 1] as number, reach + side);
    for (let x = 0; x < side; x++) {
      let sum = (weights[reach] as number) * (row[x + reach] as number);
      for (let k = 0, end = x + 2 * reach; k < reach; k++) {
        sum += (weights[k] as number) * ((row[x + k] as number) + (row[end - k] as number));
      }
      out[x * side + y] = sum;
    }
  }
  return out;
}

/** 1 where all pixels within `reach` (larger of both distances) are 1; beyond the border counts as 1. */
function eroded(known: Uint8Array, side: number, reach: number): Uint8Array {
  const pass = (mask: Uint8Array): Uint8Array => {
    const out = new Uint8Array(side * side);
    for (let y = 0; y < side; y++) {
      // How many unknown pixels the run about x holds.
      let gaps = 0;
      for (let x = -reach; x < side; x++) {
        if (x + reach < side && mask[y * side + x + reach] === 0) gaps++;
        if (x - reach - 1 >= 0 && mask[y * side + x - reach - 1] === 0) gaps--;
        if (x >= 0) out[x * side + y] = gaps === 0 ? 1 : 0;
      }
    }
    return out;
  };
  return pass(pass(known));
}

/** How a picture is laid out anew: turned about its centre as rectification does it, scaled, and reduced. */
export interface Resampling {
  /** The true heading is this much more than the picture was made for. */
  readonly heading_deg: number;
  /** The aircraft is this many times as high. */
  readonly scale: number;
  /** Pixels of the picture for one of the result. */
  readonly reduction: number;
  /** Side of the result. */
  readonly side: number;
}

/** Samples a picture bilinearly on a turned, scaled and reduced grid about its centre. */
export function resample(picture: GreyPicture, { heading_deg, scale, reduction, side }: Resampling): GreyPicture {
  const grey = new Float32Array(side * side);
  const known = new Uint8Array(side * side);
  const angle = (heading_deg * Math.PI) / 180;
  const cos = (Math.cos(angle) * reduction) / scale;
  const sin = (Math.sin(angle) * reduction) / scale;
  const half = (side - 1) / 2;
  const middle = (picture.side - 1) / 2;
  const last = picture.side - 1;
  for (let row = 0, at = 0; row < side; row++) {
    let x = middle - half * cos + (row - half) * sin;
    let y = middle + half * sin + (row - half) * cos;
    for (let col = 0; col < side; col++, at++, x += cos, y -= sin) {
      const cx = Math.max(0, Math.min(x, last));
      const cy = Math.max(0, Math.min(y, last));
      const x0 = Math.min(Math.floor(cx), last - 1);
      const y0 = Math.min(Math.floor(cy), last - 1);
      const fx = cx - x0;
      const fy = cy - y0;
      const a = y0 * picture.side + x0;
      const b = a + picture.side;
      const top = (picture.grey[a] as number) * (1 - fx) + (picture.grey[a + 1] as number) * fx;
      const low = (picture.grey[b] as number) * (1 - fx) + (picture.grey[b + 1] as number) * fx;
      grey[at] = top * (1 - fy) + low * fy;
      const inside = x > -1 && y > -1 && x < last + 1 && y < last + 1;
      const nearest = Math.round(cy) * picture.side + Math.round(cx);
      known[at] = inside ? (picture.known[nearest] as number) : 0;
    }
  }
  return { side, grey, known };
}

/** Squared gradients (Sobel) of a picture: their doubled-angle products, and their power. Zero at the border and where unknown. */
interface Gradients {
  /** gx gx - gy gy. */
  readonly cosine: Float32Array;
  /** 2 gx gy. */
  readonly sine: Float32Array;
  readonly power: Float32Array;
}

function gradients({ side, grey, known }: GreyPicture): Gradients {
  const area = side * side;
  const out = { cosine: new Float32Array(area), sine: new Float32Array(area), power: new Float32Array(area) };
  for (let y = 1; y < side - 1; y++) {
    for (let x = 1, at = y * side + 1; x < side - 1; x++, at++) {
      if (known[at] === 0) continue;
      const above = at - side;
      const below = at + side;
      const nw = grey[above - 1] as number;
      const ne = grey[above + 1] as number;
      const sw = grey[below - 1] as number;
      const se = grey[below + 1] as number;
      const gx = ne - nw + se - sw + 2 * ((grey[at + 1] as number) - (grey[at - 1] as number));
      const gy = sw - nw + se - ne + 2 * ((grey[below] as number) - (grey[above] as number));
      out.cosine[at] = gx * gx - gy * gy;
      out.sine[at] = 2 * gx * gy;
      out.power[at] = gx * gx + gy * gy;
    }
  }
  return out;
}

/** Every so many pixels enter the median of the power. */
const MEDIAN_STEP = 4;

/**
 * Writes the field of a picture, [2, side, side]: cosine and sine of twice the gradient's direction, times
 * power / (power + median power).
 *
 * @returns how many pixels of it are known
 */
export function writeField(picture: GreyPicture, out: Float32Array, base: number): number {
  const area = picture.side * picture.side;
  const { cosine, sine, power } = gradients(picture);
  const sampled: number[] = [];
  let count = 0;
  for (let at = 0; at < area; at++) {
    if (picture.known[at] === 0) continue;
    if (count % MEDIAN_STEP === 0) sampled.push(power[at] as number);
    count++;
  }
  const sorted = Float32Array.from(sampled).sort();
  const floor = Math.max(sorted[sorted.length >> 1] ?? 0, LEAST_POWER);
  for (let at = 0; at < area; at++) {
    const weight = 1 / ((power[at] as number) + floor);
    out[base + at] = (cosine[at] as number) * weight;
    out[base + area + at] = (sine[at] as number) * weight;
  }
  return count;
}

/** Median power is never taken for less, grey levels squared: a flat picture has no directions, only rounding. */
const LEAST_POWER = 1;
