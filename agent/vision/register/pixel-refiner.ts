import type { ModelFolder, RegistrarCard } from "../../../models/runtime/model-folder.js";
import { OnnxSession, outputOf, type SessionOptions } from "../../../models/runtime/session.js";
import { DecodedTiles, type MapPictures, mapPictures, showsEnough } from "../map-picture.js";
import type { RectifiedQuery } from "../rectify/rectifier.js";
import type { GridPlace } from "./feature-place.js";
import { type GreyPicture, greyOf, resample, smooth, writeField } from "./orientation-field.js";
import { findPeak, moments, parabolaTop, probabilities, type ScoreVolume, spread, type VolumePeak } from "./peak.js";
import { marginals, refineAxis } from "./volume.js";

/** The `refine` block of a registrar's model.json. */
export type RefineModel = NonNullable<RegistrarCard["refine"]>;

/** Where the features put the query, and what they say of places around it. */
export interface RefineStart {
  readonly level: number;
  /** Which of the query's patches fits. */
  readonly patch: number;
  readonly place: GridPlace;
  /** Mean cosine of the features with the patch's centre there; -Infinity where that does not count. */
  scoreAt(col_px: number, row_px: number): number;
  /** Does the map show ground there? */
  mapped(col_px: number, row_px: number): boolean;
}

/** Where features and pixels together put the query. */
export interface RefinedPlace extends GridPlace {
  /** By how many standard deviations of the other shifts' agreement the pixels agree here. */
  readonly lead: number;
}

/** Pixels of the level for one step of the search. */
const STEP_PX = 2;
/** Shifts nearer than this to the peak are the peak's own, steps. */
const PEAK_RADIUS = 2;
/** Decoded tiles kept between frames: 9 MiB, more ground than a few frames show. */
const TILES_KEPT = 48;
/** Of the query's pixels at least this part must be known. */
const LEAST_KNOWN = 0.25;

/**
 * Refines a place that dense features found by correlating pixels: gradient orientations of the query's patch, turned and
 * scaled in a few ways about the features' answer, with those of the map's picture in a window about it. Both kinds of
 * evidence are weighed in one volume over heading, scale and shift: p = softmax(beta_pixels * agreement of the pixels +
 * beta_features * mean cosine of the features). Where the pixels' peak does not stand out, there is no answer.
 */
export class PixelRefiner {
  private readonly tiles = new DecodedTiles(TILES_KEPT);

  private constructor(
    private readonly model: RefineModel,
    private readonly graph: RegistrarCard["graph"],
    private readonly session: OnnxSession,
    private readonly pictures: MapPictures,
  ) {}

  /** The refiner of a registrar's model; null where it has none. */
  static async load(
    folder: ModelFolder<RegistrarCard>,
    options: SessionOptions,
    pictures: MapPictures,
  ): Promise<PixelRefiner | null> {
    const { refine, graph } = folder.card;
    if (refine === undefined) return null;
    // The graph slides maps of any number of channels. On the CPU always: an accelerator would be set up for its shapes.
    const session = await OnnxSession.open(folder, graph.file, { ...options, providers: ["cpu"] });
    return new PixelRefiner(refine, graph, session, pictures);
  }

  async release(): Promise<void> {
    await this.session.release();
  }

  /** @returns null where the pixels do not tell: no picture of the map, nothing in it, or no clear peak within reach */
  async refine(query: RectifiedQuery, start: RefineStart): Promise<RefinedPlace | null> {
    const { place } = start;
    const map = await this.mapPicture(start, query.side_px);
    if (map === null) return null;
    const { headings_deg, scales } = this.model;
    const side = query.side_px / STEP_PX;
    const patch = smooth(patchOf(query, start.patch), this.model.smoothing_px);
    const count = headings_deg.length * scales.length;
    const fields = new Float32Array(count * 2 * side * side);
    const known: number[] = [];
    for (const heading of headings_deg) {
      for (const scale of scales) {
        const way = { heading_deg: place.turn_deg + heading, scale: place.scale * scale, reduction: STEP_PX, side };
        known.push(writeField(resample(patch, way), fields, known.length * 2 * side * side));
      }
    }
    if (Math.min(...known) < LEAST_KNOWN * side * side) return null;
    const mapSide = map.picture.side / STEP_PX;
    const whole = { heading_deg: 0, scale: 1, reduction: STEP_PX, side: mapSide };
    const mapField = new Float32Array(2 * mapSide * mapSide);
    // The map is not turned: reduced first, there is less to smooth.
    writeField(smooth(resample(map.picture, whole), this.model.smoothing_px / STEP_PX), mapField, 0);
    const shifts = mapSide - side + 1;
    const { graph } = this;
    const outputs = await this.session.run({
      [graph.map]: { data: mapField, dims: [1, 2, mapSide, mapSide] },
      [graph.query]: { data: fields, dims: [count, 2, side, side] },
    });
    const sums = outputOf(outputs, graph.score, [1, count, shifts, shifts], this.session.path);
    const pixels = sums.map((sum, i) => sum / (known[Math.floor(i / (shifts * shifts))] as number));
    return this.weigh({ data: pixels, variants: count, shifts }, start, map);
  }

