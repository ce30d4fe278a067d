/** When the watchdog may not be fed. */
export interface WatchdogConfig {
  /** Silence of the autopilot, and of the camera, that is too long, seconds. */
  readonly link_silence_s: number;
  readonly frame_silence_s: number;
  /** After the start an autopilot and a camera that were never heard may take this long, seconds. */
  readonly startup_grace_s: number;
}

/**
 * Decides whether the service's watchdog is fed: only while messages of the autopilot and frames of the camera come. A
 * process whose timers run but that does nothing is worth no more than one that hangs.
 */
export class Watchdog {
  readonly #config: WatchdogConfig;
  readonly #start_us: number;
  #link_us: number | null = null;
  #frame_us: number | null = null;

  constructor(config: WatchdogConfig, start_us: number) {
    this.#config = config;
    this.#start_us = start_us;
  }

  /** A message of the autopilot arrived. */
  link(now_us: number): void {
    this.#link_us = now_us;
  }

  /** A frame of the camera arrived. */
  frame(now_us: number): void {
    this.#frame_us = now_us;
  }

  /** Why it must not be fed now; null when it may. */
  complaint(now_us: number): string | null {
    const { link_silence_s, frame_silence_s } = this.#config;
    return (
      this.#silence("the autopilot", this.#link_us, link_silence_s, now_us) ??
      this.#silence("the camera", this.#frame_us, frame_silence_s, now_us)
    );
  }

  #silence(who: string, last_us: number | null, limit_s: number, now_us: number): string | null {
    const silent_s = (now_us - (last_us ?? this.#start_us)) / 1e6;
    const allowed_s = last_us === null ? Math.max(limit_s, this.#config.startup_grace_s) : limit_s;
    return silent_s <= allowed_s ? null : `nothing from ${who} for ${silent_s.toFixed(0)} s`;
  }
}
