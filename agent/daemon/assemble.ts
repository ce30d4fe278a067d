import { minimal } from "node-mavlink";
import { PackReader } from "../../tiles/pack/reader.js";
import { createCamera } from "../camera/create.js";
import { monotonic_us } from "../clock.js";
import {
  checkFiles,
  enginesFolder,
  feedOptions,
  type LoadedConfig,
  loadCameraRig,
  modelFolders,
} from "../config/load.js";
import { placed, placedAsync } from "../config/placed.js";
import type { DaemonConfig } from "../config/schema.js";
import type { Vehicle } from "../mavlink/identity.js";
import { FlightFeed } from "../mavlink/publishers/flight/flight-feed.js";
import { REAL_SCHEDULER } from "../mavlink/scheduler.js";
import { DEFAULT_NAVIGATION_CONFIG, type NavigationConfig } from "../navigation/config.js";
import { packLevels, packReference } from "../navigation/measurement.js";
import { Navigator } from "../navigation/navigator.js";
import { OdometryClient } from "../navigation/odometry/client.js";
import type { StatusDaemon } from "../status/server.js";
import { SimulatedTruth } from "../status/truth.js";
import { MavlinkVehicleModel } from "../vehicle/vehicle-model.js";
import { VisionClient } from "../vision/client.js";
import type { CameraRig } from "../vision/frame.js";
import type { PipelineOptions } from "../vision/pipeline.js";
import { type DaemonSettings, SkylinkDaemon } from "./daemon.js";
import type { DaemonLog } from "./log.js";
import type { Notifier } from "./notify.js";
import { LinksOpener } from "./open-links.js";
import type { DaemonParts, OdometryPart, StatusPart } from "./parts.js";

/** Frames that wait in the vision worker; the daemon gives it one at a time. */
const VISION_QUEUE = 1;
/** With an unknown heading the first match still tells it to within this, degrees. */
const MOST_HEADING_SIGMA_DEG = 10;

const { MavAutopilot } = minimal;
const KINDS: Readonly<Record<"px4" | "ardupilot", number>> = {
  px4: MavAutopilot.PX4,
  ardupilot: MavAutopilot.ARDUPILOTMEGA,
};

/**
 * Makes the daemon of a configuration; nothing is started yet.
 *
 * @throws UserError, with the place in the configuration, for what can never work
 */
export async function assembleDaemon(loaded: LoadedConfig, log: DaemonLog, notifier: Notifier): Promise<SkylinkDaemon> {
  return new SkylinkDaemon(await assembleParts(loaded, log, notifier), daemonSettings(loaded.config));
}

/** The parts of a configuration's daemon, each replaceable by those who test. @throws UserError as `assembleDaemon` */
export async function assembleParts(loaded: LoadedConfig, log: DaemonLog, notifier: Notifier): Promise<DaemonParts> {
  const { config, place } = loaded;
  checkFiles(loaded);
  const rig = loadCameraRig(loaded);
  const camera = await placedAsync(place(["camera"]), () => createCamera(config.camera, rig));
  const vision = pipelineOptions(config, rig);
  const truth = config.camera.source === "simulated" ? new SimulatedTruth() : null;
  const links = new LinksOpener(config, (line) => log.info(line), truth);
  const { system_id } = config.mavlink;
  return {
    scheduler: REAL_SCHEDULER,
    log,
    notifier,
    ...placed(place(["pack", "path"]), () => openNavigation(config)),
    camera,
    vehicle: new MavlinkVehicleModel({
      clock: monotonic_us,
      clockMap: links.clockMap,
      ...(system_id === 0 ? {} : { sysid: system_id }),
      config: { tilt: config.attitude },
    }),
    feeds: [new FlightFeed(feedOptions(config))],
    refuseVehicle: (vehicle) => refuseVehicle(config, vehicle),
    openLinks: () => links.open(),
    openVision: () => VisionClient.open(vision, VISION_QUEUE),
    openOdometry: () => Promise.resolve(odometryPart(rig)),
    ...(config.status.enabled ? { openStatus: (daemon) => openStatus(daemon, config, rig, truth) } : {}),
  };
}

/** How the daemon runs by a configuration. */
export function daemonSettings({ navigation, watchdog }: DaemonConfig): DaemonSettings {
  const { enabled, ...limits } = watchdog;
  return {
    pose_wait_ms: navigation.pose_wait_ms,
    heading_sigma_deg: navigation.initial_heading_sigma_deg,
    velocity_sigma_mps: DEFAULT_NAVIGATION_CONFIG.estimator.velocity_sigma_mps,
    start_hint: { start: navigation.start ?? null, near_gps_m: navigation.near_gps_m },
    watchdog: enabled ? limits : null,
    frame_silence_s: watchdog.frame_silence_s,
  };
}

/** The vision pipeline of a configuration. */
export function pipelineOptions(config: DaemonConfig, rig: CameraRig): PipelineOptions {
  const { threads, providers } = config.agent;
  return { pack: config.pack.path, rig, threads, providers, engines: enginesFolder(config), ...modelFolders(config) };
}

/** Navigation on the pack, and what the pack is called. @throws UserError for a pack that cannot be used */
function openNavigation(config: DaemonConfig): Pick<DaemonParts, "pack" | "navigator"> {
  const pack = PackReader.open(config.pack.path);
  try {
    const { manifest } = pack;
    return {
      pack: { name: manifest.name, cells: manifest.counts.cells },
      navigator: new Navigator(packReference(manifest), packLevels(pack), navigationConfig(config)),
    };
  } finally {
    pack.close();
  }
}

function navigationConfig({ navigation }: DaemonConfig): NavigationConfig {
  const { estimator, integrity, ...rest } = DEFAULT_NAVIGATION_CONFIG;
  const { max_speed_mps, integrity_risk: risk, alert_limit_m, initial_heading_sigma_deg } = navigation;
  return {
    ...rest,
    estimator: { ...estimator, heading_sigma_deg: Math.min(initial_heading_sigma_deg, MOST_HEADING_SIGMA_DEG) },
    integrity: { ...integrity, max_speed_mps, risk, alert_limit_m },
  };
}

function refuseVehicle({ autopilot }: DaemonConfig, vehicle: Vehicle): string | null {
  const { kind } = autopilot;
  if (kind === "auto" || KINDS[kind] === vehicle.autopilot) return null;
  return `autopilot.kind is "${kind}", and the vehicle is another one (MAV_AUTOPILOT ${vehicle.autopilot})`;
}

async function openStatus(
  daemon: StatusDaemon,
  { status, pack: { path } }: DaemonConfig,
  rig: CameraRig,
  truth: SimulatedTruth | null,
): Promise<StatusPart> {
  // The page and its map are not needed to fly, and are loaded only where they are wanted.
  const { StatusServer } = await import("../status/server.js");
  const pack = PackReader.open(path);
  try {
    const { host, port } = status;
    const shown = truth === null ? {} : { truth: (t_us: number) => truth.at(t_us) };
    const server = await StatusServer.start({ host, port, daemon, pack, rig, ...shown });
    return {
      url: server.url,
      async close() {
        await server.close();
        pack.close();
      },
    };
  } catch (thrown) {
    pack.close();
    throw thrown;
  }
}

function odometryPart(rig: CameraRig): OdometryPart {
  const client = new OdometryClient(rig);
  return { died: client.died, kill: () => client.close(), observe: (frame) => client.observe(frame) };
}
