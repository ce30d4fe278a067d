import sharp from "sharp";
import { type GeoPoint, lonLatToOffset } from "../../tiles/geodesy/index.js";

/** A published position with its 1-sigma error. */
export interface PictureFix extends GeoPoint {
  readonly eph_m: number;
}

/** What is drawn over the map. */
export interface PictureSpec {
  /** Image of the map, north up, and its north-west and south-east corners. */
  readonly map: string;
  readonly northWest: GeoPoint;
  readonly southEast: GeoPoint;
  readonly truth: readonly GeoPoint[];
  readonly fixes: readonly PictureFix[];
  readonly side_px: number;
}

/** A live flight has a position every metre or two: only some get their circle, or nothing else would be seen. */
const CIRCLE_EVERY_PX = 36;

/**
 * Draws the flight on its map: the true track as a line, every fix as a dot, and 3-sigma circles where they do not hide
 * each other. Writes a PNG or JPEG.
 */
export async function drawFlight(spec: PictureSpec, out: string): Promise<void> {
  const { side_px } = spec;
  const span = lonLatToOffset(spec.northWest, spec.southEast);
  const place = (p: GeoPoint): { x: number; y: number } => {
    const { north_m, east_m } = lonLatToOffset(spec.northWest, p);
    return { x: (east_m / span.east_m) * side_px, y: (north_m / span.north_m) * side_px };
  };
  const pixelsPerMetre = side_px / span.east_m;
  const track = spec.truth.map(place).map(({ x, y }) => `${x.toFixed(1)},${y.toFixed(1)}`);
  const circles: string[] = [];
  let last = { x: Number.NEGATIVE_INFINITY, y: 0 };
  const dots = spec.fixes.map((fix) => {
    const { x, y } = place(fix);
    const at = `cx="${x.toFixed(1)}" cy="${y.toFixed(1)}"`;
    if (Math.hypot(x - last.x, y - last.y) >= CIRCLE_EVERY_PX) {
      last = { x, y };
      const radius = (3 * fix.eph_m * pixelsPerMetre).toFixed(1);
      circles.push(`<circle ${at} r="${radius}" fill="#00e5ff33" stroke="#00e5ff" stroke-width="1.5"/>`);
    }
    return `<circle ${at} r="1.2" fill="#ff1744"/>`;
  });
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${side_px}" height="${side_px}">
${circles.join("\n")}
<polyline points="${track.join(" ")}" fill="none" stroke="#ffee58" stroke-width="4"/>
${dots.join("\n")}
</svg>`;
  await sharp(spec.map)
    .resize(side_px, side_px, { fit: "fill" })
    .removeAlpha()
    .composite([{ input: Buffer.from(svg) }])
    .toFile(out);
}
