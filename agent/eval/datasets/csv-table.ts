import { readFileSync } from "node:fs";
import { errorMessage, UserError } from "../../../tiles/errors.js";
import { splitCsvLine } from "../../flight/csv.js";
import { errorAt } from "../../text/place.js";

/** One line of a table, its fields by the header's names. */
export interface CsvRow {
  text(column: string): string;
  /** @throws UserError when the field is no number */
  number(column: string): number;
}

/** A CSV file with a header line. */
export interface CsvTable {
  readonly columns: readonly string[];
  readonly rows: readonly CsvRow[];
}

/**
 * Reads a CSV file with a header; columns may stand in any order, further ones are passed over.
 *
 * @throws UserError when the file cannot be read, lacks a column of `required`, or a line has too few fields
 */
export function readCsvTable(file: string, required: readonly string[]): CsvTable {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (thrown) {
    throw new UserError(`${file}: cannot be read: ${errorMessage(thrown)}`);
  }
  const lines = text.replace(/^\uFEFF/, "").split(/\r\n|\n|\r/);
  const columns = splitCsvLine(lines[0] ?? "", file, 1).map((field) => field.text);
  const missing = required.filter((name) => !columns.includes(name));
  if (missing.length > 0) {
    throw errorAt(
      { file, line: 1, column: 1 },
      `no column ${missing.join(", ")}; the header has ${columns.join(", ")}`,
    );
  }
  const rows: CsvRow[] = [];
  lines.forEach((line, i) => {
    if (i === 0 || line.trim() === "") return;
    const fields = splitCsvLine(line, file, i + 1);
    const field = (column: string): { text: string; column: number } => {
      const found = fields[columns.indexOf(column)];
      if (found !== undefined) return found;
      throw errorAt({ file, line: i + 1, column: line.length + 1 }, `the line ends before column ${column}`);
    };
    rows.push({
      text: (column) => field(column).text,
      number(column) {
        const { text: value, column: at } = field(column);
        const number = value === "" ? Number.NaN : Number(value);
        if (Number.isFinite(number)) return number;
        throw errorAt({ file, line: i + 1, column: at }, `${column}: "${value}" is no number`);
      },
    });
  });
  return { columns, rows };
}
