import type { ModelFolder, RerankerCard } from "../../../models/runtime/model-folder.js";
import { OnnxSession, outputOf, type SessionOptions } from "../../../models/runtime/session.js";
import { DecodedTiles, type MapPictures, mapPictures, showsEnough } from "../map-picture.js";
import type { MapSource } from "../map-source.js";
import type { RectifiedQuery } from "../rectify/rectifier.js";
import { type GreyPicture, greyOf, resample, smooth, writeField } from "../register/orientation-field.js";
import type { Candidate, RankedCandidate } from "../result.js";

/** The `pixels` block of a re-ranker's model.json. */
export type PixelModel = NonNullable<RerankerCard["pixels"]>;

/** What of a map pixel agreement reads: pictures, and which ground the map shows at all. */
export type PixelMap = MapPictures & Pick<MapSource, "featureWindow">;

/** Decoded tiles kept between frames. */
const TILES_KEPT = 48;
/** Of the query's pixels at least this part must be known, and at least this part of those on the map's ground. */
const LEAST_KNOWN = 0.25;
const LEAST_OVERLAP = 0.5;
/** The picture of a query is halved before it is smoothed: a quarter of the work, and smoothing hides the difference. */
const HALVED = 2;

/** Gradient orientations of a query's patch in one way of turning and scaling it. */
interface Way {
  readonly known: Uint8Array;
  readonly count: number;
  /** Sum of squares. */
  readonly energy: number;
}

/** A patch in all ways, one after the other: [ways, 2, side, side]. */
interface PatchFields {
  readonly fields: Float32Array;
  readonly ways: readonly Way[];
}

/**
 * Settles doubts of the re-ranker by pixels: where its first candidates lie close together, gradient orientations of the
 * query's patch are slid over the map's picture around each of them, and the normalised correlation at the best shift is
 * added to the score. New buildings change features more than they change the roads and the edges of fields that stay.
 */
export class PixelAgreement {
  private readonly tiles = new DecodedTiles(TILES_KEPT);

  private constructor(
    private readonly model: PixelModel,
    private readonly session: OnnxSession,
    private readonly map: PixelMap,
    private readonly stride_px: number,
  ) {}

  /** The pixels' part of a re-ranker; null where its model.json has none. @param stride_px pixels of a feature */
  static async load(
    folder: ModelFolder<RerankerCard>,
    options: SessionOptions,
    map: PixelMap,
    stride_px: number,
  ): Promise<PixelAgreement | null> {
    const { pixels } = folder.card;
    if (pixels === undefined) return null;
    // It has no weights, and an accelerator would be set up for its shapes: on the CPU always.
    const session = await OnnxSession.open(folder, pixels.graph.file, { ...options, providers: ["cpu"] });
    return new PixelAgreement(pixels, session, map, stride_px);
  }

  async release(): Promise<void> {
    await this.session.release();
  }

  /**
   * @param ranked best first
   * @param query the patches that the candidates' hypotheses number
   * @returns the same candidates, best first; unchanged where nothing is in doubt or the map has no picture to compare with
   */
  async settle(ranked: readonly RankedCandidate[], query: RectifiedQuery): Promise<readonly RankedCandidate[]> {
    const [first, second] = ranked;
    if (first === undefined || second === undefined) return ranked;
    if (first.score - second.score >= this.model.doubt) return ranked;
    const asked = ranked.slice(0, this.model.candidates);
    const agreements = await this.agreements(query, asked);
    if (agreements === null) return ranked;
    const settled = asked.map((candidate, i) => {
      const agreement = Math.max(0, agreements[i] as number);
      return { ...candidate, score: candidate.score + this.model.weight * agreement };
    });
    settled.sort((a, b) => b.score - a.score || a.row - b.row);
    return [...settled, ...ranked.slice(asked.length)];
  }

  /**
   * Normalised correlation of gradient orientations with the map about each candidate, -1 to 1, at the best shift and way;
   * 0 where the map shows too little ground. Null where the map has no pictures fine enough or the query shows too little.
   */
  async agreements(query: RectifiedQuery, candidates: readonly Candidate[]): Promise<readonly number[] | null> {
    const level = candidates[0]?.level;
    if (level === undefined || !showsEnough(this.map, level, this.model.reduction)) return null;
    const patches = new Map<number, PatchFields>();
    for (const { hypothesis } of candidates) {
      if (!patches.has(hypothesis)) patches.set(hypothesis, this.patchFields(query, hypothesis));
    }
    const side = this.patchSide(query);
    for (const { ways } of patches.values()) {
      if (ways.some(({ count }) => count < LEAST_KNOWN * side * side)) return null;
    }
    const maps = await this.mapFields(level, candidates, query.side_px);
    const out: number[] = [];
    for (const [i, { hypothesis }] of candidates.entries()) {
      out.push(await this.best(patches.get(hypothesis) as PatchFields, side, maps[i] as GroundField));
    }
    return out;
  }

  private patchSide({ side_px }: RectifiedQuery): number {
    return Math.floor(side_px / this.model.reduction);
  }

