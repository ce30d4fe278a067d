import type { NavigationConfig } from "../config.js";
import { turned, type Vector } from "../motion.js";

/** A place where the vehicle may be, with a heading offset, and how much of the belief it carries. */
export interface Hypothesis extends Vector {
  /** Degrees to add to the reported yaw. */
  readonly heading_deg: number;
  readonly mass: number;
}

/** A cell that looks like the query, as a position of the vehicle in the local plane. */
export interface PlaceSighting extends Vector {
  readonly heading_deg: number;
  readonly similarity: number;
}

/** What one frame says about where the vehicle is. */
export interface Evidence {
  /** Best first; at least one. */
  readonly sightings: readonly PlaceSighting[];
  /** Among how many places the sightings were picked: cells times headings. */
  readonly places: number;
  /** Distance between neighbouring cells, metres. */
  readonly spacing_m: number;
  /** Registration was accepted: the frame does show a mapped place, whichever of those that look alike. */
  readonly accepted: boolean;
  /** 0..1: how much of what the frame shows was not seen before. */
  readonly novelty: number;
}

interface Element {
  north_m: number;
  east_m: number;
  heading_deg: number;
  mass: number;
}

/** Bins to each side of the reference, and heading classes, that a key has room for: 2^47 keys, exact as numbers. */
const BIN_OFFSET = 2 ** 20;
const HEADING_KEYS = 64;
/** Width of a heading class, degrees: that of the retriever's hypotheses. */
const HEADING_BIN_DEG = 10;
/** 1-sigma of a sighting's place, in cell spacings: the true place lies between cells. */
const SIGHTING_SIGMA = 0.75;
/** Bins that mass spreads over in one movement, to each side; what is left spreads with the next one. */
const MOST_ROUNDS = 8;
/** Sightings and hypotheses farther apart than this many sigma have nothing to do with each other. */
const REACH_SIGMAS = 3;

/**
 * Histogram filter over the cells of the map and heading classes, sparse: only what carries belief is stored. Beside the
 * stored bins stand two masses: "anywhere on the map, none of the stored", spread evenly, and "not on the map". Work grows
 * with the bins that carry belief, never with the map.
 *
 * A frame's sightings are a likelihood: with probability `recall` the true cell is among them, with the softmax of the
 * similarities; otherwise the frame says nothing about it. An accepted registration speaks for all sightings by their
 * weights, not for the one that was registered: of two places that look alike, either would have been accepted. Overlapping frames see the same ground, so their likelihood
 * is raised to their novelty: a hovering vehicle does not become sure by looking twice.
 */
export class Belief {
  private readonly bins = new Map<number, Element>();
  private elsewhere: number;
  private off: number;
  private spread_m2 = 0;

  constructor(
    private readonly config: NavigationConfig["belief"],
    private readonly bin_m: number,
  ) {
    this.off = config.off_map;
    this.elsewhere = 1 - config.off_map;
  }

  /** Bins that carry belief. */
  get size(): number {
    return this.bins.size;
  }

  /** Mass of "anywhere on the map, at no stored place". */
  get elsewhere_mass(): number {
    return this.elsewhere;
  }

  /** Mass of "not on the map". */
  get off_mass(): number {
    return this.off;
  }

  /** Forgets everything. */
  reset(): void {
    this.bins.clear();
    this.off = this.config.off_map;
    this.elsewhere = 1 - this.off;
    this.spread_m2 = 0;
  }

  /** The heaviest bins, heaviest first. */
  best(count: number): Hypothesis[] {
    return [...this.bins.values()].sort(heavier).slice(0, count);
  }

  /** The heaviest bin; null when none carries belief. */
  get top(): Hypothesis | null {
    let top: Element | null = null;
    for (const element of this.bins.values()) if (top === null || heavier(element, top) < 0) top = element;
    return top;
  }

  /** Mass within a distance of a place, any heading. */
  massWithin(place: Vector, radius_m: number): number {
    let sum = 0;
    for (const element of this.bins.values()) {
      if (Math.hypot(element.north_m - place.north_m, element.east_m - place.east_m) <= radius_m) sum += element.mass;
    }
    return sum;
  }

