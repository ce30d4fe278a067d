import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { z } from "zod";
import type { Scene } from "./scene.js";
import { programPath } from "./steps.js";

/** ArduPilot wants vision to be healthy before it arms; on the ground this vision sees nothing. Bit 18 leaves that check out. */
const SKIP_VISION_CHECK = "ARMING_SKIPCHK=262144";
/** Time to end when it is told to, milliseconds. */
const END_MS = 2000;

const lineSchema = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("listening"), urls: z.tuple([z.string()], z.string()) }),
  z.looseObject({ kind: z.literal("event"), t_s: z.number(), event: z.string() }),
]);

/** Something that happened to the vehicle; what more there is depends on the event. */
export type TwinEvent = Extract<z.infer<typeof lineSchema>, { kind: "event" }>;

/** How the twin is flown. */
export interface TwinFlight {
  readonly scene: Scene;
  /** File that it writes its log to. */
  readonly log: string;
  /** An orphaned twin ends by itself after this long, seconds. */
  readonly longest_s: number;
  readonly onEvent: (event: TwinEvent) => void;
}

/** The autopilot twin in a process of its own: an ArduPilot copter that flies the square when it can be armed. */
export class TwinProcess {
  /** MAVLink, for the agent and for the camera. */
  readonly url: string;
  readonly #child: ChildProcess;
  readonly #exit: Promise<void>;

  private constructor(child: ChildProcess, exit: Promise<void>, url: string) {
    this.#child = child;
    this.#exit = exit;
    this.url = url;
  }

  /** Starts it and waits until it can be reached. @throws Error when it ends before that */
  static async start({ scene, log, longest_s, onEvent }: TwinFlight): Promise<TwinProcess> {
    const args = [programPath("sim/autopilot/main.js"), ...twinArguments(scene, log, longest_s)];
    const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
    const exit = new Promise<void>((resolve) => {
      child.once("close", () => resolve());
    });
    const url = await new Promise<string>((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (code) => reject(new Error(`the autopilot twin ended with exit code ${code}`)));
      createInterface({ input: child.stdout }).on("line", (text) => {
        const line = lineSchema.parse(JSON.parse(text));
        if (line.kind === "listening") resolve(line.urls[0]);
        else onEvent(line);
      });
    });
    return new TwinProcess(child, exit, url);
  }

  /** Resolves when the process is no more, whoever ended it. */
  get ended(): Promise<void> {
    return this.#exit;
  }

  /** Ends it; its log is whole then. */
  async close(): Promise<void> {
    this.#child.kill("SIGTERM");
    const late = setTimeout(() => this.#child.kill("SIGKILL"), END_MS);
    await this.#exit;
    clearTimeout(late);
  }
}

function twinArguments(scene: Scene, log: string, longest_s: number): string[] {
  const options: Readonly<Record<string, string | number>> = {
    kind: "ardupilot-copter",
    preset: "ardupilot-vision-set-2",
    params: SKIP_VISION_CHECK,
    listen: "tcp:127.0.0.1:0",
    seed: scene.seed,
    lat: scene.home.lat_deg,
    lon: scene.home.lon_deg,
    alt: scene.home_alt_m,
    mission: "square",
    "mission-m": scene.route_m,
    laps: scene.laps,
    agl: scene.agl_m,
    speed: scene.speed_mps,
    "jam-at": scene.jam_s,
    "run-s": longest_s,
    log,
  };
  return Object.entries(options).map(([name, value]) => `--${name}=${value}`);
}
