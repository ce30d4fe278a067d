/**
 * An error that the user can act on: bad input, bad configuration, a damaged file.
 *
 * The message is one line that names what is wrong, where, and what to do. Command-line entry points print it after
 * `error: ` and exit with code 2; everything else that escapes is a fault of ours and exits with code 1.
 */
export class UserError extends Error {
  override readonly name = "UserError";
}

/** The message of anything that was thrown, on one line. */
export function errorMessage(thrown: unknown): string {
  const text = thrown instanceof Error ? thrown.message : String(thrown);
  return text.replace(/\s*\n\s*/g, " ").trim();
}