  /**
   * The vehicle has moved. Every hypothesis moves by the displacement; what is not known of the movement spreads the mass
   * to neighbouring bins.
   *
   * @param moved metres
   * @param variance_m2 per-axis variance of the displacement
   * @param by_heading the displacement was measured with the reported heading: each hypothesis turns it by its offset
   */
  move(moved: Vector, variance_m2: number, dt_s: number, by_heading = true): void {
    this.spread_m2 += variance_m2;
    const elements = [...this.bins.values()];
    this.bins.clear();
    for (const element of elements) {
      const shift = by_heading ? turned(moved, (element.heading_deg * Math.PI) / 180) : moved;
      element.north_m += shift.north_m;
      element.east_m += shift.east_m;
      this.deposit(element);
    }
    const half = this.bin_m / 2;
    for (let round = 0; round < MOST_ROUNDS && this.spread_m2 > half * half; round++) this.diffuse();
    this.leak(1 - Math.exp(-this.config.leak_per_s * dt_s));
    const entered = this.off * (1 - Math.exp(-this.config.enter_per_s * dt_s));
    this.off -= entered;
    this.elsewhere += entered;
  }

  /** A frame was compared with the map. */
  observe(evidence: Evidence): void {
    const { sightings, places, novelty } = evidence;
    if (!(novelty > 0) || sightings.length === 0) return;
    const weights = softmax(sightings, this.config.temperature);
    const likelihood = new Likelihood(evidence, weights, this.config);
    for (const element of this.bins.values()) element.mass *= likelihood.at(element) ** novelty;

    const even = this.elsewhere;
    let seeded = 0;
    sightings.forEach((sighting) => {
      const prior = even / places;
      seeded += prior;
      this.deposit({
        north_m: sighting.north_m,
        east_m: sighting.east_m,
        heading_deg: sighting.heading_deg,
        mass: prior * likelihood.at(sighting) ** novelty,
      });
    });
    this.elsewhere = Math.max(0, even - seeded) * likelihood.nowhere ** novelty;
    this.normalise();
  }

  /** Removes the belief in places that the vehicle cannot have reached. */
  confine(centre: Vector, radius_m: number): void {
    for (const [key, element] of this.bins) {
      const distance = Math.hypot(element.north_m - centre.north_m, element.east_m - centre.east_m);
      if (distance > radius_m) this.bins.delete(key);
    }
    this.normalise();
  }

  private deposit(element: Element): void {
    if (!(element.mass > 0)) return;
    const i = Math.floor(element.north_m / this.bin_m);
    const j = Math.floor(element.east_m / this.bin_m);
    const h = Math.round(element.heading_deg / HEADING_BIN_DEG);
    const key = ((i + BIN_OFFSET) * 2 * BIN_OFFSET + j + BIN_OFFSET) * HEADING_KEYS + h + HEADING_KEYS / 2;
    const there = this.bins.get(key);
    if (there === undefined) {
      this.bins.set(key, { ...element });
      return;
    }
    const mass = there.mass + element.mass;
    const part = element.mass / mass;
    there.north_m += (element.north_m - there.north_m) * part;
    there.east_m += (element.east_m - there.east_m) * part;
    there.heading_deg += (element.heading_deg - there.heading_deg) * part;
    there.mass = mass;
  }

  /** Spreads every bin to its four neighbours so that each axis gains the variance that has been saved up. */
  private diffuse(): void {
    const distance = this.bin_m;
    const side = Math.min(0.2, this.spread_m2 / (2 * distance * distance));
    this.spread_m2 = Math.max(0, this.spread_m2 - side * 2 * distance * distance);
    const elements = [...this.bins.values()];
    this.bins.clear();
    for (const element of elements) {
      this.deposit({ ...element, mass: element.mass * (1 - 4 * side) });
      for (const [n, e] of [
        [1, 0],
        [-1, 0],
        [0, 1],
        [0, -1],
      ] as const) {
        this.deposit({
          ...element,
          north_m: element.north_m + n * distance,
          east_m: element.east_m + e * distance,
          mass: element.mass * side,
        });
      }
    }
    this.normalise();
  }

