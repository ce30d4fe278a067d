import { monotonic_us } from "../clock.js";
import { type FlightFrame, readFlight } from "../flight/flight.js";
import type { CameraFrame, CameraSource, CameraStatus } from "./source.js";

export interface ReplayOptions {
  /** Folder of the flight. */
  readonly flight: string;
  /** How much faster than it was flown. */
  readonly speed: number;
  /** Begin again at the end. */
  readonly loop: boolean;
}

/** Plays the pictures of a flight folder at their pace, as if they were captured now. */
export class ReplayCamera implements CameraSource {
  readonly name = "replay";
  readonly #options: ReplayOptions;
  readonly #listeners = new Set<(frame: CameraFrame) => void>();
  #status: CameraStatus = { state: "stopped", detail: "not started", frames: 0, dropped: 0, last_t_us: null };
  #frames: readonly FlightFrame[] = [];
  #next = 0;
  /** Agent time of the flight's first frame in this round. */
  #begin_us = 0;
  #timer: NodeJS.Timeout | null = null;
  #wanted = false;

  constructor(options: ReplayOptions) {
    this.#options = options;
  }

  get status(): CameraStatus {
    return this.#status;
  }

  onFrame(listener: (frame: CameraFrame) => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  /** Reads the flight and plays it. @throws UserError for a folder that is no sound flight */
  async start(): Promise<void> {
    if (this.#wanted) return;
    this.#wanted = true;
    this.#status = { ...this.#status, state: "starting", detail: "reading the flight" };
    try {
      this.#frames = (await readFlight(this.#options.flight)).frames;
    } catch (thrown) {
      this.#wanted = false;
      this.#status = { ...this.#status, state: "failed", detail: "the flight cannot be read" };
      throw thrown;
    }
    if (!this.#wanted) return;
    this.#next = 0;
    this.#begin_us = monotonic_us();
    this.#status = { ...this.#status, state: "running", detail: null };
    this.#wait();
  }

  stop(): Promise<void> {
    this.#wanted = false;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#status = { ...this.#status, state: "stopped", detail: "stopped" };
    return Promise.resolve();
  }

  /** Agent time at which a frame of this round is captured. */
  #due_us(frame: FlightFrame): number {
    const first_us = this.#frames[0]?.frame.t_us ?? 0;
    return this.#begin_us + Math.round((frame.frame.t_us - first_us) / this.#options.speed);
  }

  #wait(): void {
    const frame = this.#frames[this.#next];
    if (frame === undefined) return;
    const wait_ms = Math.max(0, (this.#due_us(frame) - monotonic_us()) / 1000);
    this.#timer = setTimeout(() => this.#play(frame), Math.ceil(wait_ms));
  }

  #play(frame: FlightFrame): void {
    // Timers may fire a fraction of a millisecond early; a capture in the future must not be handed out.
    if (monotonic_us() < this.#due_us(frame)) {
      this.#wait();
      return;
    }
    // Played very fast, two frames could fall on one microsecond.
    const t_us = Math.max(this.#due_us(frame), (this.#status.last_t_us ?? 0) + 1);
    this.#status = { ...this.#status, frames: this.#status.frames + 1, last_t_us: t_us };
    this.#next++;
    for (const listener of this.#listeners) listener({ t_us, image: frame.frame.image });
    if (!this.#wanted) return;
    if (this.#next === this.#frames.length) {
      if (!this.#options.loop) {
        this.#wanted = false;
        this.#status = { ...this.#status, state: "stopped", detail: "the flight is over" };
        return;
      }
      // The pause between the last and the first frame is that of the last two.
      const before = this.#frames.at(-2);
      const gap_us = before === undefined ? 1e6 : Math.max(1, t_us - this.#due_us(before));
      this.#begin_us = t_us + gap_us;
      this.#next = 0;
    }
    this.#wait();
  }
}
