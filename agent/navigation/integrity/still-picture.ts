import type { Vector } from "../motion.js";

/** One registered frame: the ground that its middle shows, and where the attitude says that this lies from the vehicle. */
interface Look {
  readonly t_us: number;
  readonly ground: Vector;
  readonly lever: Vector;
}

/** So many frames, within so long, are looked at. */
const FRAMES = 4;
const LONGEST_US = 4_000_000;
/**
 * Looks farther apart than this say nothing together, unless it is known how the vehicle flew between them. A multicopter
 * that accelerates leans back from where it goes, by as much on the ground as it flies in sqrt(2 h / g), 4 s at 80 m: then
 * the middle is back where it was, and only the looks in between tell that it was not there all the time.
 */
const LONGEST_GAP_US = 1_500_000;
/** The attitude must have moved the middle of the picture at least so far, metres, for anything to be said. */
const LEAST_LEVER_M = 1.5;
/** The picture stands still when the ground in its middle moved by less than this part of that. */
const STILL_PART = 0.35;
/** It moves all the same when the places that it gives follow the way flown to within this part of that. */
const FOLLOWED_PART = 0.5;

/** The way that the vehicle flew between two times, by something else than the picture; null where that is not known. */
export type FlownWay = (from_us: number, to_us: number) => Vector | null;

/**
 * Finds a picture that does not change although it is never the same to the bit: a hanging camera behind an analogue
 * link, a still that is sent again with fresh noise. The frames agree with each other and with the map, as if the vehicle
 * hovered. But the middle of a real picture wanders over the ground as the attitude moves, also in a hover; that of a still
 * one shows the same ground whatever the attitude says.
 *
 * A copter with the camera fixed to it can hold the middle of a real picture on one spot for a second: while it leans into
 * its way as fast as it flies on, and the camera looks back. Then the places that follow from the picture move just as the
 * vehicle does, and something that does not see the picture can tell so: the autopilot's inertial velocity. Those that
 * follow from a still picture move as the attitude does, whatever the vehicle does.
 */
export class StillPicture {
  private looks: Look[] = [];

  /**
   * Adds a registered frame; true when the last frames show the same ground under attitudes that forbid it.
   *
   * @param flown without it, every picture whose middle stays is a still one
   */
  observe(t_us: number, ground: Vector, lever: Vector, flown: FlownWay = () => null): boolean {
    const last_us = this.looks.at(-1)?.t_us ?? t_us;
    if (t_us - last_us > LONGEST_GAP_US && flown(last_us, t_us) === null) this.looks = [];
    const recent = this.looks.filter((look) => look.t_us > t_us - LONGEST_US);
    this.looks = [...recent, { t_us, ground, lever }].slice(-FRAMES);
    if (this.looks.length < FRAMES) return false;
    const levers_m = widest(this.looks.map((look) => look.lever));
    const stays = widest(this.looks.map(({ ground: seen }) => seen)) <= STILL_PART * levers_m;
    return levers_m >= LEAST_LEVER_M && stays && !follow(this.looks, flown, FOLLOWED_PART * levers_m);
  }
}

/** Do the places that the looks give follow the way that was flown to within a distance? */
function follow(looks: readonly Look[], flown: FlownWay, within_m: number): boolean {
  const from_us = looks[0]?.t_us ?? 0;
  const apart: Vector[] = [];
  for (const { t_us, ground, lever } of looks) {
    const way = flown(from_us, t_us);
    if (way === null) return false;
    apart.push({
      north_m: ground.north_m - lever.north_m - way.north_m,
      east_m: ground.east_m - lever.east_m - way.east_m,
    });
  }
  return widest(apart) <= within_m;
}

/** Greatest distance between two of the points. */
function widest(points: readonly Vector[]): number {
  let most = 0;
  points.forEach((a, i) => {
    for (const b of points.slice(i + 1)) most = Math.max(most, Math.hypot(a.north_m - b.north_m, a.east_m - b.east_m));
  });
  return most;
}
