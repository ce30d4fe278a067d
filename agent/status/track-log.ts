import type { Place, TrackPoint } from "./api.js";

/** An hour at one point a second. */
const MAX_POINTS = 3600;

/** The way that was flown, for pages that are opened later: one point a second, the oldest forgotten. */
export class TrackLog {
  readonly #points: TrackPoint[] = [];

  get points(): readonly TrackPoint[] {
    return this.#points;
  }

  /** Takes the places of one time; nothing is kept of a time at which nothing is known. */
  add(t_s: number, position: Place | null, truth: Place | null): void {
    if (position === null && truth === null) return;
    this.#points.push({ t_s: Math.round(t_s * 10) / 10, position: placeOnly(position), truth: placeOnly(truth) });
    if (this.#points.length > MAX_POINTS) this.#points.shift();
  }
}

/** Seven decimals are a centimetre. */
function placeOnly(place: Place | null): Place | null {
  if (place === null) return null;
  return { lat_deg: Math.round(place.lat_deg * 1e7) / 1e7, lon_deg: Math.round(place.lon_deg * 1e7) / 1e7 };
}
