import { stringify } from "smol-toml";
import type { Scene } from "./scene.js";

/** Where the agent of the demo finds things. */
export interface AgentPlaces {
  readonly pack: string;
  readonly state: string;
  /** MAVLink of the autopilot twin. */
  readonly vehicle: string;
  /** MAVLink of a ground station that listens; none unless given. */
  readonly station?: string;
  /** Port of the status page, 0 for a free one; null: there is none. */
  readonly statusPort: number | null;
  readonly threads: number;
}

/** The configuration that the agent of the demo runs with: a file like any user's. */
export function agentConfig(scene: Scene, places: AgentPlaces): string {
  const { k1, k2, p1, p2, k3, ...lens } = scene.lens;
  const { seed, size_m } = scene;
  const { statusPort, station } = places;
  return stringify({
    agent: { state_dir: places.state, threads: places.threads },
    pack: { path: places.pack },
    camera: {
      source: "simulated",
      rate_hz: scene.camera_hz,
      ...lens,
      simulated: { vehicle: places.vehicle, imagery: `world:seed=${seed},size=${size_m},epoch=1` },
    },
    link: [
      { url: places.vehicle, role: "autopilot" },
      ...(station === undefined ? [] : [{ url: station, role: "gcs" }]),
    ],
    autopilot: { kind: "ardupilot", source_sets: { gps: 1, vision: 2 } },
    status: statusPort === null ? { enabled: false } : { port: statusPort },
  });
}
