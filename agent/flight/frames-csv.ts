import { UserError } from "../../tiles/errors.js";
import { unknownWord } from "../text/nearest.js";
import { errorAt } from "../text/place.js";
import { type CsvField, splitCsvLine } from "./csv.js";

/** One line of frames.csv. */
export interface FrameRow {
  /** Line number in the file (1-based) and column of the file name, for later errors. */
  readonly line: number;
  readonly fileColumn: number;
  readonly t_us: number;
  /** Name of the image, inside the flight's `frames/` folder. */
  readonly file: string;
  readonly roll_deg: number;
  readonly pitch_deg: number;
  readonly yaw_deg: number;
  readonly agl_m: number;
  readonly yaw_sigma_deg: number;
  readonly agl_sigma_m: number;
  /** Where the vehicle really was, when that is known. */
  readonly truth: { readonly lat_deg: number; readonly lon_deg: number } | null;
}

/** 1-sigma heading error assumed when frames.csv has no yaw_sigma_deg: a magnetometer in an aircraft. */
export const DEFAULT_YAW_SIGMA_DEG = 5;
/** 1-sigma of the height above ground assumed when frames.csv has no agl_sigma_m, as a part of the height. */
export const DEFAULT_AGL_SIGMA_FRACTION = 0.05;

const REQUIRED = ["t_us", "file", "roll_deg", "pitch_deg", "yaw_deg", "agl_m"] as const;
const OPTIONAL = ["yaw_sigma_deg", "agl_sigma_m", "lat_deg", "lon_deg"] as const;
const COLUMNS: readonly string[] = [...REQUIRED, ...OPTIONAL];
type Column = (typeof REQUIRED)[number] | (typeof OPTIONAL)[number];

const NUMBER = /^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$/;

/** Allowed range of a number and how to say it. */
interface Range {
  readonly ok: (value: number) => boolean;
  readonly say: string;
}
const RANGES: Readonly<Record<Exclude<Column, "t_us" | "file">, Range>> = {
  roll_deg: { ok: (v) => Math.abs(v) <= 180, say: "an angle of -180 to 180 degrees" },
  pitch_deg: { ok: (v) => Math.abs(v) <= 90, say: "an angle of -90 to 90 degrees" },
  yaw_deg: { ok: (v) => Math.abs(v) <= 360, say: "an angle of -360 to 360 degrees" },
  agl_m: { ok: (v) => v > 0, say: "a height above ground greater than 0 metres" },
  yaw_sigma_deg: { ok: (v) => v > 0 && v <= 180, say: "more than 0 and at most 180 degrees (180 = heading unknown)" },
  agl_sigma_m: { ok: (v) => v > 0, say: "greater than 0 metres" },
  lat_deg: { ok: (v) => Math.abs(v) <= 85.05, say: "a latitude of -85.05 to 85.05 degrees" },
  lon_deg: { ok: (v) => Math.abs(v) <= 180, say: "a longitude of -180 to 180 degrees" },
};

/**
 * Reads frames.csv: header `t_us,file,roll_deg,pitch_deg,yaw_deg,agl_m` and optionally `yaw_sigma_deg`, `agl_sigma_m`
 * (an empty field means the default) and both of `lat_deg`, `lon_deg` (both empty = truth unknown for this frame), in
 * any order. Times must grow from line to line.
 *
 * @param text the file's text
 * @param name the file's name for error messages
 * @throws UserError that names file, line and column of what is wrong
 */
export function parseFramesCsv(text: string, name: string): FrameRow[] {
  const lines = text.replace(/^\uFEFF/, "").split(/\r\n|\n|\r/);
  const header = splitCsvLine(lines[0] ?? "", name, 1);
  const columns = readHeader(header, name);
  const rows: FrameRow[] = [];
  let lastTime = Number.NEGATIVE_INFINITY;
  for (let i = 1; i < lines.length; i++) {
    const line = lines[i] ?? "";
    if (line.trim() === "") continue;
    const fields = splitCsvLine(line, name, i + 1);
    if (fields.length !== header.length) {
      throw errorAt(
        { file: name, line: i + 1, column: fields[Math.min(fields.length, header.length + 1) - 1]?.column ?? 1 },
        `this line has ${fields.length} fields, the header has ${header.length}`,
      );
    }
    const row = readRow(new RowReader(fields, columns, name, i + 1));
    if (row.t_us <= lastTime) {
      const column = fields[columns.get("t_us") ?? 0]?.column ?? 1;
      throw errorAt(
        { file: name, line: i + 1, column },
        `t_us ${row.t_us} is not later than ${lastTime} of the frame before; sort the lines by time`,
      );
    }
    lastTime = row.t_us;
    rows.push(row);
  }
  if (rows.length === 0) throw new UserError(`${name}:1:1: no frame is listed below the header`);
  return rows;
}

