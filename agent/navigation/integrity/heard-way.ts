import type { Vector } from "../motion.js";

/** Velocities farther apart than this say nothing of the time between them; the newest one holds as long. */
const LONGEST_GAP_US = 1_500_000;
/** Somewhat more than the looks at a picture reach back, vision's delay included. */
const KEPT_US = 10_000_000;

interface Sample {
  readonly t_us: number;
  readonly north: number;
  readonly east: number;
}

/** How far the vehicle flew by its autopilot's own velocity: by gyros and accelerometers, not by the picture. */
export class HeardWay {
  private samples: Sample[] = [];

  /** The velocity over ground at a time, metres per second; times rise, one that does not is left out. */
  heard(t_us: number, { north, east }: { readonly north: number; readonly east: number }): void {
    const newest_us = this.samples.at(-1)?.t_us ?? Number.NEGATIVE_INFINITY;
    if (t_us <= newest_us) return;
    const from_us = t_us - newest_us > LONGEST_GAP_US ? t_us : t_us - KEPT_US;
    this.samples = [...this.samples.filter((sample) => sample.t_us >= from_us), { t_us, north, east }];
  }

  /** The way from one time to a later one, metres; null where velocities do not cover it. */
  between(from_us: number, to_us: number): Vector | null {
    const last = this.samples.at(-1);
    if (last === undefined || to_us > last.t_us + LONGEST_GAP_US) return null;
    const known = to_us > last.t_us ? [...this.samples, { ...last, t_us: to_us }] : this.samples;
    if (from_us < (known[0]?.t_us ?? Number.POSITIVE_INFINITY)) return null;
    let north_m = 0;
    let east_m = 0;
    known.slice(1).forEach((b, i) => {
      const a = known[i];
      if (a === undefined || b.t_us <= from_us || a.t_us >= to_us) return;
      const begin = mixed(a, b, Math.max(a.t_us, from_us));
      const end = mixed(a, b, Math.min(b.t_us, to_us));
      const dt_s = (end.t_us - begin.t_us) / 1e6;
      north_m += ((begin.north + end.north) / 2) * dt_s;
      east_m += ((begin.east + end.east) / 2) * dt_s;
    });
    return { north_m, east_m };
  }
}

/** The velocity at a time between two samples. */
function mixed(a: Sample, b: Sample, t_us: number): Sample {
  const part = (t_us - a.t_us) / (b.t_us - a.t_us);
  return { t_us, north: a.north + (b.north - a.north) * part, east: a.east + (b.east - a.east) * part };
}
