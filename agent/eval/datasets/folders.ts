import { readdirSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { errorMessage, UserError } from "../../../tiles/errors.js";

/** Image files that we decode; the case of the ending does not matter. */
const IMAGE = /\.(jpe?g|png|tiff?|webp)$/i;

export function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

/** @throws UserError when there is no such folder at all */
export function checkRoot(root: string): void {
  const stat = statSync(root, { throwIfNoEntry: false });
  if (stat === undefined) throw new UserError(`${root}: no such folder; name the folder of the data set`);
  if (!stat.isDirectory()) throw new UserError(`${root}: is a file; name the folder of the data set`);
}

/** `it has: a, b, c`, for errors about what is missing in a folder. */
export function contentsOf(folder: string): string {
  const most = 8;
  const names = entries(folder).map(({ name }) => name);
  if (names.length === 0) return "it is empty";
  const more = names.length > most ? `, … (${names.length} entries)` : "";
  return `it has: ${names.slice(0, most).join(", ")}${more}`;
}

/** One image below a folder of numbered places. */
export interface LabelledImage {
  readonly path: string;
  /** The place's number; -1 is junk. */
  readonly label: number;
}

/**
 * Images of a folder that holds one folder for each place, named by the place's number: FOLDER/0001/x.jpg. In the order
 * of their names; files that are no images, and empty places, are passed over.
 *
 * @throws UserError when the folder is missing, a place's name is no whole number, or there is no image at all
 */
export function placeFolders(folder: string): LabelledImage[] {
  if (!isFolder(folder)) throw new UserError(`${folder}: no such folder; it must hold one folder for each place`);
  const images: LabelledImage[] = [];
  for (const entry of entries(folder)) {
    if (!entry.isDirectory()) continue;
    const path = join(folder, entry.name);
    if (!/^-?\d+$/.test(entry.name)) {
      throw new UserError(`${path}: the folders of ${basename(folder)} are named by the place's number, such as 0001`);
    }
    for (const file of entries(path)) {
      if (IMAGE.test(file.name) && !file.isDirectory()) {
        images.push({ path: join(path, file.name), label: Number(entry.name) });
      }
    }
  }
  if (images.length === 0) {
    throw new UserError(`${folder}: no images; expected ${basename(folder)}/0001/IMAGE.jpg and so on`);
  }
  return images;
}

/** Entries by name, hidden ones left out. */
function entries(folder: string): { name: string; isDirectory(): boolean }[] {
  try {
    return readdirSync(folder)
      .filter((name) => !name.startsWith("."))
      .sort()
      .map((name) => ({ name, isDirectory: () => isFolder(join(folder, name)) }));
  } catch (thrown) {
    throw new UserError(`${folder}: cannot be read: ${errorMessage(thrown)}`);
  }
}

/** Names of the folders in a folder, sorted. */
export function foldersIn(folder: string): string[] {
  return entries(folder)
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name);
}
