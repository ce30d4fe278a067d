import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { common, standard } from "node-mavlink";
import { decodeAs } from "../../agent/mavlink/codec.js";
import { MavlinkConnection } from "../../agent/mavlink/connection.js";
import { offsetToLonLat } from "../../tiles/geodesy/index.js";
import { AgentProcess, type AgentState, agentToml } from "./agent-process.js";
import { BlackBox } from "./black-box.js";
import type { Child } from "./child.js";
import { type Cockpit, FlightEnded, pause, until } from "./cockpit.js";
import { GroundStation } from "./ground-station.js";
import { guidance } from "./guidance.js";
import { shippedParameters } from "./parameter-file.js";
import { flyRoute, goHome, takeOff } from "./pilots.js";
import { groundAt } from "./place.js";
import { freePort } from "./ports.js";
import type { Scenario } from "./scenarios.js";
import { setParameters } from "./set-up.js";
import { type Home, PX4_LINKS, startArdupilot, startPx4 } from "./simulators.js";
import { type FlightResult, judge } from "./verdict.js";
import type { Autopilot, VehicleLinks } from "./where.js";

/** Where simulators that the harness starts stand: far from anything, so that nobody takes the place for a real one. */
const HOME: Home = { lat_deg: 48, lon_deg: 11, alt_m: 450 };
const REQUEST_MESSAGE = 512;
/** What takes the GPS of a simulated vehicle away, and the values without and with it. */
const JAMMING = {
  "ardupilot-copter": { name: "SIM_GPS1_ENABLE", jammed: 0, healthy: 1 },
  "ardupilot-plane": { name: "SIM_GPS1_ENABLE", jammed: 0, healthy: 1 },
  "px4-copter": { name: "SIM_GPS_USED", jammed: 0, healthy: 10 },
} as const;
const AGENT_START_MS = 120_000;

export interface FlyOptions {
  /** Logs of each scenario go to a folder in here; packs are kept beside them. */
  readonly folder: string;
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
}

/** Everything that was opened, to be closed in the opposite order. */
type Closing = (() => Promise<void>)[];

/**
 * Flies a scenario: the autopilot, the camera and `skylink-agent run` are processes of their own, the harness is the ground
 * station and the judge. What goes wrong in flight is in the result.
 *
 * @throws UserError for what cannot be started at all
 */
export async function flyScenario(
  scenario: Scenario,
  autopilot: Autopilot,
  options: FlyOptions,
): Promise<FlightResult> {
  const folder = join(options.folder, scenario.name);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const closing: Closing = [];
  try {
    return await fly(scenario, autopilot, { ...options, places: options.folder, folder }, closing);
  } finally {
    for (const close of closing.reverse()) await close();
  }
}

async function fly(
  scenario: Scenario,
  autopilot: Autopilot,
  options: FlyOptions & { readonly places: string },
  closing: Closing,
): Promise<FlightResult> {
  const { folder, say, signal } = options;
  const parameters = { ...shippedParameters(scenario.parameterFile), ...scenario.parameters };
  const station = await GroundStation.open(stationUrl(autopilot));
  closing.push(() => station.close());
  const children: Child[] = [];
  const vehicle = () => station.vehicle;
  let refused: string[] = [];
  let home = HOME;
  if (autopilot.kind === "running") {
    const box = new BlackBox(vehicle);
    const stop = station.onFrame((frame, t_us) => box.receive(frame, t_us));
    const waiting = { station, box, children, signal, say };
    await until(
      waiting,
      "the vehicle tells its true place (SIM_STATE, HIL_STATE_QUATERNION)",
      () => box.truth !== null,
      60,
    );
    const { truth } = box;
    if (truth !== null) home = { lat_deg: truth.lat_deg, lon_deg: truth.lon_deg, alt_m: truth.alt_m };
    const { name, healthy } = JAMMING[scenario.vehicle];
    const gps = scenario.gps === "jammed" ? { [name]: healthy } : {};
    refused = await setParameters(waiting, { ...parameters, ...gps });
    stop();
  }
  const { leg_m, agl_m } = scenario.route;
  say("the place and its pack");
  const centre = offsetToLonLat(home, leg_m / 2, leg_m / 2);
  const ground = await groundAt(options.places, centre, scenario.place_m, agl_m, signal);

  const links = await linksOf(autopilot);
  const box = new BlackBox(vehicle, home.alt_m);
  station.onFrame((frame, t_us) => box.receive(frame, t_us));
  const texts: string[] = [];
  const textPort = await listenToAgent(box, texts, closing);
  const agentOptions = { scenario, ground, links, home, textPort, statusPort: await freePort("tcp"), folder };
  const agent = new AgentProcess(agentToml(agentOptions), agentOptions);
  children.push(agent.child);
  closing.push(async () => {
    await agent.child.close();
  });
  await agentIsUp(agent, signal);
  const simulator = startSimulator(autopilot, { kind: scenario.vehicle, home, parameters, folder }, station, links);
  if (simulator !== null) {
    children.push(simulator);
    closing.push(async () => {
      await simulator.close();
    });
  }

  const cockpit: Cockpit = { scenario, station, box, agent, home, children, say, signal };
  const flown = await flight(cockpit);
  box.finish();
  for (const { t_s, text } of box.log.events("text")) texts.push(`${t_s.toFixed(1)} autopilot: ${text}`);
  writeFileSync(join(folder, "flight.jsonl"), box.log.lines());
  if (autopilot.kind === "running") {
    const { name, healthy } = JAMMING[scenario.vehicle];
    await station.parameters.set(name, healthy);
    await goHome(cockpit);
  }
  const sorted = texts.sort((a, b) => Number.parseFloat(a) - Number.parseFloat(b));
  return judge({ scenario, log: box.log, texts: sorted, parametersRefused: refused, ...flown });
}

