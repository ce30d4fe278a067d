import type { CameraFrame, CameraSource, CameraStatus } from "../../agent/camera/source.js";
import type { CameraRig } from "../../agent/vision/frame.js";
import type { Twin } from "../../sim/autopilot/twin.js";
import type { ImagerySource } from "../../sim/camera/imagery.js";
import { renderFrame } from "../../sim/camera/render-frame.js";
import { lonLatToOffset } from "../../tiles/geodesy/index.js";
import type { SimulatedTime } from "./simulated-time.js";

/** From the exposure until the picture is there. */
const LATENCY_US = 60_000;
/** As the camera's program: finer ground is not rendered, metres per pixel. */
const FINEST_GSD_M = 0.2;
const DEG = 180 / Math.PI;

/** A camera on a twin: it sees the ground from where the twin really is. */
export class TwinCamera implements CameraSource {
  readonly name = "twin";
  #state: CameraStatus["state"] = "stopped";
  #frames = 0;
  #last_t_us: number | null = null;
  readonly #listeners = new Set<(frame: CameraFrame) => void>();

  constructor(
    private readonly twin: Twin,
    private readonly rig: CameraRig,
    private readonly imagery: ImagerySource,
    private readonly time: SimulatedTime,
  ) {}

  get status(): CameraStatus {
    return { state: this.#state, detail: null, frames: this.#frames, dropped: 0, last_t_us: this.#last_t_us };
  }

  onFrame(listener: (frame: CameraFrame) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  start(): Promise<void> {
    this.#state = "running";
    return Promise.resolve();
  }

  stop(): Promise<void> {
    this.#state = "stopped";
    return Promise.resolve();
  }

  /** Takes a picture of this moment; it arrives a little later. */
  async shoot(): Promise<void> {
    const { twin, imagery, rig, time } = this;
    const t_us = time.now_us();
    const { truth, trueAgl_m, trueLatLon } = twin.vehicle;
    const pose = {
      ...lonLatToOffset(imagery.reference, trueLatLon),
      agl_m: trueAgl_m,
      attitude: {
        roll_deg: truth.roll_rad * DEG,
        pitch_deg: truth.pitch_rad * DEG,
        yaw_deg: truth.yaw_rad * DEG,
      },
    };
    const options = { finest_gsd_m: FINEST_GSD_M, sights: 2, seed: this.#frames, t_s: t_us / 1e6 } as const;
    const { rgb, width, height } = await renderFrame(imagery, rig, pose, options);
    time.at(t_us + LATENCY_US, () => {
      if (this.#state !== "running") return;
      this.#frames++;
      this.#last_t_us = t_us;
      const image = { kind: "raw", width_px: width, height_px: height, channels: 3, data: rgb } as const;
      for (const listener of this.#listeners) listener({ t_us, image });
    });
  }
}