  private leak(part: number): void {
    let taken = 0;
    for (const element of this.bins.values()) {
      taken += element.mass * part;
      element.mass *= 1 - part;
    }
    this.elsewhere += taken * (1 - this.config.off_map);
    this.off += taken * this.config.off_map;
  }

  private normalise(): void {
    let sum = this.elsewhere + this.off;
    for (const { mass } of this.bins.values()) sum += mass;
    if (!(sum > 0)) {
      this.reset();
      return;
    }
    this.elsewhere /= sum;
    this.off /= sum;
    for (const [key, element] of this.bins) {
      element.mass /= sum;
      if (element.mass >= this.config.least_mass) continue;
      this.elsewhere += element.mass;
      this.bins.delete(key);
    }
    if (this.bins.size <= this.config.most) return;
    const sorted = [...this.bins.entries()].sort(([, a], [, b]) => heavier(a, b));
    for (const [key, element] of sorted.slice(this.config.most)) {
      this.elsewhere += element.mass;
      this.bins.delete(key);
    }
  }
}

/** What a frame says about any place, relative to what it says about a place that it does not show. */
class Likelihood {
  /** Likelihood of a place that no sighting is near. */
  readonly nowhere: number;
  private readonly near = new Map<number, { sighting: PlaceSighting; gain: number }[]>();
  private readonly sigma_m: number;
  private readonly reach_m: number;

  constructor(evidence: Evidence, weights: readonly number[], config: NavigationConfig["belief"]) {
    this.nowhere = 1 - config.recall;
    this.sigma_m = SIGHTING_SIGMA * evidence.spacing_m;
    this.reach_m = REACH_SIGMAS * this.sigma_m;
    // A sighting stands for a Gaussian around its cell; its density is relative to one place among all.
    const density = 1 / (2 * Math.PI * SIGHTING_SIGMA * SIGHTING_SIGMA);
    evidence.sightings.forEach((sighting, i) => {
      const trust = evidence.accepted ? config.registration_ratio : 1;
      const gain = trust * config.recall * evidence.places * (weights[i] ?? 0) * density;
      const key = this.key(sighting.north_m, sighting.east_m, 0, 0);
      const list = this.near.get(key);
      if (list === undefined) this.near.set(key, [{ sighting, gain }]);
      else list.push({ sighting, gain });
    });
  }

  at(place: Vector & { readonly heading_deg: number }): number {
    let value = this.nowhere;
    for (let i = -1; i <= 1; i++) {
      for (let j = -1; j <= 1; j++) {
        for (const { sighting, gain } of this.near.get(this.key(place.north_m, place.east_m, i, j)) ?? []) {
          if (Math.abs(difference_deg(sighting.heading_deg, place.heading_deg)) > HEADING_BIN_DEG) continue;
          const d2 = (sighting.north_m - place.north_m) ** 2 + (sighting.east_m - place.east_m) ** 2;
          if (d2 > this.reach_m * this.reach_m) continue;
          value += gain * Math.exp(-d2 / (2 * this.sigma_m * this.sigma_m));
        }
      }
    }
    return value;
  }

  private key(north_m: number, east_m: number, i: number, j: number): number {
    const row = Math.floor(north_m / this.reach_m) + i;
    return (row + BIN_OFFSET) * 2 * BIN_OFFSET + Math.floor(east_m / this.reach_m) + j + BIN_OFFSET;
  }
}

/** exp(similarity / temperature), summing to 1. */
function softmax(sightings: readonly PlaceSighting[], temperature: number): number[] {
  const top = sightings[0]?.similarity ?? 0;
  const raw = sightings.map(({ similarity }) => Math.exp((similarity - top) / temperature));
  const sum = raw.reduce((a, b) => a + b, 0);
  return raw.map((value) => value / sum);
}

/** a - b in -180..180. */
function difference_deg(a: number, b: number): number {
  return ((((a - b + 180) % 360) + 360) % 360) - 180;
}

function heavier(a: Element, b: Element): number {
  return b.mass - a.mass || a.north_m - b.north_m || a.east_m - b.east_m || a.heading_deg - b.heading_deg;
}