interface Flown {
  readonly firmware: string;
  readonly judgedFrom_s: number | null;
  readonly end_s: number;
  readonly simulation_rate: number;
  readonly ended: string | null;
  readonly agent: AgentState | null;
}

async function flight(cockpit: Cockpit): Promise<Flown> {
  const { scenario, station, box, agent, say } = cockpit;
  let judgedFrom_s: number | null = null;
  let ended: string | null = null;
  let firmware = "";
  const guide = guidance(cockpit);
  const begun = { t_s: 0, ms: performance.now() };
  try {
    await until(cockpit, "the autopilot is heard", () => box.mode !== "", 90);
    firmware = await firmwareOf(station);
    begun.t_s = box.t_s;
    begun.ms = performance.now();
    await takeOff(cockpit, guide);
    if (scenario.gps === "never") judgedFrom_s = box.t_s;
    await flyRoute(cockpit, guide, async () => {
      const { name, jammed } = JAMMING[scenario.vehicle];
      say(`${box.t_s.toFixed(0)} s: GPS IS JAMMED (${name} ${jammed})`);
      box.gpsJammed(true);
      judgedFrom_s = box.t_s;
      if (scenario.publisher === "external_position_estimate") box.allJumps = "external_position";
      if (scenario.vehicle === "px4-copter" && scenario.publisher === "odometry") box.px4LeavesGps();
      const answer = await station.parameters.set(name, jammed);
      if (answer.outcome !== "ok") throw new FlightEnded(`GPS cannot be jammed: ${answer.reason}`);
    });
  } catch (thrown) {
    if (!(thrown instanceof Error)) throw thrown;
    ended = thrown.message;
  } finally {
    guide.end();
  }
  const wall_s = (performance.now() - begun.ms) / 1000;
  const simulation_rate = wall_s > 0 ? (box.t_s - begun.t_s) / wall_s : 0;
  return { firmware, judgedFrom_s, end_s: box.t_s, simulation_rate, ended, agent: await agent.state() };
}

function stationUrl(autopilot: Autopilot): string {
  if (autopilot.kind === "running") return autopilot.links.station;
  return autopilot.kind === "px4" ? PX4_LINKS.station : "udpin:127.0.0.1:0";
}

async function linksOf(autopilot: Autopilot): Promise<VehicleLinks> {
  if (autopilot.kind === "running") return autopilot.links;
  if (autopilot.kind === "px4") return PX4_LINKS;
  const [agent, camera] = [await freePort("udp"), await freePort("udp")];
  return { station: "", agent: `udpin:127.0.0.1:${agent}`, camera: `udpin:127.0.0.1:${camera}` };
}

function startSimulator(
  autopilot: Autopilot,
  options: Parameters<typeof startPx4>[1],
  station: GroundStation,
  links: VehicleLinks,
): Child | null {
  if (autopilot.kind === "running") return null;
  if (autopilot.kind === "px4") return startPx4(autopilot, options);
  const port = (url: string): number => Number(url.slice(url.lastIndexOf(":") + 1));
  return startArdupilot(autopilot, options, [station.localPort, port(links.agent), port(links.camera)]);
}

/** What the agent tells ground stations, on a link of its own; gives its port. */
async function listenToAgent(box: BlackBox, texts: string[], closing: Closing): Promise<number> {
  const connection = await MavlinkConnection.open("udpin:127.0.0.1:0", { heartbeat: false });
  closing.push(() => connection.close());
  connection.onFrame((frame) => {
    if (frame.msgid !== common.StatusText.MSG_ID) return;
    const { text } = decodeAs(frame, common.StatusText);
    texts.push(`${box.t_s.toFixed(1)} agent: ${text}`);
    const set = /flying on vision \(set (\d)\)/.exec(text)?.[1];
    if (set !== undefined) box.sourceSet(Number(set));
    else if (text.includes("flying on GPS")) box.sourceSet(1);
  });
  return connection.localPort ?? 0;
}

/** The agent must be listening before a simulator begins to send: what has nobody to hear it may not be sent again. */
async function agentIsUp(agent: AgentProcess, signal: AbortSignal): Promise<void> {
  const until_ms = performance.now() + AGENT_START_MS;
  while ((await agent.state()) === null) {
    agent.child.assertRunning();
    if (signal.aborted) throw new FlightEnded("interrupted");
    if (performance.now() > until_ms) throw new Error(`the agent does not come up; see ${agent.child.logFile}`);
    await pause(500);
  }
}

async function firmwareOf(station: GroundStation): Promise<string> {
  let version = 0;
  const stop = station.onFrame((frame) => {
    if (frame.msgid !== standard.AutopilotVersion.MSG_ID) return;
    version = decodeAs(frame, standard.AutopilotVersion).flightSwVersion;
  });
  await station.command(REQUEST_MESSAGE, [standard.AutopilotVersion.MSG_ID]);
  await pause(300);
  stop();
  if (version === 0) return "unknown";
  return `${version >>> 24}.${(version >>> 16) & 0xff}.${(version >>> 8) & 0xff}`;
}
