import { readdirSync } from "node:fs";
import { join } from "node:path";
import { HELD_OUT, MAP_PART, overlaps, seenParts, TRAINING_PART } from "./ground.js";
import { cutBox, cutView, type Raster, readRaster } from "./raster.js";

/** One scale for all: pixels are what counts here, so every pair is laid out as if it had this GSD. */
export const PAIRS_GSD_M = 1.5;
/** The camera that the frames are cut with: it looks straight down. */
export const FRAME = { width_px: 320, height_px: 256 };
export const FX = 277;

/** A place seen at two dates, registered pixel by pixel. */
export interface Pair {
  readonly name: string;
  /** sztaki, levir or dsifn. */
  readonly set: string;
  /** The first date: the map. */
  readonly first: Raster;
  /** The second date: what the camera sees. */
  readonly second: Raster;
  readonly heldOut: boolean;
  /** The left top corner of `first` and `second` in the data set's image, pixels. */
  readonly part: { readonly left: number; readonly top: number };
}

/** Where a camera over a pair looks. */
export interface PairView {
  /** Centre in pixels of the pair's rasters; (0, 0) is the corner of the first pixel. */
  readonly x: number;
  readonly y: number;
  /** Clockwise from north. */
  readonly heading_deg: number;
  /** To which side a wrong heading is off: drawn with the view, so that every setting has the same views. */
  readonly side: 1 | -1;
}

/** The registered cross-date pairs: SZTAKI as it is, LEVIR and DSIFN samples enlarged twice; every ground once. */
export async function readPairs(sharedData: string): Promise<Pair[]> {
  const pairs: Pair[] = [];
  const sztaki = join(sharedData, "sztaki_airchange");
  for (const file of readdirSync(sztaki).sort()) {
    if (!/_im1\./.test(file)) continue;
    const name = file.replace(/_im1\..*$/, "").toLowerCase();
    const part = MAP_PART.get(name) ?? TRAINING_PART.get(name);
    if (MAP_PART.get(name) === null) continue;
    const first = cutBox(await readRaster(join(sztaki, file)), part);
    const second = cutBox(await readRaster(join(sztaki, file.replace("_im1", "_im2"))), part);
    const { left, top } = part ?? { left: 0, top: 0 };
    pairs.push({ name, set: "sztaki", first, second, heldOut: HELD_OUT.has(name), part: { left, top } });
  }
  for (const set of ["levir", "dsifn"]) {
    const folder = join(sharedData, "change_pairs", `${set}_samples`);
    const others = readdirSync(join(folder, "B"));
    for (const file of readdirSync(join(folder, "A")).sort()) {
      const name = file.replace(/\.\w+$/, "");
      const other = others.find((candidate) => candidate.replace(/\.\w+$/, "") === name);
      if (other === undefined) continue;
      const first = await readRaster(join(folder, "A", file), 2);
      const second = await readRaster(join(folder, "B", other), 2);
      pairs.push({ name, set, first, second, heldOut: HELD_OUT.has(name), part: { left: 0, top: 0 } });
    }
  }
  return pairs;
}

/** Below this many pixels a pair gives a sixth of the views. */
const SMALL_PX = 350_000;

/** Draws the views of a pair: anywhere that the whole frame is on it, in any heading. */
export function drawViews(pair: Pair, viewsEach: number, random: () => number): PairView[] {
  const { width, height } = pair.second;
  const count = width * height < SMALL_PX ? Math.max(1, Math.round(viewsEach / 6)) : viewsEach;
  const reach = Math.hypot(FRAME.width_px, FRAME.height_px) / 2;
  return Array.from({ length: count }, () => {
    const x = reach + random() * (width - 2 * reach);
    const y = reach + random() * (height - 2 * reach);
    const heading_deg = random() * 360;
    return { x, y, heading_deg, side: random() < 0.5 ? -1 : 1 };
  });
}

/** The frame that the camera takes at the second date. */
export function frameOf(pair: Pair, { x, y, heading_deg }: PairView): Raster {
  return cutView(pair.second, { x, y, heading_deg, step: 1, width: FRAME.width_px, height: FRAME.height_px });
}

/** Whether an encoder has seen any of the ground of a frame in training, at whatever date. */
export function groundSeen(encoderId: string, pair: Pair, view: PairView): boolean {
  if (!pair.heldOut) return true;
  const frame = {
    x: view.x + pair.part.left,
    y: view.y + pair.part.top,
    width: FRAME.width_px,
    height: FRAME.height_px,
    heading_deg: view.heading_deg,
  };
  return seenParts(encoderId, pair.name).some((part) => overlaps(frame, part));
}
