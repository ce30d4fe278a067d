import { readdirSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import type { Pair } from "./pair-views.js";
import { readRaster } from "./raster.js";

/** Pictures with a smaller side than this are enlarged twice, so that a frame in any heading fits, pixels. */
const SMALL_PX = 420;

/** The folders of the shared data that hold such pairs. */
export const UNREGISTERED_FOLDERS = ["deepaerial_pairs", "change_pairs"] as const;

const SETS = [
  { set: "deepaerial", folder: ["deepaerial_pairs"], first: /^(.*)_src(.*)\.\w+$/, second: "_tgt" },
  {
    set: "cross-season",
    folder: ["change_pairs", "starainj_rs", "CrossSeason"],
    first: /^(CS\d+)a()\.\w+$/,
    second: "b",
  },
  {
    set: "optical",
    folder: ["change_pairs", "starainj_rs", "Optical_Optical"],
    first: /^(OO\d+)a()\.\w+$/,
    second: "b",
  },
  { set: "day-night", folder: ["change_pairs", "starainj_rs", "DayNight"], first: /^(DN\d+)a()\.\w+$/, second: "b" },
] as const;

/**
 * Pairs of pictures of one place whose relation nobody has measured: turned, scaled and shifted against each other as
 * they happen to be. No model of ours was trained on them.
 */
export async function readUnregistered(sharedData: string): Promise<Pair[]> {
  const pairs: Pair[] = [];
  for (const { set, folder, first, second } of SETS) {
    const dir = join(sharedData, ...folder);
    const files = readdirSync(dir).sort();
    for (const file of files) {
      const [, name = "", number = ""] = first.exec(file) ?? [];
      const other = files.find((one) => one.replace(/\.\w+$/, "") === `${name}${second}${number}`);
      if (name === "" || other === undefined) continue;
      pairs.push({
        name: `${set} ${name}${number}`,
        set,
        first: await enlarged(join(dir, file)),
        second: await enlarged(join(dir, other)),
        heldOut: true,
        part: { left: 0, top: 0 },
      });
    }
  }
  return pairs;
}

async function enlarged(path: string): Promise<Pair["first"]> {
  const { width, height } = await sharp(path).metadata();
  return readRaster(path, Math.min(width, height) < SMALL_PX ? 2 : 1);
}
