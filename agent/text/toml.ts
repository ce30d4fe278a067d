import { parse, TomlError } from "smol-toml";
import { z } from "zod";
import type { UserError } from "../../tiles/errors.js";
import { unknownWord } from "./nearest.js";
import { errorAt, type Place } from "./place.js";
import { type TomlPath, TomlPlaces } from "./toml-places.js";

/** A TOML file that was read and checked, and where everything in it stands. */
export interface CheckedToml<T> {
  readonly data: T;
  /** Where a key stands in the text; for one that is missing, the table that it belongs to. */
  place(path: TomlPath): Place;
}

/**
 * Reads a TOML text against a schema. The schema is strict where it says so: an unknown key or word is reported with the
 * nearest valid one.
 *
 * @throws UserError that begins with `file:line:column:`
 */
export function readToml<T>(text: string, file: string, schema: z.ZodType<T>): CheckedToml<T> {
  let raw: unknown;
  try {
    raw = parse(text);
  } catch (thrown) {
    if (!(thrown instanceof TomlError)) throw thrown;
    const what = (thrown.message.split("\n")[0] ?? "").replace(/^Invalid TOML document:\s*/, "");
    throw errorAt({ file, line: thrown.line, column: thrown.column }, `not valid TOML: ${what}`);
  }
  const places = new TomlPlaces(text, file);
  const result = schema.safeParse(raw, { reportInput: true });
  if (!result.success) throw describe(result.error.issues, schema, raw, places);
  return { data: result.data, place: (path) => places.of(path) };
}

function describe(issues: readonly z.core.$ZodIssue[], schema: z.ZodType, raw: unknown, places: TomlPlaces): UserError {
  // An unknown key is usually the misspelling of one that is missing: say that first.
  const issue = issues.find((one) => one.code === "unrecognized_keys") ?? issues[0];
  const path = (issue?.path ?? []).map((step) => (typeof step === "symbol" ? String(step) : step));
  if (issue?.code === "unrecognized_keys") {
    const key = issue.keys[0] ?? "";
    const kind = path.length === 0 ? "key" : `key of [${tableName(path)}]`;
    return errorAt(places.of([...path, key]), unknownWord(kind, key, validKeys(schema, path, raw)));
  }
  const what = path.length === 1 && !isLeaf(raw, path) ? `[${path[0]}]` : tableName(path);
  return errorAt(places.of(path), `${what}: ${reason(issue, valueAt(raw, path))}`);
}

function reason(issue: z.core.$ZodIssue | undefined, value: unknown): string {
  const words = validWords(issue);
  if (value === undefined) {
    return words.length === 0
      ? `is missing (${issue?.message ?? "required"})`
      : `is missing; valid: ${words.join(", ")}`;
  }
  if (words.length > 0 && typeof value === "string") return unknownWord("value", value, words);
  return issue?.message ?? "is wrong";
}

/** The words that stand for choice, where the issue is about one. */
function validWords(issue: z.core.$ZodIssue | undefined): string[] {
  if (issue?.code === "invalid_value") return issue.values.map(String);
  if (issue?.code === "invalid_union" && "options" in issue && Array.isArray(issue.options)) {
    return issue.options.map(String);
  }
  return [];
}

/** `link.0.url` as people write it: `link[1].url` would be wrong in TOML, `link.url` of the first is not. */
function tableName(path: TomlPath): string {
  return path.filter((step) => typeof step === "string").join(".");
}

function valueAt(raw: unknown, path: TomlPath): unknown {
  let value = raw;
  for (const step of path) {
    if (typeof value !== "object" || value === null) return undefined;
    value = (value as Record<string | number, unknown>)[step];
  }
  return value;
}

function isLeaf(raw: unknown, path: TomlPath): boolean {
  const value = valueAt(raw, path);
  return value !== undefined && (typeof value !== "object" || value === null);
}

/** The keys that a table may have, by its schema; where several kinds of a table exist, those of the kind it says it is. */
function validKeys(schema: z.ZodType, path: TomlPath, raw: unknown): string[] {
  const tables = tablesAt(schema, path);
  const table = valueAt(raw, path);
  const fitting = tables.filter((shape) =>
    Object.entries(shape).every(([key, field]) => {
      const kind = unwrap(field);
      return !(kind instanceof z.ZodLiteral) || kind.values.has(valueAt(table, [key]) as never);
    }),
  );
  return [...new Set((fitting.length > 0 ? fitting : tables).flatMap((shape) => Object.keys(shape)))];
}

type Shape = Readonly<Record<string, z.core.$ZodType>>;

/** Shapes of the tables that a schema has at a path. */
function tablesAt(schema: z.core.$ZodType, path: TomlPath): Shape[] {
  const kind = unwrap(schema);
  if (kind instanceof z.ZodUnion) return kind.options.flatMap((option) => tablesAt(option, path));
  if (kind instanceof z.ZodArray) return tablesAt(kind.element, path.slice(1));
  if (!(kind instanceof z.ZodObject)) return [];
  const [key, ...rest] = path;
  if (key === undefined) return [kind.shape];
  const field: z.core.$ZodType | undefined = kind.shape[key];
  return field === undefined ? [] : tablesAt(field, rest);
}

/** What is inside of defaults, options and transformations. */
function unwrap(schema: z.core.$ZodType): z.core.$ZodType {
  if (
    schema instanceof z.ZodOptional ||
    schema instanceof z.ZodNullable ||
    schema instanceof z.ZodDefault ||
    schema instanceof z.ZodPrefault ||
    schema instanceof z.ZodReadonly
  ) {
    return unwrap(schema.unwrap());
  }
  return schema instanceof z.ZodPipe ? unwrap(schema.in) : schema;
}

/** Every key of a schema as `table.key`; the tables themselves are left out, and arrays of tables have no numbers. */
export function schemaKeys(schema: z.core.$ZodType, prefix = ""): string[] {
  const kind = unwrap(schema);
  if (kind instanceof z.ZodUnion) return [...new Set(kind.options.flatMap((option) => schemaKeys(option, prefix)))];
  if (kind instanceof z.ZodArray && tablesAt(kind.element, []).length > 0) return schemaKeys(kind.element, prefix);
  if (!(kind instanceof z.ZodObject)) return prefix === "" ? [] : [prefix];
  return Object.entries<z.core.$ZodType>(kind.shape).flatMap(([key, field]) =>
    schemaKeys(field, prefix === "" ? key : `${prefix}.${key}`),
  );
}