  /** Weighs pixels and features together; null when the best place is not clear. */
  private weigh(pixels: ScoreVolume, start: RefineStart, map: MapSquare): RefinedPlace | null {
    const { place } = start;
    const { shifts } = pixels;
    const area = shifts * shifts;
    const { headings_deg, scales, beta_features, beta_pixels, min_lead, covariance } = this.model;
    const features = Float64Array.from({ length: area }, (_, s) =>
      start.scoreAt(map.col_px + STEP_PX * (s % shifts), map.row_px + STEP_PX * Math.floor(s / shifts)),
    );
    const both: ScoreVolume = {
      ...pixels,
      data: pixels.data.map((value, i) => beta_pixels * value + beta_features * (features[i % area] as number)),
    };
    const peak = findPeak(both);
    if (peak === null || onBorder(peak, shifts)) return null;
    const lead = leadOf(pixels, peak);
    if (!(lead >= min_lead)) return null;
    const at = (variant: number, y: number, x: number): number =>
      both.data[(variant * shifts + y) * shifts + x] as number;
    const { variant: v, y, x, score } = peak;
    const fx = x + (parabolaTop(at(v, y, x - 1), score, at(v, y, x + 1), 0.5) ?? 0);
    const fy = y + (parabolaTop(at(v, y - 1, x), score, at(v, y + 1, x), 0.5) ?? 0);
    const p = probabilities(both, 1, score);
    const marginal = marginals(p, both, { headings_deg, scales });
    const h = Math.floor(v / scales.length);
    const s = v % scales.length;
    const turn = refineAxis(headings_deg, h, (i) => at(i * scales.length + s, y, x));
    const scale = refineAxis(scales, s, (i) => at(h * scales.length + i, y, x));
    const moment = spread(marginal.shifts, shifts, fx, fy, shifts);
    const factor = covariance.scale * STEP_PX * STEP_PX;
    return {
      col_px: map.col_px + STEP_PX * fx,
      row_px: map.row_px + STEP_PX * fy,
      xx: factor * moment.xx + covariance.floor_px ** 2,
      xy: factor * moment.xy,
      yy: factor * moment.yy + covariance.floor_px ** 2,
      turn_deg: place.turn_deg + turn,
      turn_sigma_deg: Math.sqrt(moments(headings_deg, marginal.headings).variance),
      scale: place.scale * scale,
      scale_sigma: place.scale * Math.sqrt(moments(scales, marginal.scales).variance),
      lead,
    };
  }

  /** The map about a place, as far as the search reaches; null where the pack's tiles are too coarse. */
  private async mapPicture({ level, place, mapped }: RefineStart, side_px: number): Promise<MapSquare | null> {
    if (!showsEnough(this.pictures, level)) return null;
    const reach = this.model.reach_px;
    const side = side_px + 2 * reach;
    // Whole pixels, so that the picture is not interpolated more than it must be.
    const left = Math.round(place.col_px - side_px / 2) - reach;
    const top = Math.round(place.row_px - side_px / 2) - reach;
    const window = { level, col_px: left + side / 2, row_px: top + side / 2, side_px: side };
    const [picture] = await mapPictures(this.pictures, [window], [0, 0, 0], this.tiles);
    if (picture === undefined) return null;
    const known = new Uint8Array(side * side);
    for (let row = 0, at = 0; row < side; row++) {
      for (let col = 0; col < side; col++, at++) {
        known[at] = mapped(left + col + 0.5, top + row + 0.5) ? 1 : 0;
      }
    }
    const square = { side, grey: greyOf(picture.rgb), known };
    return { picture: square, col_px: left + side_px / 2, row_px: top + side_px / 2 };
  }
}

/** A picture of the map, and where the query's centre lies at the first shift. */
interface MapSquare {
  readonly picture: GreyPicture;
  readonly col_px: number;
  readonly row_px: number;
}

function patchOf(query: RectifiedQuery, index: number): GreyPicture {
  const side = query.side_px;
  const area = side * side;
  const rgb = query.rgb.subarray(index * area * 3, (index + 1) * area * 3);
  return { side, grey: greyOf(rgb), known: query.valid.subarray(index * area, (index + 1) * area) };
}

function onBorder({ x, y }: VolumePeak, shifts: number): boolean {
  return x === 0 || y === 0 || x === shifts - 1 || y === shifts - 1;
}

/** How far the agreement at a peak lies above the mean of all shifts away from it, in their standard deviations. */
function leadOf({ data, variants, shifts }: ScoreVolume, peak: VolumePeak): number {
  let n = 0;
  let sum = 0;
  let squares = 0;
  for (let v = 0, i = 0; v < variants; v++) {
    for (let y = 0; y < shifts; y++) {
      for (let x = 0; x < shifts; x++, i++) {
        if (Math.max(Math.abs(x - peak.x), Math.abs(y - peak.y)) <= PEAK_RADIUS) continue;
        const value = data[i] as number;
        n++;
        sum += value;
        squares += value * value;
      }
    }
  }
  const mean = sum / n;
  const deviation = Math.sqrt(Math.max(0, squares / n - mean * mean));
  const own = data[(peak.variant * shifts + peak.y) * shifts + peak.x] as number;
  return deviation > 0 ? (own - mean) / deviation : 0;
}
