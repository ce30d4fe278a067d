/**
 * Which ground of the registered cross-date pairs is held out of training, and which ground weights have seen.
 *
 * Several SZTAKI folders show the same ground (how this was found stands in train/skylink_train/data.py, whose lists of
 * held-out pairs and of training parts are the same as these; a test holds them together). Names in lower case.
 */

/** An upright rectangle of an image, pixels; right and bottom are past the last pixel. */
export interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** Pairs that training must not see. */
export const HELD_OUT: ReadonlySet<string> = new Set([
  ...["archieve", "szada_1", "szada_2", "szada_3", "szada_5", "tiszadob_2", "tiszadob_4"],
  ...["test_121_0768_0256", "test_2_0000_0512", "test_55_0256_0000", "test_77_0512_0256"],
  ...["0_2", "4_4", "8_3"],
]);

/** The part of a training pair that shows no ground of a held-out pair. */
export const TRAINING_PART: ReadonlyMap<string, Box> = new Map([
  ["szada_4", box(0, 72, 952, 640)],
  ["szada_6", box(318, 0, 952, 640)],
  ["tiszadob_1", box(0, 0, 952, 580)],
  ["tiszadob_3", box(0, 0, 739, 640)],
  ["tiszadob_5", box(0, 51, 952, 640)],
]);

/**
 * The part of a held-out pair that the map shows and queries come from: every ground once, or a right answer on one
 * pair would count as wrong for the other. All of szada_1 is on `archieve` and is left out.
 */
export const MAP_PART: ReadonlyMap<string, Box | null> = new Map<string, Box | null>([
  ["szada_1", null],
  ["szada_3", box(0, 0, 613, 640)],
  ["tiszadob_2", box(0, 0, 688, 640)],
]);

/**
 * Held-out ground that a network has seen in training, by the encoder's id. skylink-encoder-1 was trained on the split
 * by folder, which held out archieve, szada_2, szada_5, tiszadob_2, tiszadob_4 and the same LEVIR and DSIFN pairs: it
 * saw szada_1, 3, 4, 6, 7 and tiszadob_1, 3, 5 whole, hence these parts, in pixels of the pair named. An encoder that
 * is not named here was trained on the split by ground.
 */
const SEEN: Readonly<Record<string, Readonly<Record<string, readonly Box[]>>>> = {
  "skylink-encoder-1": {
    archieve: [box(41, 118, 850, 662), box(777, 0, 1048, 341)],
    szada_2: [box(621, 33, 952, 640), box(0, 576, 322, 640)],
    szada_3: [box(0, 0, 952, 640)],
    tiszadob_2: [box(0, 435, 586, 640), box(627, 597, 952, 640), box(279, 0, 952, 10)],
    tiszadob_4: [box(0, 0, 535, 52)],
  },
};

/** The rectangles of a pair that an encoder has seen in training. */
export function seenParts(encoderId: string, pair: string): readonly Box[] {
  return SEEN[encoderId]?.[pair.toLowerCase()] ?? [];
}

/** A rectangle in any orientation: centre in pixels, heading clockwise from up, degrees. */
export interface TurnedBox {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly heading_deg: number;
}

/** Whether a turned rectangle and an upright one share any ground (separating axes). */
export function overlaps(turned: TurnedBox, upright: Box): boolean {
  const angle = (turned.heading_deg * Math.PI) / 180;
  const cos = Math.cos(angle);
  const sin = Math.sin(angle);
  const reachX = (Math.abs(cos) * turned.width + Math.abs(sin) * turned.height) / 2;
  const reachY = (Math.abs(sin) * turned.width + Math.abs(cos) * turned.height) / 2;
  const halfWidth = (upright.right - upright.left) / 2;
  const halfHeight = (upright.bottom - upright.top) / 2;
  const dx = (upright.left + upright.right) / 2 - turned.x;
  const dy = (upright.top + upright.bottom) / 2 - turned.y;
  if (Math.abs(dx) >= halfWidth + reachX || Math.abs(dy) >= halfHeight + reachY) return false;
  // The turned rectangle's own axes: across (cos, sin) and down (-sin, cos), as cutView reads it.
  const across = Math.abs(dx * cos + dy * sin);
  const down = Math.abs(-dx * sin + dy * cos);
  return (
    across < turned.width / 2 + Math.abs(cos) * halfWidth + Math.abs(sin) * halfHeight &&
    down < turned.height / 2 + Math.abs(sin) * halfWidth + Math.abs(cos) * halfHeight
  );
}

function box(left: number, top: number, right: number, bottom: number): Box {
  return { left, top, right, bottom };
}
