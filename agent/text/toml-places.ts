import type { Place } from "./place.js";

/** A step into a TOML document: a key, or a number in an array of tables. */
export type TomlPath = readonly (string | number)[];

const MULTILINE = ['"""', "'''"] as const;
type Delimiter = (typeof MULTILINE)[number];

/**
 * Where tables and keys stand in a TOML text. The TOML parser keeps no positions, and a message without a line is of
 * little use in a long file. The text must be valid TOML: this only looks for the beginnings of keys.
 */
export class TomlPlaces {
  readonly #file: string;
  readonly #places = new Map<string, Place>();
  /** How many tables of each array of tables have begun. */
  readonly #arrays = new Map<string, number>();

  constructor(text: string, file: string) {
    this.#file = file;
    let table: TomlPath = [];
    const open = new OpenValue();
    text.split(/\r?\n/).forEach((line, index) => {
      if (open.pending) {
        open.scan(line);
        return;
      }
      const start = line.length - line.trimStart().length;
      const place = { file, line: index + 1, column: start + 1 };
      if (line[start] === "[") {
        table = this.#enter(line.slice(start));
        this.#put(table, place);
        return;
      }
      const { keys, rest } = readKey(line.slice(start));
      const equals = /^\s*=/.exec(rest);
      if (keys.length === 0 || equals === null) return;
      // Every table that a dotted key opens stands where the key does.
      for (let depth = 1; depth <= keys.length; depth++) this.#put([...table, ...keys.slice(0, depth)], place);
      open.scan(rest.slice(equals[0].length));
    });
  }

  /** Where a key or table stands; where it is missing, the nearest thing around it that does; else the beginning. */
  of(path: TomlPath): Place {
    for (let length = path.length; length > 0; length--) {
      const place = this.#places.get(nameOf(path.slice(0, length)));
      if (place !== undefined) return place;
    }
    return { file: this.#file, line: 1, column: 1 };
  }

  #put(path: TomlPath, place: Place): void {
    const name = nameOf(path);
    if (!this.#places.has(name)) this.#places.set(name, place);
  }

  /** The path of a table header; `[[link]]` counts up, and a later `[link.x]` belongs to the last `[[link]]`. */
  #enter(header: string): TomlPath {
    const isArray = header.startsWith("[[");
    const { keys } = readKey(header.slice(isArray ? 2 : 1));
    const path: (string | number)[] = [];
    keys.forEach((key, depth) => {
      path.push(key);
      const name = nameOf(path);
      const last = isArray && depth === keys.length - 1;
      const begun = (this.#arrays.get(name) ?? 0) + (last ? 1 : 0);
      if (begun === 0) return;
      this.#arrays.set(name, begun);
      path.push(begun - 1);
    });
    return path;
  }
}

function nameOf(path: TomlPath): string {
  return JSON.stringify(path);
}

/** A key, bare or quoted, dotted or not, at the start of a text, and what comes after it. */
function readKey(text: string): { keys: string[]; rest: string } {
  const keys: string[] = [];
  let rest = text;
  for (;;) {
    const part = /^\s*(?:([A-Za-z0-9_-]+)|"((?:[^"\\]|\\.)*)"|'([^']*)')\s*/.exec(rest);
    if (part === null) return { keys, rest };
    keys.push(part[1] ?? part[2] ?? part[3] ?? "");
    rest = rest.slice(part[0].length);
    if (!rest.startsWith(".")) return { keys, rest };
    rest = rest.slice(1);
  }
}

/** Follows a value over its lines: arrays may go on over many, and so may strings in triple quotes. */
class OpenValue {
  #depth = 0;
  #string: Delimiter | null = null;

  get pending(): boolean {
    return this.#depth > 0 || this.#string !== null;
  }

  scan(line: string): void {
    let at = 0;
    while (at < line.length) {
      if (this.#string !== null) {
        at = this.#endOfMultiline(line, at, this.#string);
        continue;
      }
      const char = line[at] ?? "";
      const opened = MULTILINE.find((quotes) => line.startsWith(quotes, at));
      if (char === "#") return;
      if (opened !== undefined) {
        this.#string = opened;
        at += opened.length;
      } else if (char === '"' || char === "'") {
        at = endOfString(line, at + 1, char);
      } else {
        if (char === "[" || char === "{") this.#depth++;
        else if (char === "]" || char === "}") this.#depth--;
        at++;
      }
    }
  }

  #endOfMultiline(line: string, from: number, quotes: Delimiter): number {
    for (let at = from; at < line.length; at++) {
      if (quotes === '"""' && line[at] === "\\") at++;
      else if (line.startsWith(quotes, at)) {
        this.#string = null;
        return at + quotes.length;
      }
    }
    return line.length;
  }
}

function endOfString(line: string, from: number, quote: string): number {
  for (let at = from; at < line.length; at++) {
    if (quote === '"' && line[at] === "\\") at++;
    else if (line[at] === quote) return at + 1;
  }
  return line.length;
}
