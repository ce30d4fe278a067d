import { type FileHandle, open } from "node:fs/promises";

/** A file read by byte ranges, of which none can run past its end unnoticed. */
export class RangeFile {
  private constructor(
    private readonly handle: FileHandle,
    readonly size_bytes: number,
  ) {}

  static async open(path: string): Promise<RangeFile> {
    const handle = await open(path, "r");
    const { size } = await handle.stat();
    return new RangeFile(handle, size);
  }

  /** Reads exactly this range. @throws Error when the file ends before it; nothing is allocated then */
  async read(offset: number, length: number): Promise<Buffer<ArrayBuffer>> {
    if (!(offset >= 0 && length >= 0 && offset + length <= this.size_bytes)) {
      throw new Error(`it refers to bytes ${offset} to ${offset + length}, but ends at byte ${this.size_bytes}`);
    }
    const bytes = Buffer.from(new ArrayBuffer(length));
    let done = 0;
    while (done < length) {
      const { bytesRead } = await this.handle.read(bytes, done, length - done, offset + done);
      if (bytesRead === 0) throw new Error(`it ended at byte ${offset + done} while being read`);
      done += bytesRead;
    }
    return bytes;
  }

  close(): Promise<void> {
    return this.handle.close();
  }
}
