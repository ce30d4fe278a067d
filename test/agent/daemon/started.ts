import assert from "node:assert/strict";
import { type DaemonSettings, SkylinkDaemon } from "../../../agent/daemon/daemon.js";
import type { NavigationPosition } from "../../../agent/navigation/solution.js";
import { fakeParts } from "./fakes.js";

/** How the daemons of these tests run. */
export const SETTINGS: DaemonSettings = {
  pose_wait_ms: 150,
  heading_sigma_deg: 5,
  velocity_sigma_mps: 1,
  start_hint: { start: null, near_gps_m: 0 },
  watchdog: { link_silence_s: 5, frame_silence_s: 5, startup_grace_s: 10 },
  frame_silence_s: 5,
  backoff: { min_ms: 100, max_ms: 1000, healthy_ms: 60_000 },
};

/** A daemon of fakes that has started, and its first links and workers. */
export async function started() {
  const fakes = fakeParts();
  const daemon = new SkylinkDaemon(fakes.parts, SETTINGS);
  await daemon.start();
  const [links, vision, odometry] = [fakes.links[0], fakes.visions[0], fakes.odometries[0]];
  assert.ok(links !== undefined && vision !== undefined && odometry !== undefined);
  const states = (): string =>
    daemon
      .snapshot()
      .components.map(({ name, state }) => `${name} ${state}`)
      .join(", ");
  return { ...fakes, daemon, link: links, vision, odometry, states };
}

/** A position, as far as the daemon looks at it. */
export const POSITION = { lat_deg: 46, lon_deg: 7, eph_m: 3, protection_level_m: 9 } as NavigationPosition;
