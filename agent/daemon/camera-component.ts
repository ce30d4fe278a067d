import type { CameraSource } from "../camera/source.js";
import type { Component, Health } from "./supervisor.js";

/** The camera, supervised. It starts again by itself when it breaks; one that says it runs and shows nothing is restarted. */
export class CameraComponent implements Component {
  readonly name = "camera";
  readonly #camera: CameraSource;
  readonly #silence_us: number;
  #since_us: number | null = null;
  #frames = 0;

  /** `silence_s`: after this long without a frame a camera that says it runs is started again. */
  constructor(camera: CameraSource, silence_s: number) {
    this.#camera = camera;
    this.#silence_us = silence_s * 1e6;
  }

  async start(): Promise<void> {
    this.#since_us = null;
    await this.#camera.start();
  }

  stop(): Promise<void> {
    return this.#camera.stop();
  }

  health(now_us: number): Health {
    const { state, detail, frames } = this.#camera.status;
    if (this.#since_us === null || frames !== this.#frames) {
      this.#frames = frames;
      this.#since_us = now_us;
    }
    switch (state) {
      case "running": {
        const silent_us = now_us - this.#since_us;
        if (silent_us <= this.#silence_us) return { state: "running", detail: "" };
        return { state: "failed", detail: `no frame for ${(silent_us / 1e6).toFixed(0)} s` };
      }
      case "starting":
        return { state: "starting", detail: detail ?? "" };
      // It tries again by itself, or its flight is over: nothing that starting it again would mend.
      case "failed":
      case "stopped":
        return { state: "degraded", detail: detail ?? state };
    }
  }
}
