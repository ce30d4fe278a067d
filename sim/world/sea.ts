import { Noise } from "./noise.js";
import { hash01, hash32 } from "./random.js";

export interface SeaSpec {
  readonly seed: number;
  /** compass direction from land to open sea, degrees */
  readonly seaward_deg: number;
  /** where the mean shoreline crosses the line through the origin in that direction, metres from the origin */
  readonly shore_m: number;
}

/** Rasters of a window that the sea is painted over; heights and crowns become 0 there. */
export interface SeaCanvas {
  readonly north_m: number;
  readonly east_m: number;
  readonly gsd_m: number;
  readonly width_px: number;
  readonly height_px: number;
  readonly rgb: Uint8Array;
  readonly height_m?: Float32Array | undefined;
  readonly crown?: Uint8Array | undefined;
}

const WATER: readonly [number, number, number] = [46, 66, 78];
const SAND: readonly [number, number, number] = [188, 170, 138];
const FOAM: readonly [number, number, number] = [226, 230, 230];
const BEACH_M = 14;
const GRAVITY = 9.80665;
/** Lengths of the wave systems that are seen, metres, and how strongly each changes the brightness. */
const WAVES: readonly (readonly [number, number])[] = [
  [34, 0.1],
  [11, 0.12],
  [4.3, 0.1],
  [1.7, 0.07],
];

/**
 * A sea along one side of the land. Its waves run: each system drifts at the speed that deep water gives its length,
 * sqrt(g L / 2 pi), in a direction of its own, so that no two moments show the same surface.
 */
export class Sea {
  private readonly noise: Noise;
  private readonly north: number;
  private readonly east: number;

  constructor(private readonly spec: SeaSpec) {
    this.noise = new Noise(hash32(spec.seed, 0x5ea));
    const heading = (spec.seaward_deg * Math.PI) / 180;
    this.north = Math.cos(heading);
    this.east = Math.sin(heading);
  }

  /** How far beyond the waterline a place lies, metres; negative = on land. */
  beyondShore_m(north_m: number, east_m: number): number {
    const along = -this.east * north_m + this.north * east_m;
    const bays = 26 * this.noise.at(along / 190, 3.3) + 7 * this.noise.at(along / 41, 9.1);
    return this.north * north_m + this.east * east_m - this.spec.shore_m - bays;
  }

  /** Paints beach, foam and water as they are at time t_s. */
  paint(canvas: SeaCanvas, t_s: number): void {
    const { gsd_m, width_px, height_px, rgb } = canvas;
    const wave = new Float32Array(width_px);
    for (let row = 0; row < height_px; row++) {
      const north_m = canvas.north_m - (row + 0.5) * gsd_m;
      const west_m = canvas.east_m + 0.5 * gsd_m;
      if (this.farthest_m(north_m, west_m, width_px * gsd_m) < -BEACH_M) continue;
      wave.fill(0);
      for (const [k, [length_m, strength]] of WAVES.entries()) {
        const heading = (this.spec.seaward_deg / 180) * Math.PI + Math.PI + (hash01(this.spec.seed, k, 3) - 0.5) * 1.6;
        const drift_m = Math.sqrt((GRAVITY * length_m) / (2 * Math.PI)) * t_s;
        const x = (west_m - Math.sin(heading) * drift_m) / length_m;
        const y = (north_m - Math.cos(heading) * drift_m) / length_m;
        this.noise.addRow(wave, 0, width_px, x * 2, y * 2, (2 * gsd_m) / length_m, 0, strength);
      }
      for (let col = 0; col < width_px; col++) {
        const beyond = this.beyondShore_m(north_m, west_m + col * gsd_m);
        if (beyond < -BEACH_M) continue;
        const i = row * width_px + col;
        if (canvas.height_m !== undefined) canvas.height_m[i] = 0;
        if (canvas.crown !== undefined) canvas.crown[i] = 0;
        const swell = wave[col] as number;
        // The wash runs up and down the beach by a few metres.
        const foam = Math.max(0, 1 - Math.abs(beyond - 3 - 10 * swell) / 3.5);
        const wet = Math.min(1, Math.max(0, 0.5 + beyond / 2));
        for (let c = 0; c < 3; c++) {
          const shallow =
            (WATER[c] as number) +
            ((SAND[c] as number) - (WATER[c] as number)) * 0.5 * Math.exp(-Math.max(0, beyond) / 18);
          const ground = (SAND[c] as number) * (1 - wet) + shallow * (1 + 1.4 * swell) * wet;
          rgb[i * 3 + c] = Math.min(255, Math.max(0, ground + ((FOAM[c] as number) - ground) * foam * wet + 0.5));
        }
      }
    }
  }

  /** An upper bound of beyondShore_m along a row of pixels. */
  private farthest_m(north_m: number, west_m: number, width_m: number): number {
    const flat = (east_m: number): number => this.north * north_m + this.east * east_m - this.spec.shore_m + 33;
    return Math.max(flat(west_m), flat(west_m + width_m));
  }
}
