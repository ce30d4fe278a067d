import { createWriteStream, readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { distance_m } from "../../tiles/geodesy/index.js";
import { PackReader } from "../../tiles/pack/reader.js";
import { parseConfig } from "../config/load.js";
import { assembleParts, daemonSettings } from "../daemon/assemble.js";
import { SkylinkDaemon } from "../daemon/daemon.js";
import { openLog } from "../daemon/log.js";
import { NO_NOTIFIER } from "../daemon/notify.js";
import { writeFileAtomic } from "../report/atomic-file.js";
import { type JudgedFrame, makeReport } from "../report/report.js";
import { agentConfig } from "./agent-config.js";
import { autopilotReport } from "./flight-log.js";
import { FlightRecorder } from "./recorder.js";
import type { Scene } from "./scene.js";
import { Interrupted } from "./steps.js";
import { type TwinEvent, TwinProcess } from "./twin-process.js";
import type { DemoReport } from "./verdict.js";

export interface DemoFlight {
  readonly scene: Scene;
  /** The working folder: the agent's configuration and log and the twin's log are written there. */
  readonly folder: string;
  readonly pack: string;
  /** Port of the status page, 0 for a free one; null: there is none. */
  readonly statusPort: number | null;
  /** Takes a line for people. */
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
}

/** A flight that takes longer than this has gone wrong, seconds. */
const LONGEST_S = 300;
const ACCOUNT_MS = 10_000;
/** After the last way point the vehicle stands still for a moment. */
const LINGER_MS = 1500;

/**
 * Flies the scene: the autopilot twin and the camera in processes of their own, the agent as `skylink-agent run` puts it
 * together, in real time.
 *
 * @throws Interrupted when the signal ended it
 */
export async function flyDemo(flight: DemoFlight): Promise<{ report: DemoReport; frames: JudgedFrame[] }> {
  const { scene, folder, pack, say, signal } = flight;
  const twinLog = join(folder, "twin.jsonl");
  const recorder = new FlightRecorder();
  const progress = new Progress(scene, recorder, say);
  const onEvent = (event: TwinEvent): void => progress.take(event);
  const twin = await TwinProcess.start({ scene, log: twinLog, longest_s: 2 * LONGEST_S, onEvent });
  let daemon: SkylinkDaemon | null = null;
  try {
    const file = join(folder, "agent.toml");
    const places = { pack, state: folder, vehicle: twin.url, statusPort: flight.statusPort };
    writeFileAtomic(file, agentConfig(scene, { ...places, threads: Math.min(2, availableParallelism()) }));
    const loaded = parseConfig(readFileSync(file, "utf8"), file);
    const agentLog = createWriteStream(join(folder, "agent.log"));
    const log = openLog({ level: "info", format: "text", out: agentLog });
    const parts = recorder.observe(await assembleParts(loaded, log, NO_NOTIFIER));
    daemon = new SkylinkDaemon(parts, daemonSettings(loaded.config));
    recorder.attach(daemon);
    await interruptible(daemon.start(), signal);
    const page = daemon.snapshot().components.find(({ name }) => name === "status page")?.detail;
    if (page !== undefined) say(`    status page: ${page}`);
    const account = setInterval(() => progress.account(daemon), ACCOUNT_MS);
    try {
      await interruptible(Promise.race([progress.over, twin.ended, pause(LONGEST_S * 1000)]), signal);
      await interruptible(pause(LINGER_MS), signal);
    } finally {
      clearInterval(account);
    }
  } finally {
    await daemon?.stop();
    await twin.close();
  }
  return { report: reportOf(recorder, pack, twinLog), frames: recorder.frames() };
}

/** Tells what happens to the vehicle, and when its flight begins and is over. */
class Progress {
  readonly over: Promise<void>;
  #tellOver: () => void = () => undefined;

  constructor(
    private readonly scene: Scene,
    private readonly recorder: FlightRecorder,
    private readonly say: (line: string) => void,
  ) {
    this.over = new Promise((resolve) => {
      this.#tellOver = resolve;
    });
  }

  take(event: TwinEvent): void {
    const { t_s } = event;
    const tell = (line: string): void => this.say(`    ${t_s.toFixed(0).padStart(4)} s  ${line}`);
    switch (event.event) {
      case "phase":
        if (event.phase === "takeoff") {
          this.recorder.begin();
          tell(`take-off to ${this.scene.agl_m} m`);
        } else if (event.phase === "route") tell(`a square of ${this.scene.route_m} m begins`);
        else if (event.phase === "done" || event.phase === "ended") {
          tell("the flight is over");
          this.recorder.end();
          this.#tellOver();
        }
        return;
      case "gps":
        if (event.jammed === true) this.recorder.jammed();
        tell(event.jammed === true ? "GPS IS JAMMED" : "GPS is back");
        return;
      case "source_set":
        tell(`the EKF was switched to source set ${String(event.set)}`);
        return;
      case "failsafe":
        tell(`FAILSAFE: ${String(event.what)}`);
        return;
      case "mode":
        tell(`mode ${String(event.mode)} (${String(event.reason)})`);
        return;
    }
  }

  account(daemon: SkylinkDaemon | null): void {
    if (daemon === null) return;
    const { t_us, navigation, vehicle, vision } = daemon.snapshot();
    const truth = this.recorder.truthNow(t_us);
    if (truth === null) return;
    const { position, reason } = navigation;
    const off = (place: { lat_deg: number; lon_deg: number }): string => `${distance_m(place, truth).toFixed(1)} m off`;
    const found = position === null ? `none (${reason ?? "?"})` : `±${position.eph_m.toFixed(1)} m, ${off(position)}`;
    const ekf = vehicle.position === null ? "-" : off(vehicle.position);
    this.say(`            position ${found}   autopilot ${ekf}   frames ${vision.frames}`);
  }
}

function reportOf(recorder: FlightRecorder, packDir: string, twinLog: string): DemoReport {
  const { info } = recorder;
  if (info === null) throw new Error("vision never opened");
  const pack = PackReader.open(packDir);
  try {
    const report = makeReport(recorder.frames(), {
      mode: "sequence",
      flight: "demo",
      info,
      bbox: pack.manifest.bbox,
      cell_side_m: (level) => pack.level(level).cell_side_m,
    });
    return {
      ...report,
      vision_hz: recorder.visionHz(),
      availability_jammed: recorder.availabilityJammed(),
      autopilot: autopilotReport(readFileSync(twinLog, "utf8")),
    };
  } finally {
    pack.close();
  }
}

async function interruptible<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  let interrupt = (): void => undefined;
  const interrupted = new Promise<never>((_resolve, reject) => {
    interrupt = () => reject(new Interrupted());
    if (signal.aborted) interrupt();
    signal.addEventListener("abort", interrupt);
  });
  // When the work ends first nobody waits for the interruption, and the other way round.
  interrupted.catch(() => undefined);
  work.catch(() => undefined);
  try {
    return await Promise.race([work, interrupted]);
  } finally {
    signal.removeEventListener("abort", interrupt);
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms).unref();
  });
}
