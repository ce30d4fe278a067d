import { decodeFrame, type Raster } from "./decode.js";
import { bilinear, type GroundRaster, sampleGround, sensorPixelsPerPatchPixel } from "./ground-raster.js";
import type { RectifiedQuery, Rectifier, RectifyRequest } from "./rectifier.js";

/**
 * After the low-pass reduction while decoding, this many source pixels are left for one patch pixel: enough that
 * bilinear sampling does not blur, few enough that it does not alias.
 */
const OVERSAMPLING = 1.2;

/**
 * Rectifies by homography and lens model over flat ground. The frame is sampled once for each height, to a north-up
 * ground raster somewhat larger than the patch; each heading is a turn of that raster about the patch's centre.
 */
export class HomographyRectifier implements Rectifier {
  async rectify(request: RectifyRequest): Promise<RectifiedQuery> {
    const { side_px, gsd_m, hypotheses, fill } = request;
    const n = hypotheses.length;
    const patch = side_px * side_px;
    const rgb = new Uint8Array(n * patch * 3);
    const valid = new Uint8Array(n * patch);
    const rasters = new Map<number, Promise<Raster>>();
    for (const scale of new Set(hypotheses.map((one) => one.scale))) {
      const own = hypotheses.flatMap((one, i) => (one.scale === scale ? [{ heading_deg: one.heading_deg, i }] : []));
      const headings_deg = own.map((one) => one.heading_deg);
      const ground = await groundAt(request, scale, rasterSide(side_px, headings_deg), rasters);
      for (const { heading_deg, i } of own) {
        turn(ground, heading_deg, side_px, fill, rgb.subarray(i * patch * 3), valid.subarray(i * patch));
      }
    }
    return { n, side_px, gsd_m, rgb, valid };
  }
}

/**
 * The ground as the camera saw it if it was `scale` times as high as reported: ground at an offset q from the centre was
 * taken for ground at q / scale, so pixels of gsd / scale are read as if they were pixels of gsd.
 *
 * @param rasters the frame, by how far it was reduced while decoding
 */
async function groundAt(
  request: RectifyRequest,
  scale: number,
  side_px: number,
  rasters: Map<number, Promise<Raster>>,
): Promise<GroundRaster> {
  const { view, centre, image, fill } = request;
  const lens = view.intrinsics;
  const gsd_m = request.gsd_m / scale;
  const density = sensorPixelsPerPatchPixel(view, centre.north_m, centre.east_m, gsd_m);
  const reduction = Math.min(1, OVERSAMPLING / density);
  const raster = rasters.get(reduction) ?? decodeFrame(image, lens.width_px, lens.height_px, reduction);
  rasters.set(reduction, raster);
  return sampleGround(await raster, view, { ...centre, gsd_m, side_px }, fill);
}

/** Side of the raster from which every turned patch can be cut: even, so that patch and raster pixels coincide. */
function rasterSide(side_px: number, headings_deg: readonly number[]): number {
  let widest = 1;
  for (const heading of headings_deg) {
    const a = (heading * Math.PI) / 180;
    widest = Math.max(widest, Math.abs(Math.cos(a)) + Math.abs(Math.sin(a)));
  }
  return widest === 1 ? side_px : 2 * Math.ceil((side_px * widest) / 2 + 1);
}

/**
 * Cuts the patch as it would be if the true heading were `heading_deg` more than the reported one: ground at offset q
 * from the centre was taken for ground at R(-heading) q.
 */
function turn(
  ground: GroundRaster,
  heading_deg: number,
  side_px: number,
  fill: readonly [number, number, number],
  rgb: Uint8Array,
  valid: Uint8Array,
): void {
  const side = ground.side_px;
  if (heading_deg === 0) {
    const skip = (side - side_px) / 2;
    for (let row = 0; row < side_px; row++) {
      const from = (row + skip) * side + skip;
      rgb.set(ground.rgb.subarray(from * 3, (from + side_px) * 3), row * side_px * 3);
      valid.set(ground.valid.subarray(from, from + side_px), row * side_px);
    }
    return;
  }
  const raster = { width: side, height: side, data: ground.rgb };
  const seenAt = ground.valid;
  const angle = (heading_deg * Math.PI) / 180;
  const cos = Math.cos(angle);
  const sin = Math.sin(angle);
  let at = 0;
  for (let row = 0; row < side_px; row++) {
    const south = row + 0.5 - side_px / 2;
    for (let col = 0; col < side_px; col++, at++) {
      const east = col + 0.5 - side_px / 2;
      // R(-heading) on (north, east) with north = -south.
      const x = east * cos + south * sin + side / 2 - 0.5;
      const y = south * cos - east * sin + side / 2 - 0.5;
      const corner = Math.floor(y) * side + Math.floor(x);
      // All four neighbours must have been seen, else the fill colour would bleed in.
      const seen =
        (seenAt[corner] as number) &
        (seenAt[corner + 1] as number) &
        (seenAt[corner + side] as number) &
        (seenAt[corner + side + 1] as number);
      if (seen === 1) {
        bilinear(raster, x, y, rgb, at * 3);
        valid[at] = 1;
      } else {
        rgb[at * 3] = fill[0];
        rgb[at * 3 + 1] = fill[1];
        rgb[at * 3 + 2] = fill[2];
      }
    }
  }
}
