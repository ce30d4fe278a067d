import type { Waypoint } from "./options.js";

/** Routes of the built-in ground station; lengths are those of one lap. */
export const MISSION_SHAPES = ["square", "line", "hover"] as const;
export type MissionShape = (typeof MISSION_SHAPES)[number];

/** Way points of a shape that begins at home: a square to the north-east, a line there and back, or one point. */
export function missionPoints(shape: MissionShape, length_m: number, course_deg = 0): Waypoint[] {
  const side = length_m / 4;
  const corners: readonly (readonly [number, number])[] =
    shape === "square"
      ? [
          [0, 0],
          [side, 0],
          [side, side],
          [0, side],
          [0, 0],
        ]
      : shape === "line"
        ? [
            [0, 0],
            [length_m / 2, 0],
            [0, 0],
          ]
        : [[0, 0]];
  const cos = Math.cos((course_deg * Math.PI) / 180);
  const sin = Math.sin((course_deg * Math.PI) / 180);
  return corners.map(([n, e]) => ({ north_m: cos * n - sin * e, east_m: sin * n + cos * e }));
}
