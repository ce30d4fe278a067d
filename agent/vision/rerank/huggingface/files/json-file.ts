import { existsSync, readFileSync } from "node:fs";
import type { z } from "zod";
import { errorMessage, UserError } from "../../../../../tiles/errors.js";

/**
 * Reads a JSON file of a model folder. Keys that the schema does not name are let through unread: such files hold
 * what training and other runtimes need, too.
 *
 * @throws UserError when the file is missing, is not JSON or does not fit the schema
 */
export function readJsonFile<T>(path: string, schema: z.ZodType<T>): T {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (thrown) {
    throw new UserError(`${path}: cannot be read (${errorMessage(thrown)}); copy the whole model folder again`);
  }
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (thrown) {
    throw new UserError(`${path}: not JSON (${errorMessage(thrown)}); copy the model folder again`);
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const where = issue?.path.join(".") ?? "";
  throw new UserError(`${path}: ${where === "" ? "" : `${where}: `}${issue?.message ?? "cannot be used"}`);
}

/** As {@link readJsonFile}, or null where there is no such file. */
export function readJsonFileIfAny<T>(path: string, schema: z.ZodType<T>): T | null {
  return existsSync(path) ? readJsonFile(path, schema) : null;
}
