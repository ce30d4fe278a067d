import { errorAt } from "../text/place.js";

/** One field of a CSV line: its text and the column (1-based, characters) where it starts. */
export interface CsvField {
  readonly text: string;
  readonly column: number;
}

/**
 * Splits one CSV line (RFC 4180: a field may stand in double quotes, "" inside is one quote). White space around
 * unquoted fields is dropped.
 *
 * @throws UserError for an unclosed quote or text after a closing one.
 */
export function splitCsvLine(line: string, file: string, lineNumber: number): CsvField[] {
  const fields: CsvField[] = [];
  let at = 0;
  for (;;) {
    while (line[at] === " " || line[at] === "\t") at++;
    const column = at + 1;
    let text: string;
    if (line[at] === '"') {
      text = "";
      at++;
      for (;;) {
        const close = line.indexOf('"', at);
        if (close < 0) throw errorAt({ file, line: lineNumber, column }, "this quote is never closed");
        text += line.slice(at, close);
        at = close + 1;
        if (line[at] !== '"') break;
        text += '"';
        at++;
      }
      while (line[at] === " " || line[at] === "\t") at++;
      if (at < line.length && line[at] !== ",") {
        throw errorAt({ file, line: lineNumber, column: at + 1 }, "expected a comma after the closing quote");
      }
    } else {
      const comma = line.indexOf(",", at);
      const end = comma < 0 ? line.length : comma;
      text = line.slice(at, end).trimEnd();
      at = end;
    }
    fields.push({ text, column });
    if (at >= line.length) return fields;
    at++;
  }
}

/** Text as one CSV field, quoted where it must be. */
export function csvField(text: string): string {
  return /[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
