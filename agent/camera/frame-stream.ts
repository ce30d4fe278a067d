import { CapsError, imageOf, parseCaps, type VideoFormat } from "./caps.js";
import { CaptureClock, type CaptureClockOptions } from "./capture-clock.js";
import { GdpParser } from "./gdp.js";
import type { CameraFrame } from "./source.js";

export interface FrameStreamOptions extends CaptureClockOptions {
  /** The size that the calibration was made for; another size is refused. */
  readonly size: { readonly width_px: number; readonly height_px: number };
}

/** Turns the bytes of a GDP stream into frames on the agent's clock. One stream may follow another (`restart`). */
export class FrameStream {
  readonly #options: FrameStreamOptions;
  readonly #deliver: (frame: CameraFrame) => void;
  readonly #clock: CaptureClock;
  #parser = new GdpParser();
  #format: VideoFormat | null = null;
  #frames = 0;
  #refused = 0;
  #badPayloads = 0;
  #last_t_us: number | null = null;

  constructor(options: FrameStreamOptions, deliver: (frame: CameraFrame) => void) {
    this.#options = options;
    this.#deliver = deliver;
    this.#clock = new CaptureClock(options);
  }

  /** Frames delivered, over all streams. */
  get frames(): number {
    return this.#frames;
  }

  /** Pictures that came and were not delivered: damaged, no format yet, no time, or a time that does not rise. */
  get dropped(): number {
    return this.#refused + this.#badPayloads + this.#parser.counts.badPayloads;
  }

  get last_t_us(): number | null {
    return this.#last_t_us;
  }

  /**
   * Takes bytes as they come.
   *
   * @param arrival_us now, agent clock
   * @throws CapsError for pictures that cannot be used, GdpDamage for a stream that is lost; then `restart`
   */
  push(bytes: Uint8Array, arrival_us: number): void {
    this.#parser.push(bytes, (packet) => {
      if (packet.kind === "caps") this.#format = this.#checked(parseCaps(packet.caps));
      else this.#picture(packet.pts_ns, packet.data, arrival_us);
    });
  }

  /** A new stream begins: what is left of the last one is forgotten, the counts go on. */
  restart(): void {
    this.#badPayloads += this.#parser.counts.badPayloads;
    this.#parser = new GdpParser();
    this.#format = null;
    this.#clock.reset();
  }

  #picture(pts_ns: bigint | null, data: Uint8Array, arrival_us: number): void {
    const t_us = this.#clock.capture_us(pts_ns, arrival_us);
    if (this.#format === null || t_us === null || t_us <= (this.#last_t_us ?? Number.NEGATIVE_INFINITY)) {
      this.#refused++;
      return;
    }
    const image = imageOf(this.#format, data);
    this.#last_t_us = t_us;
    this.#frames++;
    this.#deliver({ t_us, image });
  }

  #checked(format: VideoFormat): VideoFormat {
    const { width_px, height_px } = this.#options.size;
    if (format.width_px === width_px && format.height_px === height_px) return format;
    throw new CapsError(
      `the camera gives ${format.width_px}x${format.height_px}, its calibration is for ${width_px}x${height_px}`,
    );
  }
}