  private patchFields(query: RectifiedQuery, hypothesis: number): PatchFields {
    const { reduction, smoothing_px, headings_deg, scales } = this.model;
    const area_px = query.side_px ** 2;
    const whole: GreyPicture = {
      side: query.side_px,
      grey: greyOf(query.rgb.subarray(hypothesis * area_px * 3, (hypothesis + 1) * area_px * 3)),
      known: query.valid.subarray(hypothesis * area_px, (hypothesis + 1) * area_px),
    };
    const halved = { heading_deg: 0, scale: 1, reduction: HALVED, side: Math.floor(query.side_px / HALVED) };
    const smoothed = smooth(resample(whole, halved), smoothing_px / HALVED);
    const side = this.patchSide(query);
    const area = side * side;
    const fields = new Float32Array(headings_deg.length * scales.length * 2 * area);
    const ways: Way[] = [];
    for (const heading_deg of headings_deg) {
      for (const scale of scales) {
        const at = ways.length * 2 * area;
        const picture = resample(smoothed, { heading_deg, scale, reduction: reduction / HALVED, side });
        const count = writeField(picture, fields, at);
        let energy = 0;
        for (let i = at; i < at + 2 * area; i++) energy += (fields[i] as number) ** 2;
        ways.push({ known: picture.known, count, energy });
      }
    }
    return { fields, ways };
  }

  /** Gradient orientations of the map about each candidate, `reach_px` farther than the patch to each side. */
  private async mapFields(
    level: number,
    candidates: readonly Candidate[],
    patch_px: number,
  ): Promise<readonly GroundField[]> {
    const { reduction, reach_px, smoothing_px } = this.model;
    const side = Math.floor((patch_px + 2 * reach_px) / reduction);
    const windows = candidates.map(({ col_px, row_px }) => ({ level, col_px, row_px, side_px: side, reduction }));
    const pictures = await mapPictures(this.map, windows, [0, 0, 0], this.tiles);
    return pictures.map(({ rgb }, i) => {
      const { col_px, row_px } = candidates[i] as Candidate;
      const known = this.shown(level, col_px, row_px, side);
      const picture = smooth({ side, grey: greyOf(rgb), known }, smoothing_px / reduction);
      const field = new Float32Array(2 * side * side);
      writeField(picture, field, 0);
      return { side, field, known: picture.known };
    });
  }

  /** Which pixels of a reduced window the map shows ground in: those whose feature is not zero. */
  private shown(level: number, col_px: number, row_px: number, side: number): Uint8Array {
    const { reduction } = this.model;
    const left = col_px / reduction - side / 2;
    const top = row_px / reduction - side / 2;
    const featureOf = (at: number): number => Math.floor(((at + 0.5) * reduction) / this.stride_px);
    const [j0, i0] = [featureOf(left), featureOf(top)];
    const width = featureOf(left + side - 1) - j0 + 1;
    const height = featureOf(top + side - 1) - i0 + 1;
    const features = this.map.featureWindow(level, j0, i0, width, height);
    const channels = features.length / (width * height);
    const mapped = new Uint8Array(width * height);
    for (let i = 0; i < mapped.length; i++) {
      for (let at = i * channels, end = at + channels; at < end; at++) {
        if (features[at] === 0) continue;
        mapped[i] = 1;
        break;
      }
    }
    const out = new Uint8Array(side * side);
    for (let y = 0, at = 0; y < side; y++) {
      const row = (featureOf(top + y) - i0) * width - j0;
      for (let x = 0; x < side; x++, at++) out[at] = mapped[row + featureOf(left + x)] as number;
    }
    return out;
  }

  private async best({ fields, ways }: PatchFields, side: number, ground: GroundField): Promise<number> {
    const { graph } = this.model;
    const shifts = ground.side - side + 1;
    const outputs = await this.session.run({
      [graph.map]: { data: ground.field, dims: [1, 2, ground.side, ground.side] },
      [graph.query]: { data: fields, dims: [ways.length, 2, side, side] },
    });
    const sums = outputOf(outputs, graph.score, [1, ways.length, shifts, shifts], this.session.path);
    let best = 0;
    for (const [i, way] of ways.entries()) {
      const own = sums.subarray(i * shifts * shifts, (i + 1) * shifts * shifts);
      const top = own.reduce((at, value, here) => (value > (own[at] as number) ? here : at), 0);
      best = Math.max(best, normalised(own[top] as number, way, side, ground, top % shifts, Math.floor(top / shifts)));
    }
    return best;
  }
}

/** Gradient orientations of a piece of the map, [2, side, side]. */
interface GroundField {
  readonly side: number;
  readonly field: Float32Array;
  readonly known: Uint8Array;
}

/** A sum of products over the root of both energies, where both are known; 0 when that is too little. */
function normalised(sum: number, way: Way, side: number, ground: GroundField, right: number, down: number): number {
  const area = ground.side * ground.side;
  let shared = 0;
  let energy = 0;
  for (let y = 0, at = 0; y < side; y++) {
    let on = (y + down) * ground.side + right;
    for (let x = 0; x < side; x++, at++, on++) {
      if (way.known[at] === 0 || ground.known[on] === 0) continue;
      shared++;
      energy += (ground.field[on] as number) ** 2 + (ground.field[area + on] as number) ** 2;
    }
  }
  if (shared < LEAST_OVERLAP * way.count) return 0;
  const power = ((way.energy * shared) / way.count) * energy;
  return power > 0 ? sum / Math.sqrt(power) : 0;
}
