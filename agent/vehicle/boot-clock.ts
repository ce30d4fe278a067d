/** Turns the autopilot's time since boot into the agent's time, both microseconds; null while it is not known. */
export interface ClockMap {
  toAgent_us(boot_us: number): number | null;
}

/** Arrivals are summed up over this long: one point of the envelope. */
const BUCKET_US = 250_000;
/** Points that are kept: the map follows what happened in the last seconds. */
const BUCKETS = 16;
/** A clock further off than this is no clock (simulated vehicles fall behind by a few per cent on a busy computer). */
const MOST_DRIFT = 0.1;
/** Points before drift is looked at: with fewer it would be noise. */
const BUCKETS_FOR_DRIFT = 4;

/** Buckets in a row (a second) that lie this far above all before: the clock has stopped for a while, as simulations do. */
const STEP_BUCKETS = 4;
const STEP_US = 50_000;

/** The quickest arrival of a bucket: `lag_us` is arrival minus boot time. */
interface Point {
  readonly arrival_us: number;
  readonly lag_us: number;
}

/**
 * The autopilot's clock as the arrival of its messages tells it, for as long as TIMESYNC does not.
 *
 * Arrival minus boot time is the offset of the clocks plus the delay of the message, and the delay only ever adds: the
 * offset is the lower envelope. The straight line under all points of the last seconds that supports their middle
 * follows drift too (Moon, Skelly, Towsley, "Estimation and removal of clock skew from network delay measurements",
 * INFOCOM 1999). What cannot be seen from one side is the smallest delay itself: times come out that much too late.
 */
export class ArrivalClock implements ClockMap {
  #points: Point[] = [];
  /** lag = lag0 + slope * (arrival - arrival0) */
  #line: { readonly arrival0_us: number; readonly lag0_us: number; readonly slope: number } | null = null;

  /** Takes a message that carries the time since boot and arrived at a time. */
  observe(boot_us: number, arrival_us: number): void {
    const point = { arrival_us, lag_us: arrival_us - boot_us };
    const last = this.#points[this.#points.length - 1];
    if (last === undefined || bucketOf(arrival_us) > bucketOf(last.arrival_us)) {
      this.#points.push(point);
      if (this.#points.length > BUCKETS) this.#points.shift();
      this.#points = withoutStep(this.#points);
    } else if (point.lag_us < last.lag_us) {
      this.#points[this.#points.length - 1] = point;
    } else {
      return;
    }
    this.#line = null;
  }

  reset(): void {
    this.#points = [];
    this.#line = null;
  }

  toAgent_us(boot_us: number): number | null {
    if (this.#points.length === 0) return null;
    this.#line ??= supportingLine(this.#points);
    const { arrival0_us, lag0_us, slope } = this.#line;
    return (boot_us + lag0_us - slope * arrival0_us) / (1 - slope);
  }
}

function bucketOf(arrival_us: number): number {
  return Math.floor(arrival_us / BUCKET_US);
}

/** The points after the last step of the clock. The newest is left out of it: its bucket has only begun. */
function withoutStep(points: Point[]): Point[] {
  const from = points.length - 1 - STEP_BUCKETS;
  if (from < 1) return points;
  const line = supportingLine(points.slice(0, from));
  const above = points.slice(from, -1).every(({ arrival_us, lag_us }) => {
    return lag_us - line.lag0_us - line.slope * (arrival_us - line.arrival0_us) > STEP_US;
  });
  return above ? points.slice(from) : points;
}

/** The edge of the lower convex hull that lies under the middle of the points. */
function supportingLine(points: readonly Point[]): { arrival0_us: number; lag0_us: number; slope: number } {
  const lowest = points.reduce((low, point) => (point.lag_us < low.lag_us ? point : low));
  const level = { arrival0_us: lowest.arrival_us, lag0_us: lowest.lag_us, slope: 0 };
  if (points.length < BUCKETS_FOR_DRIFT) return level;
  const hull: Point[] = [];
  for (const point of points) {
    while (hull.length >= 2 && !turnsLeft(hull[hull.length - 2] as Point, hull[hull.length - 1] as Point, point)) {
      hull.pop();
    }
    hull.push(point);
  }
  const middle_us = points.reduce((sum, { arrival_us }) => sum + arrival_us / points.length, 0);
  const right = hull.findIndex(({ arrival_us }) => arrival_us >= middle_us);
  const [a, b] = [hull[right - 1], hull[right]];
  if (a === undefined || b === undefined) return level;
  const slope = (b.lag_us - a.lag_us) / (b.arrival_us - a.arrival_us);
  return Math.abs(slope) > MOST_DRIFT ? level : { arrival0_us: a.arrival_us, lag0_us: a.lag_us, slope };
}

function turnsLeft(a: Point, b: Point, c: Point): boolean {
  return (
    (b.arrival_us - a.arrival_us) * (c.lag_us - a.lag_us) - (b.lag_us - a.lag_us) * (c.arrival_us - a.arrival_us) > 0
  );
}

/**
 * The boot time at which a map shows `agent_us`; null while the map knows nothing. `near_us` is any boot time not far
 * from it (the newest that was heard). Works for every map whose clocks run at nearly the same rate.
 */
export function bootTimeAt(map: ClockMap, agent_us: number, near_us: number): number | null {
  let boot_us = near_us;
  // Each round shrinks the error by the drift of the clocks: 10 % at most, so 10 s become a microsecond.
  for (let round = 0; round < 8; round++) {
    const shown_us = map.toAgent_us(boot_us);
    if (shown_us === null || !Number.isFinite(shown_us)) return null;
    boot_us += agent_us - shown_us;
  }
  return boot_us;
}
