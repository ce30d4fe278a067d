import { UserError } from "../../tiles/errors.js";

/** Where something stands in a text file, for error messages. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** A UserError whose message starts with `file:line:column:`, the form that editors and terminals make clickable. */
export function errorAt(place: Place, what: string): UserError {
  return new UserError(`${place.file}:${place.line}:${place.column}: ${what}`);
}
