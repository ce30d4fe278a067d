import { join } from "node:path";
import { shippedModel, userEngines } from "../../models/runtime/paths.js";
import type { Provider } from "../../models/runtime/session.js";
import { UserError } from "../../tiles/errors.js";
import { createCamera } from "../camera/create.js";
import {
  enginesFolder,
  type LoadedConfig,
  loadCameraRig,
  loadConfig,
  modelFolders,
  signingLinkIds,
} from "../config/load.js";
import { AGENT_COMPONENT } from "../mavlink/identity.js";
import { parseLinkUrl } from "../mavlink/link/url.js";
import type { FeedChoice } from "../mavlink/publishers/flight/choose.js";
import { feedSettings, NORMAL_LATENCY_MS } from "../mavlink/publishers/flight/feed-options.js";
import { loadSigning } from "../mavlink/signing-files.js";
import type { Area } from "./checks.js";
import type { DoctorPlan } from "./doctor.js";

/** How long an autopilot or a camera may take, seconds. */
export const DEFAULT_WAIT_S = 10;

/** What the command line says; what it leaves out comes from the configuration, or is not looked at. */
export interface PlanFlags {
  readonly config?: string;
  readonly link?: string;
  readonly pack?: string;
  readonly publisher?: FeedChoice;
  readonly sourceSet?: number;
  readonly answersTimesync?: true;
  readonly areas: ReadonlySet<Area>;
  readonly wait: number;
  readonly providers?: readonly Provider[];
  readonly threads: number;
  readonly fix: boolean;
}

/**
 * The plan of an examination, and what has to be released after it.
 *
 * @throws UserError for a configuration or a URL that is wrong
 */
export function planFrom(flags: PlanFlags): { readonly plan: DoctorPlan; release(): void } {
  const loaded = flags.config === undefined ? null : loadConfig(flags.config);
  const config = loaded?.config ?? null;
  if (flags.link !== undefined) parseLinkUrl(flags.link);
  const { link, release } = linkPlan(flags, loaded);
  if (flags.fix && link === null) {
    throw new UserError("--fix writes to an autopilot: name it with --link URL, or with --config FILE");
  }
  const written = config === null ? [] : [{ path: config.agent.state_dir, written: true }];
  const sets = config?.autopilot.source_sets;
  const plan: DoctorPlan = {
    areas: flags.areas,
    system: { folders: written.length === 0 ? [{ path: process.cwd(), written: false }] : written },
    pack: flags.pack ?? config?.pack.path ?? null,
    models: config === null ? SHIPPED : modelFolders(config),
    providers: flags.providers ?? config?.agent.providers ?? ["cpu"],
    threads: config?.agent.threads ?? flags.threads,
    engines: config === null ? userEngines() : enginesFolder(config),
    camera: loaded === null ? null : cameraPlan(loaded, flags.wait),
    link,
    choice: {
      publisher: flags.publisher ?? config?.autopilot.publisher ?? "auto",
      kind: config?.autopilot.kind ?? "auto",
      answersTimesync: flags.answersTimesync ?? config?.mavlink.answer_timesync ?? false,
      switchesSets: sets !== undefined,
      visionSet: flags.sourceSet ?? sets?.vision ?? null,
      gpsSet: sets?.gps ?? 1,
      agent: {
        vision_latency_ms: config?.autopilot.latency_ms ?? null,
        gps_latency_ms: config?.autopilot.latency_ms ?? NORMAL_LATENCY_MS.gps_input,
        sensor_id: config?.autopilot.sensor_id ?? DEFAULTS.sensorId,
      },
    },
    fix: flags.fix,
  };
  return { plan, release };
}

/** What the agent does unless it is told otherwise. */
const DEFAULTS = feedSettings({ answersTimesync: false });

const SHIPPED = {
  encoder: shippedModel("encoder"),
  reranker: shippedModel("reranker"),
  registrar: shippedModel("registrar"),
};

function cameraPlan(loaded: LoadedConfig, wait_s: number): NonNullable<DoctorPlan["camera"]> {
  const rig = loadCameraRig(loaded);
  return { rig, wait_ms: wait_s * 1000, open: () => createCamera(loaded.config.camera, rig) };
}

function linkPlan(
  flags: PlanFlags,
  loaded: LoadedConfig | null,
): { readonly link: DoctorPlan["link"]; release(): void } {
  const config = loaded?.config ?? null;
  const configured = config?.link.find(({ role }) => role === "autopilot");
  const url = flags.link ?? configured?.url;
  if (url === undefined) return { link: null, release: () => {} };
  const link = {
    url,
    compid: config?.mavlink.component_id ?? AGENT_COMPONENT,
    sysid: config === null || config.mavlink.system_id === 0 ? null : config.mavlink.system_id,
    wait_s: flags.wait,
    hasOrigin: config?.autopilot.origin !== undefined,
  };
  const wanted = flags.areas.has("vehicle") || flags.areas.has("parameters");
  const keyFile = config?.signing.key_file;
  const linkId =
    config === null || configured === undefined ? null : signingLinkIds(config)[config.link.indexOf(configured)];
  if (config === null || keyFile === undefined || typeof linkId !== "number" || !wanted) {
    return { link, release: () => {} };
  }
  const { signing, close } = loadSigning({
    keyFile,
    stateFile: join(config.agent.state_dir, "signing.json"),
    unsigned: config.signing.unsigned,
    linkId,
  });
  return { link: { ...link, signing }, release: close };
}
