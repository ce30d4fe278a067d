import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "smol-toml";
import { z } from "zod";
import { programPath } from "../../agent/demo/steps.js";
import { Child } from "./child.js";
import { CAMERA_HZ, type Ground, lensOf } from "./place.js";
import type { Scenario } from "./scenarios.js";
import type { Home } from "./simulators.js";
import type { VehicleLinks } from "./where.js";

/** What of /api/state the harness looks at. */
const stateSchema = z.object({
  components: z.array(z.object({ name: z.string(), state: z.string(), detail: z.string() })),
  navigation: z.object({ position: z.object({ eph_m: z.number() }).nullable(), reason: z.string().nullable() }),
  publishers: z.array(
    z.object({ name: z.string(), state: z.string(), sent: z.number(), fused: z.boolean().nullable() }),
  ),
  vision: z.object({ frames: z.number(), skipped: z.number() }),
});
export type AgentState = z.infer<typeof stateSchema>;

export interface AgentOptions {
  readonly scenario: Scenario;
  readonly ground: Ground;
  readonly links: VehicleLinks;
  /** Where the vehicle stands; its height is the ground's. */
  readonly home: Home;
  /** UDP port of the harness that hears what the agent tells ground stations. */
  readonly textPort: number;
  readonly statusPort: number;
  /** A folder of its own, empty. */
  readonly folder: string;
}

/** The configuration that the agent flies with: a file like any user's. */
export function agentToml(options: AgentOptions): string {
  const { scenario, ground, links, home, folder } = options;
  const { k1, k2, p1, p2, k3, ...lens } = lensOf(scenario.width_px);
  const kind = scenario.vehicle === "px4-copter" ? "px4" : "ardupilot";
  return stringify({
    agent: { state_dir: folder, log_format: "json" },
    pack: { path: ground.pack },
    camera: {
      source: "simulated",
      rate_hz: CAMERA_HZ,
      ...lens,
      simulated: { vehicle: links.camera, imagery: ground.imagery, ground_amsl_m: home.alt_m },
    },
    link: [
      { url: links.agent, role: "autopilot" },
      { url: `udpout:127.0.0.1:${options.textPort}`, role: "gcs" },
    ],
    autopilot: {
      kind,
      publisher: scenario.publisher,
      ...(scenario.sourceSets ? { source_sets: { gps: 1, vision: 2 } } : {}),
      ...(scenario.gps === "never"
        ? { origin: { lat_deg: home.lat_deg, lon_deg: home.lon_deg, alt_m: home.alt_m } }
        : {}),
    },
    ...(scenario.per_lean_unaided === undefined ? {} : { attitude: { per_lean_unaided: scenario.per_lean_unaided } }),
    navigation: { max_speed_mps: Math.max(30, 2 * scenario.route.speed_mps) },
    status: { port: options.statusPort },
  });
}

/** As the service's unit sets it (systemd/skylink-agent.service): memory grows faster without. */
export const ENVIRONMENT = {
  MALLOC_ARENA_MAX: "2",
  MALLOC_MMAP_THRESHOLD_: "131072",
  MALLOC_TRIM_THRESHOLD_: "1048576",
  NODE_OPTIONS: "--max-semi-space-size=4",
};

/** `skylink-agent run` in a process of its own. */
export class AgentProcess {
  readonly child: Child;
  readonly #url: string;

  /** @param toml its configuration, with the status page on `statusPort` */
  constructor(toml: string, options: Pick<AgentOptions, "folder" | "statusPort">) {
    const file = join(options.folder, "agent.toml");
    writeFileSync(file, toml);
    this.child = new Child({
      name: "skylink-agent run",
      program: process.execPath,
      args: [programPath("agent/cli.js"), "run", "--config", file],
      folder: options.folder,
      logFile: join(options.folder, "agent.log"),
      environment: ENVIRONMENT,
    });
    this.#url = `http://127.0.0.1:${options.statusPort}/api/state`;
  }

  /** What it says of itself; null while it does not answer. */
  async state(): Promise<AgentState | null> {
    const answer = await this.snapshot();
    return answer === null ? null : stateSchema.parse(answer);
  }

  /** All of /api/state, unchecked; null while it does not answer. */
  async snapshot(): Promise<unknown> {
    let answer: Response;
    try {
      answer = await fetch(this.#url, { signal: AbortSignal.timeout(5000) });
    } catch {
      return null;
    }
    return answer.ok ? answer.json() : null;
  }
}
