import { createHash } from "node:crypto";
import { closeSync, createReadStream, fsyncSync, openSync, readSync, writeSync } from "node:fs";
import { endianness } from "node:os";
import { UserError } from "./errors.js";

const BUFFER_BYTES = 1 << 20;

/** A file that is written from its start, through a buffer of 1 MiB. */
export class BufferedFile {
  /** Bytes written so far. */
  bytes = 0;
  private readonly buffer = new Uint8Array(BUFFER_BYTES);
  private used = 0;
  private fd: number | undefined;

  /** Creates the file; throws EEXIST when it is already there. */
  constructor(readonly path: string) {
    this.fd = openSync(path, "wx");
  }

  /** Appends the bytes of an array. */
  write(data: ArrayBufferView): void {
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    if (this.used + bytes.length > BUFFER_BYTES) this.flush();
    if (bytes.length > BUFFER_BYTES) {
      this.writeFully(bytes);
    } else {
      this.buffer.set(bytes, this.used);
      this.used += bytes.length;
    }
    this.bytes += bytes.length;
  }

  /** Writes out what is buffered and closes the file. Harmless when closed already. */
  close(): void {
    if (this.fd === undefined) return;
    const fd = this.fd;
    try {
      this.flush();
    } finally {
      this.fd = undefined;
      closeSync(fd);
    }
  }

  /** Closes the file without writing out what is buffered, for a file that will be removed. */
  discard(): void {
    this.used = 0;
    this.close();
  }

  private flush(): void {
    this.writeFully(this.buffer.subarray(0, this.used));
    this.used = 0;
  }

  private writeFully(bytes: Uint8Array): void {
    if (this.fd === undefined) throw new Error(`${this.path} is closed`);
    for (let done = 0; done < bytes.length; ) done += writeSync(this.fd, bytes, done, bytes.length - done);
  }
}

/** Copies a whole file into an open one at `position`. */
export function copyInto(path: string, target: number, position: number): void {
  const buffer = new Uint8Array(BUFFER_BYTES);
  const source = openSync(path, "r");
  try {
    for (let at = position; ; ) {
      const got = readSync(source, buffer, 0, buffer.length, null);
      if (got === 0) break;
      for (let done = 0; done < got; ) {
        const wrote = writeSync(target, buffer, done, got - done, at);
        done += wrote;
        at += wrote;
      }
    }
  } finally {
    closeSync(source);
  }
}

/** Reads exactly `length` bytes of a file to `target` at `at`; a shorter file is a UserError. */
export function readFully(
  fd: number,
  path: string,
  target: Uint8Array,
  at: number,
  length: number,
  position: number,
): void {
  let done = 0;
  while (done < length) {
    // Reads above 2 GiB are refused by the system.
    const got = readSync(fd, target, at + done, Math.min(length - done, 2 ** 28), position + done);
    if (got === 0) throw new UserError(`${path} ends at byte ${position + done}: it is truncated, copy the pack again`);
    done += got;
  }
}

/** Makes a file's contents survive a loss of power. */
export function syncFile(path: string): void {
  const fd = openSync(path, "r");
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** Makes the names in a folder survive a loss of power, where the file system can do that. */
export function syncFolder(path: string): void {
  try {
    syncFile(path);
  } catch (thrown) {
    // Some network and FAT file systems refuse to sync a folder; there is nothing else to do about it there.
    const code = (thrown as NodeJS.ErrnoException).code;
    if (code !== "EINVAL" && code !== "ENOTSUP" && code !== "EISDIR" && code !== "EPERM") throw thrown;
  }
}

/** Size and SHA-256 (hexadecimal) of a file, read in pieces. */
export async function hashFile(path: string): Promise<{ bytes: number; sha256: string }> {
  const hash = createHash("sha256");
  let bytes = 0;
  for await (const piece of createReadStream(path, { highWaterMark: BUFFER_BYTES })) {
    const chunk = piece as Buffer;
    hash.update(chunk);
    bytes += chunk.length;
  }
  return { bytes, sha256: hash.digest("hex") };
}

/** The pack's binary numbers are little-endian and are read and written as they lie in memory. */
export function requireLittleEndian(): void {
  if (endianness() !== "LE") throw new Error("packs can only be read and written on a little-endian processor");
}

const DISK_FAULTS: Record<string, string> = {
  ENOSPC: "the disk is full",
  EDQUOT: "the disk quota is used up",
  SQLITE_FULL: "the disk is full",
  EACCES: "permission is denied",
  EPERM: "permission is denied",
  EROFS: "the disk is read-only",
  ENAMETOOLONG: "the name is too long",
  EIO: "the disk reports a fault",
};

/** A fault of the disk or of permissions as a UserError that names the path; anything else unchanged. */
export function diskError(thrown: unknown, path: string): unknown {
  const code = thrown instanceof Error ? (thrown as NodeJS.ErrnoException).code : undefined;
  const what = code === undefined ? undefined : DISK_FAULTS[code];
  return what === undefined ? thrown : new UserError(`cannot write ${path}: ${what}`);
}