function readHeader(header: readonly CsvField[], name: string): Map<string, number> {
  const columns = new Map<string, number>();
  if (header.length === 1 && header[0]?.text === "") {
    throw errorAt({ file: name, line: 1, column: 1 }, `the header is missing; expected ${REQUIRED.join(",")}`);
  }
  header.forEach((field, i) => {
    const place = { file: name, line: 1, column: field.column };
    if (!COLUMNS.includes(field.text)) throw errorAt(place, unknownWord("column", field.text, COLUMNS));
    if (columns.has(field.text)) throw errorAt(place, `column "${field.text}" stands twice in the header`);
    columns.set(field.text, i);
  });
  for (const wanted of REQUIRED) {
    if (!columns.has(wanted)) {
      const end = (header.at(-1)?.column ?? 1) + (header.at(-1)?.text.length ?? 0);
      throw errorAt({ file: name, line: 1, column: end }, `column "${wanted}" is missing from the header`);
    }
  }
  for (const [one, other] of [
    ["lat_deg", "lon_deg"],
    ["lon_deg", "lat_deg"],
  ] as const) {
    const at = columns.get(one);
    if (at !== undefined && !columns.has(other)) {
      const place = { file: name, line: 1, column: header[at]?.column ?? 1 };
      throw errorAt(place, `column "${one}" stands without "${other}": give the truth as both or not at all`);
    }
  }
  return columns;
}

class RowReader {
  constructor(
    private readonly fields: readonly CsvField[],
    private readonly columns: ReadonlyMap<string, number>,
    private readonly name: string,
    readonly line: number,
  ) {}

  /** The field of a column, or null when the file has no such column. */
  field(column: Column): CsvField | null {
    const at = this.columns.get(column);
    return at === undefined ? null : (this.fields[at] ?? null);
  }

  fail(column: Column, what: string): UserError {
    return errorAt({ file: this.name, line: this.line, column: this.field(column)?.column ?? 1 }, what);
  }

  /** Null when the column is absent or, for an optional one, empty. */
  optional(column: keyof typeof RANGES): number | null {
    const field = this.field(column);
    if (field === null || field.text === "") return null;
    return this.number(column);
  }

  number(column: keyof typeof RANGES): number {
    const text = this.field(column)?.text ?? "";
    const range = RANGES[column];
    const value = NUMBER.test(text) ? Number(text) : Number.NaN;
    if (!Number.isFinite(value)) {
      throw this.fail(column, `${column} is ${text === "" ? "empty" : `"${text}"`}, expected a number: ${range.say}`);
    }
    if (!range.ok(value)) throw this.fail(column, `${column} is ${text}, expected ${range.say}`);
    return value;
  }
}

function readRow(row: RowReader): FrameRow {
  const time = row.field("t_us")?.text ?? "";
  const t_us = /^\d+$/.test(time) ? Number(time) : Number.NaN;
  if (!Number.isSafeInteger(t_us)) {
    throw row.fail("t_us", `t_us is "${time}", expected a whole number of microseconds`);
  }
  const file = row.field("file")?.text ?? "";
  if (file === "") throw row.fail("file", "file is empty, expected the name of an image inside frames/");
  if (file.startsWith("/") || file.includes("\\") || file.split("/").includes("..") || /^[A-Za-z]:/.test(file)) {
    throw row.fail("file", `file "${file}" leaves the frames/ folder; name an image inside it`);
  }
  const agl_m = row.number("agl_m");
  const lat_deg = row.optional("lat_deg");
  const lon_deg = row.optional("lon_deg");
  if ((lat_deg === null) !== (lon_deg === null)) {
    throw row.fail(
      lat_deg === null ? "lat_deg" : "lon_deg",
      "give both lat_deg and lon_deg for this frame, or neither",
    );
  }
  return {
    line: row.line,
    fileColumn: row.field("file")?.column ?? 1,
    t_us,
    file,
    roll_deg: row.number("roll_deg"),
    pitch_deg: row.number("pitch_deg"),
    yaw_deg: row.number("yaw_deg"),
    agl_m,
    yaw_sigma_deg: row.optional("yaw_sigma_deg") ?? DEFAULT_YAW_SIGMA_DEG,
    agl_sigma_m: row.optional("agl_sigma_m") ?? DEFAULT_AGL_SIGMA_FRACTION * agl_m,
    truth: lat_deg === null || lon_deg === null ? null : { lat_deg, lon_deg },
  };
}
