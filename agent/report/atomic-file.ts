import { closeSync, fsyncSync, openSync, renameSync, rmSync, statSync, writeSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { errorMessage, UserError } from "../../tiles/errors.js";

/**
 * Writes a file beside its target and renames it: it exists whole or not at all.
 *
 * @throws UserError when it cannot be written
 */
export function writeFileAtomic(path: string, text: string): void {
  const temporary = join(dirname(path), `.${basename(path)}.tmp-${process.pid}`);
  try {
    const fd = openSync(temporary, "w");
    try {
      writeSync(fd, text);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    renameSync(temporary, path);
  } catch (thrown) {
    rmSync(temporary, { force: true });
    throw new UserError(`${path}: cannot be written: ${errorMessage(thrown)}`);
  }
}

/**
 * Checks before long work that a file can be written later: its folder exists, and it is not a folder itself.
 *
 * @throws UserError otherwise
 */
export function checkWritable(path: string): void {
  const folder = statSync(dirname(path), { throwIfNoEntry: false });
  if (folder === undefined || !folder.isDirectory()) {
    throw new UserError(`${path}: the folder ${dirname(path)} does not exist; create it first`);
  }
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === true) {
    throw new UserError(`${path}: is a folder; name a file`);
  }
}
