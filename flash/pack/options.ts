import { availableParallelism } from "node:os";
import { shippedModel } from "../../models/runtime/paths.js";
import { UserError } from "../../tiles/errors.js";
import type { GeoBounds } from "../../tiles/geodesy/index.js";
import type { FootprintChoice, StrideChoice } from "./plan.js";
import type { TileFormat } from "./tile-pyramid.js";

/** Everything a pack is made from, checked. */
export interface PackOptions {
  readonly inputs: readonly string[];
  readonly out: string;
  readonly footprint: FootprintChoice;
  readonly stride?: StrideChoice;
  readonly modelDir: string;
  /** Folder of the model that describes the cells; not given: the encoder. */
  readonly retrieverDir?: string;
  readonly name?: string;
  /** YYYY-MM-DD. */
  readonly imageryDate?: string;
  readonly source?: string;
  /** EPSG code or proj4 string. */
  readonly epsg?: string;
  readonly nodata?: number;
  readonly bbox?: GeoBounds;
  readonly zoom: { readonly min?: number; readonly max?: number };
  readonly tileFormat: TileFormat;
  readonly overwrite: boolean;
  readonly threads: number;
}

/** The options as the command line gives them: words, unless they are switches. */
export interface PackWords {
  readonly out: string;
  readonly agl?: string;
  readonly hfov?: string;
  readonly footprint?: string;
  readonly gsd?: string;
  readonly stride?: string;
  readonly model?: string;
  readonly retriever?: string;
  readonly name?: string;
  readonly imageryDate?: string;
  readonly source?: string;
  readonly epsg?: string;
  readonly nodata?: string;
  readonly bbox?: string;
  readonly minZoom?: string;
  readonly maxZoom?: string;
  readonly tileFormat?: string;
  readonly overwrite?: boolean;
  readonly threads?: string;
}

/** Checks the words. @throws UserError naming the option and what it wants */
export function parsePackOptions(
  inputs: readonly string[],
  words: PackWords,
  warn: (line: string) => void,
): PackOptions {
  const agl_m = number("--agl", words.agl, { above: 0, atMost: 20_000 });
  const hfov_deg = number("--hfov", words.hfov, { above: 0, below: 180 });
  const footprints_m = words.footprint?.split(",").map((part) => number("--footprint", part, { above: 0 }) as number);
  const gsd_m = number("--gsd", words.gsd, { above: 0 });
  const min = integer("--min-zoom", words.minZoom, 0, 24);
  const max = integer("--max-zoom", words.maxZoom, 0, 24);
  const nodata =
    words.nodata === undefined
      ? undefined
      : /^nan$/i.test(words.nodata)
        ? Number.NaN
        : number("--nodata", words.nodata, {});
  return withoutUndefined<PackOptions>({
    inputs,
    out: words.out,
    footprint: withoutUndefined<FootprintChoice>({ agl_m, hfov_deg, footprints_m, gsd_m }),
    stride: parseStride(words.stride),
    modelDir: words.model ?? shippedModel("encoder"),
    retrieverDir: words.retriever,
    name: words.name,
    imageryDate: parseDate(words.imageryDate, warn),
    source: words.source,
    epsg: parseEpsg(words.epsg),
    nodata,
    bbox: parseBbox(words.bbox),
    zoom: withoutUndefined<PackOptions["zoom"]>({ min, max }),
    tileFormat: parseTileFormat(words.tileFormat),
    overwrite: words.overwrite ?? false,
    threads: integer("--threads", words.threads, 1, 256) ?? Math.min(16, availableParallelism()),
  });
}

/** T, but its optional members may be present and undefined. */
type Loose<T> = { [K in keyof T]: Partial<Pick<T, K>> extends Pick<T, K> ? T[K] | undefined : T[K] };

function withoutUndefined<T extends object>(values: Loose<T>): T {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as T;
}

interface Limits {
  readonly above?: number;
  readonly below?: number;
  readonly atMost?: number;
}

function number(option: string, word: string | undefined, limits: Limits): number | undefined {
  if (word === undefined) return undefined;
  const { above = -Infinity, below = Infinity, atMost = Infinity } = limits;
  const value = word.trim() === "" ? Number.NaN : Number(word);
  if (Number.isFinite(value) && value > above && value < below && value <= atMost) return value;
  const wanted = [
    limits.above === undefined ? [] : `above ${above}`,
    limits.below === undefined ? [] : `below ${below}`,
    limits.atMost === undefined ? [] : `at most ${atMost}`,
  ].flat();
  throw new UserError(`${option} "${word}": a number ${wanted.join(", ")}`.trimEnd().concat(" is wanted"));
}

function integer(option: string, word: string | undefined, least: number, most: number): number | undefined {
  if (word === undefined) return undefined;
  const value = Number(word);
  if (!Number.isInteger(value) || value < least || value > most || word.trim() === "") {
    throw new UserError(`${option} "${word}": a whole number from ${least} to ${most} is wanted`);
  }
  return value;
}

function parseStride(word: string | undefined): StrideChoice | undefined {
  if (word === undefined) return undefined;
  const metres = /^([\d.]+)\s*m$/.exec(word)?.[1];
  const value = number("--stride", metres ?? word, { above: 0 }) as number;
  return metres !== undefined || value > 1 ? { metres: value } : { fraction: value };
}

/** A month alone stands for its first day: imagery is then rather told too old than too young. */
function parseDate(word: string | undefined, warn: (line: string) => void): string | undefined {
  if (word === undefined) return undefined;
  const match = /^(\d{4})-(\d{2})(?:-(\d{2}))?$/.exec(word);
  const date = match === null ? "" : `${match[1]}-${match[2]}-${match[3] ?? "01"}`;
  const time = Date.parse(`${date}T00:00:00Z`);
  if (Number.isNaN(time) || new Date(time).toISOString().slice(0, 10) !== date) {
    throw new UserError(`--imagery-date "${word}": a date is wanted, YYYY-MM-DD or YYYY-MM, for example 2024-05-17`);
  }
  if (time > Date.now() + 86_400_000) throw new UserError(`--imagery-date "${word}" lies in the future`);
  if (match?.[3] === undefined) warn(`--imagery-date ${word} is noted as ${date}`);
  return date;
}

function parseEpsg(word: string | undefined): string | undefined {
  if (word === undefined) return undefined;
  const code = /^(?:EPSG:)?(\d+)$/i.exec(word.trim())?.[1];
  if (code === undefined && !word.includes("+proj=")) {
    throw new UserError(`--epsg "${word}": an EPSG code is wanted, for example 32633, or a proj4 string, "+proj=..."`);
  }
  return code ?? word.trim();
}

function parseBbox(word: string | undefined): GeoBounds | undefined {
  if (word === undefined) return undefined;
  const values = word.split(",").map(Number);
  const [west = Number.NaN, south = Number.NaN, east = Number.NaN, north = Number.NaN] = values;
  const sound =
    values.length === 4 &&
    west >= -180 &&
    east <= 180 &&
    south >= -85.06 &&
    north <= 85.06 &&
    west < east &&
    south < north;
  if (!sound)
    throw new UserError(
      `--bbox "${word}": four numbers in degrees are wanted, WEST,SOUTH,EAST,NORTH, for example 11.60,48.10,11.62,48.11`,
    );
  return { west, south, east, north };
}

function parseTileFormat(word: string | undefined): TileFormat {
  if (word === undefined || word === "jpeg" || word === "jpg") return "jpeg";
  if (word === "webp") return "webp";
  throw new UserError(`--tile-format "${word}": jpeg or webp is wanted`);
}
