import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { agentConfig } from "../../agent/demo/agent-config.js";
import { autopilotReport } from "../../agent/demo/flight-log.js";
import { makePlace } from "../../agent/demo/place.js";
import { demoScene, type Scene } from "../../agent/demo/scene.js";
import { Interrupted } from "../../agent/demo/steps.js";
import { type TwinEvent, TwinProcess } from "../../agent/demo/twin-process.js";
import { MavlinkConnection } from "../../agent/mavlink/connection.js";
import { AgentProcess } from "../../test/sitl/agent-process.js";
import { GroundStation } from "../../test/sitl/ground-station.js";
import { freePort } from "../../test/sitl/ports.js";
import { flownSeconds, wholeLines } from "./flown.js";
import { logReport } from "./log-lines.js";
import { Observer } from "./observer.js";
import type { EndReport, EnduranceReport } from "./report.js";
import { enduranceFailures } from "./verdict.js";

const LOOK_MS = 500;
/** From its start until the vehicle must be in the air, seconds. */
const TAKE_OFF_S = 120;
/** An orphaned twin ends by itself so long after the flight, seconds. */
const MORE_S = 600;

export interface LongFlight {
  readonly minutes: number;
  readonly seed: number;
  /** Map, pack, configuration and logs are written there. */
  readonly folder: string;
  /** Takes a line for people. */
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
}

/** Everything that was opened, to be closed in the opposite order. */
type Closing = (() => Promise<unknown>)[];

/**
 * Flies laps of the demo's square for so many minutes of real time, with the autopilot, the camera and `skylink-agent run`
 * as processes of their own, and looks on from outside. GPS is jammed after a minute and never comes back.
 *
 * @throws Interrupted when the signal ended it
 */
export async function flyForLong(flight: LongFlight): Promise<EnduranceReport> {
  const closing: Closing = [];
  try {
    return await fly(flight, closing);
  } finally {
    for (const close of closing.reverse()) await close();
  }
}

async function fly(flight: LongFlight, closing: Closing): Promise<EnduranceReport> {
  const { minutes, folder, say, signal } = flight;
  const scene = sceneOf(flight);
  const { pack } = await makePlace(scene, folder, {
    inventing: () => say("inventing a place and photographing it from above (the map)"),
    packing: () => say("flash pack: encoding the map"),
    signal,
  });
  const observer = new Observer();
  const link = await MavlinkConnection.open("udpin:127.0.0.1:0", { heartbeat: false });
  closing.push(() => link.close());
  const stopListening = link.onFrame((frame, t_us) => observer.heard(frame, t_us));

  const log = join(folder, "twin.jsonl");
  const twinEvents = new TwinEvents(observer, say);
  const onEvent = (event: TwinEvent): void => twinEvents.take(event);
  const twin = await TwinProcess.start({ scene, log, longest_s: minutes * 60 + MORE_S, onEvent });
  closing.push(() => twin.close());
  const station = await GroundStation.open(twin.url);
  closing.push(() => station.close());
  station.onFrame((frame, t_us) => observer.positions.receive(frame, t_us));

  const statusPort = await freePort("tcp");
  const toml = agentConfig(scene, {
    pack,
    state: folder,
    vehicle: twin.url,
    station: `udpout:127.0.0.1:${link.localPort ?? 0}`,
    statusPort,
    threads: Math.min(2, availableParallelism()),
  });
  const agent = new AgentProcess(toml, { folder, statusPort });
  closing.push(() => agent.child.close());
  const ended = { twin: false };
  void twin.ended.then(() => {
    ended.twin = true;
  });
  const whyOver = (): string | null =>
    ended.twin ? "the autopilot twin has ended" : agent.child.running ? null : "the daemon has ended by itself";

  const started_ms = performance.now();
  while (twinEvents.takeoff_s === null && whyOver() === null) {
    await breathe(LOOK_MS, signal);
    if (performance.now() - started_ms > TAKE_OFF_S * 1000) throw new Error(`no take-off within ${TAKE_OFF_S} s`);
  }
  const endedEarly = await lookOn({ flight, agent, observer, whyOver });
  // What comes now belongs to the end: the feed stops, and nobody holds the vehicle any more.
  stopListening();
  const lines = wholeLines(readFileSync(log, "utf8"));
  const end = await endOf(agent);
  const report: Omit<EnduranceReport, "failures"> = {
    format: "skylink-endurance",
    version: 1,
    node: process.version,
    cores: availableParallelism(),
    minutes: { asked: minutes, flown: Math.round(flownSeconds(lines, twinEvents.takeoff_s) / 6) / 10 },
    ended_early: endedEarly,
    ...observer.observed,
    autopilot: autopilotReport(lines),
    log: logReport(readFileSync(agent.child.logFile, "utf8")),
    end,
  };
  return { ...report, failures: enduranceFailures(report) };
}

/** Looks twice a second, until the time is over or something has ended; says why it was over early. */
async function lookOn(watch: {
  readonly flight: LongFlight;
  readonly agent: AgentProcess;
  readonly observer: Observer;
  readonly whyOver: () => string | null;
}): Promise<string | null> {
  const { flight, agent, observer, whyOver } = watch;
  const begun_ms = performance.now();
  const elapsed_ms = (): number => performance.now() - begun_ms;
  let minute = 0;
  for (let looks = 1; elapsed_ms() < flight.minutes * 60_000; looks++) {
    observer.look(await agent.snapshot());
    const over = whyOver();
    if (over !== null) return over;
    if (elapsed_ms() >= (minute + 1) * 60_000) {
      minute++;
      observer.minute(minute, agent.child.pid ?? 0);
      flight.say(`${String(minute).padStart(4)} min  ${observer.line}`);
    }
    await breathe(Math.max(0, looks * LOOK_MS - elapsed_ms()), flight.signal);
  }
  observer.minute(flight.minutes, agent.child.pid ?? 0);
  return null;
}

/** Tells the daemon to end; null when it had ended before. */
async function endOf(agent: AgentProcess): Promise<EndReport | null> {
  if (!agent.child.running) return null;
  const { code, after_ms } = await agent.child.close();
  return { exit_code: code, seconds: Math.round(after_ms) / 1000 };
}

/** The demo's square, round and round for longer than the flight takes. */
function sceneOf({ minutes, seed }: LongFlight): Scene {
  const scene = demoScene(seed);
  return { ...scene, laps: Math.ceil((minutes * 60 * scene.speed_mps) / scene.route_m) + 2 };
}

/** Tells what happens to the vehicle. */
class TwinEvents {
  takeoff_s: number | null = null;

  constructor(
    private readonly observer: Observer,
    private readonly say: (line: string) => void,
  ) {}

  take(event: TwinEvent): void {
    this.observer.event(event);
    if (event.event === "phase" && event.phase === "takeoff") this.takeoff_s = event.t_s;
    if (["phase", "gps", "source_set", "failsafe", "mode", "reset"].includes(event.event)) {
      const { kind: _kind, t_s, event: name, ...more } = event;
      this.say(`        ${t_s.toFixed(1)} s  ${name} ${JSON.stringify(more)}`);
    }
  }
}

async function breathe(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await sleep(ms, undefined, { signal });
  } catch {
    throw new Interrupted();
  }
}
