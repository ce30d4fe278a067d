import { writeFileSync } from "node:fs";
import { errorMessage, UserError } from "../tiles/errors.js";

/** Writes a report as JSON to a file, or to standard output for "-". @throws UserError when it cannot be written */
export function writeJson(path: string, value: unknown): void {
  const text = `${JSON.stringify(value, null, 2)}\n`;
  if (path === "-") {
    process.stdout.write(text);
    return;
  }
  try {
    writeFileSync(path, text);
  } catch (thrown) {
    throw new UserError(`${path}: the JSON report cannot be written (${errorMessage(thrown)})`);
  }
}
