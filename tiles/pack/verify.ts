import { closeSync, openSync, readSync } from "node:fs";
import { join, resolve } from "node:path";
import { errorMessage, UserError } from "../errors.js";
import { hashFile } from "../files.js";
import { blockBytes, checkFeaturesHeader, FEATURES_HEADER_BYTES } from "./feature-format.js";
import { PACK_FILES, type PackManifest } from "./manifest.js";
import { checkIndex, checkSize, readManifest } from "./reader.js";
import { databaseProblems } from "./verify-database.js";

/** Something wrong with a pack. */
export interface PackProblem {
  /** Name of the file inside the pack, or the pack's folder when there is no pack at all. */
  readonly file: string;
  readonly what: string;
}

export interface VerifyReport {
  readonly ok: boolean;
  readonly problems: readonly PackProblem[];
  /** Null when pack.json could not be read. */
  readonly manifest: PackManifest | null;
  /** Bytes that were hashed. */
  readonly bytes: number;
}

/**
 * Checks every byte and every count of a pack: sizes, SHA-256, both binary headers, the database's integrity, its
 * MBTiles metadata, its counts against pack.json, the feature blocks' places. Wrong packs are reported, not thrown.
 * @param onProgress told after each file how many bytes of the pack are hashed
 */
export async function verifyPack(
  dir: string,
  onProgress?: (done_bytes: number, total_bytes: number) => void,
): Promise<VerifyReport> {
  const folder = resolve(dir);
  const problems: PackProblem[] = [];
  let manifest: PackManifest;
  try {
    manifest = readManifest(folder);
  } catch (thrown) {
    if (!isFault(thrown)) throw thrown;
    return {
      ok: false,
      problems: [{ file: PACK_FILES.manifest, what: told(thrown, folder) }],
      manifest: null,
      bytes: 0,
    };
  }
  for (const what of sumProblems(manifest)) problems.push({ file: PACK_FILES.manifest, what });

  const checks: Record<string, (path: string) => Iterable<string>> = {
    [PACK_FILES.tiles]: (path) => databaseProblems(path, manifest),
    [PACK_FILES.index]: (path) => thrownBy(() => checkIndex(path, manifest)),
    [PACK_FILES.features]: (path) => featureProblems(path, manifest),
  };
  const files = Object.entries(manifest.files);
  const total = files.reduce((sum, [, { bytes }]) => sum + bytes, 0);
  let done = 0;
  for (const [name, expected] of files) {
    const path = join(folder, name);
    const attempt = async (check: () => Iterable<string> | Promise<Iterable<string>>) => {
      try {
        for (const what of await check()) problems.push({ file: name, what });
        return true;
      } catch (thrown) {
        if (!isFault(thrown)) throw thrown;
        problems.push({ file: name, what: told(thrown, path) });
        return false;
      }
    };
    const sized = await attempt(() => thrownBy(() => checkSize(path, expected.bytes)));
    if (sized) {
      await attempt(async () => {
        const { sha256 } = await hashFile(path);
        return sha256 === expected.sha256 ? [] : ["was altered: its SHA-256 is not the one in pack.json"];
      });
      // A file of the wrong size was told already; all else about it would follow from that.
      await attempt(() => checks[name]?.(path) ?? []);
    }
    done += expected.bytes;
    onProgress?.(done, total);
  }
  return { ok: problems.length === 0, problems, manifest, bytes: done };
}

/** For checks that tell what is wrong by throwing. */
function thrownBy(check: () => void): string[] {
  check();
  return [];
}

/** Faults of the files under examination; anything else is a fault of this program. */
function isFault(thrown: unknown): boolean {
  return thrown instanceof UserError || typeof (thrown as { code?: unknown } | null)?.code === "string";
}

/** A message without the path, which the problem names already. */
function told(thrown: unknown, path: string): string {
  return errorMessage(thrown).replace(join(path, PACK_FILES.manifest), "").replace(path, "").trim();
}

/** Are the manifest's numbers consistent with each other? */
function* sumProblems({ levels, counts }: PackManifest): Iterable<string> {
  let row0 = 0;
  let blocks = 0;
  for (const { level, index_row0, cells, feature_blocks } of levels) {
    if (index_row0 !== row0)
      yield `level ${level} starts at index row ${index_row0}, the levels before it end at ${row0}`;
    row0 += cells;
    blocks += feature_blocks;
  }
  if (row0 !== counts.cells) yield `the levels have ${row0} cells together, counts tells ${counts.cells}`;
  if (blocks !== counts.feature_blocks) {
    yield `the levels have ${blocks} feature blocks together, counts tells ${counts.feature_blocks}`;
  }
}

function* featureProblems(path: string, { features, counts, files }: PackManifest): Iterable<string> {
  const fd = openSync(path, "r");
  try {
    const header = Buffer.alloc(FEATURES_HEADER_BYTES);
    const got = readSync(fd, header, 0, header.length, 0);
    checkFeaturesHeader(header.subarray(0, got), features.channels, path);
  } finally {
    closeSync(fd);
  }
  const blocks = (files[PACK_FILES.features].bytes - FEATURES_HEADER_BYTES) / blockBytes(features.channels);
  if (blocks !== counts.feature_blocks) yield `holds ${blocks} blocks, pack.json counts ${counts.feature_blocks}`;
}
