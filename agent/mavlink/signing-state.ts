import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from "node:fs";
import { open, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { z } from "zod";
import { errorMessage, UserError } from "../../tiles/errors.js";

/** What must outlive a restart, all as signing timestamps. */
export interface SigningState {
  /** No timestamp up to this one may be used again. */
  readonly reserved: number;
  /** The latest time seen in a frame that was taken. */
  readonly seen: number;
  /** The last timestamp of each stream that was taken: link id, system, component. */
  readonly streams: readonly (readonly [number, number])[];
}

const TIMESTAMPS = z
  .int()
  .min(0)
  .max(2 ** 48);
const stateSchema = z.object({
  version: z.literal(1),
  reserved: TIMESTAMPS,
  seen: TIMESTAMPS,
  streams: z
    .array(
      z.tuple([
        z
          .int()
          .min(0)
          .max(2 ** 24),
        TIMESTAMPS,
      ]),
    )
    .max(4096),
});

/**
 * The file that keeps the timestamps of signing. It is written beside its target, forced to the disk and renamed, so that
 * it is whole or the one of before, also when the power goes.
 */
export class SigningStateFile {
  readonly #path: string;
  readonly #folder: string;
  /** Writes begun so far: an older one must not replace a newer one. */
  #generation = 0;

  constructor(path: string) {
    this.#path = path;
    this.#folder = dirname(path);
  }

  /** The state, or null where there is no file yet. Throws a UserError for one that cannot be read. */
  read(): SigningState | null {
    let text: string;
    try {
      text = readFileSync(this.#path, "utf8");
    } catch (thrown) {
      if ((thrown as NodeJS.ErrnoException).code === "ENOENT") return null;
      throw new UserError(`MAVLink signing state ${this.#path}: cannot be read: ${errorMessage(thrown)}`);
    }
    try {
      return stateSchema.parse(JSON.parse(text));
    } catch {
      throw new UserError(
        `MAVLink signing state ${this.#path}: not a state file of this agent; move it away (receivers may then refuse what is signed until the clock has passed the last time used)`,
      );
    }
  }

  /** Writes at once. Throws a UserError when that is not possible. */
  writeNow(state: SigningState): void {
    this.#generation++;
    const temporary = this.#temporary();
    try {
      const fd = openSync(temporary, "w", 0o600);
      try {
        writeSync(fd, textOf(state));
        fsyncSync(fd);
      } finally {
        closeSync(fd);
      }
      renameSync(temporary, this.#path);
      const folder = openSync(this.#folder, "r");
      try {
        fsyncSync(folder);
      } finally {
        closeSync(folder);
      }
    } catch (thrown) {
      throw this.#failed(thrown);
    }
  }

  /** Writes without holding up the caller; resolves to whether it did (a newer state may have come before it). */
  async write(state: SigningState): Promise<boolean> {
    const generation = ++this.#generation;
    const temporary = this.#temporary();
    try {
      const file = await open(temporary, "w", 0o600);
      try {
        await file.writeFile(textOf(state));
        await file.sync();
      } finally {
        await file.close();
      }
      if (generation !== this.#generation) {
        await rm(temporary, { force: true });
        return false;
      }
      // Nothing can come between the question above and this.
      renameSync(temporary, this.#path);
      const folder = await open(this.#folder, "r");
      try {
        await folder.sync();
      } finally {
        await folder.close();
      }
      return true;
    } catch (thrown) {
      throw this.#failed(thrown);
    }
  }

  #temporary(): string {
    return join(this.#folder, `.${basename(this.#path)}.tmp-${process.pid}-${this.#generation}`);
  }

  #failed(thrown: unknown): UserError {
    return new UserError(`MAVLink signing state ${this.#path}: cannot be written: ${errorMessage(thrown)}`);
  }
}

function textOf(state: SigningState): string {
  return `${JSON.stringify({ version: 1, ...state })}\n`;
}
