import { readFileSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { shippedModel } from "../../models/runtime/paths.js";
import { errorMessage, UserError } from "../../tiles/errors.js";
import { parseLinkUrl } from "../mavlink/link/url.js";
import { type FeedOptions, feedSettings } from "../mavlink/publishers/flight/feed-options.js";
import { readKeyFile } from "../mavlink/signing-files.js";
import { errorAt, type Place } from "../text/place.js";
import { readToml } from "../text/toml.js";
import type { TomlPath } from "../text/toml-places.js";
import type { CameraRig } from "../vision/frame.js";
import { cameraRig, cameraWithPaths } from "./camera.js";
import { placed } from "./placed.js";
import { CONFIG_SCHEMA, type DaemonConfig } from "./schema.js";

/** A configuration that was read and checked, with all paths absolute. */
export interface LoadedConfig {
  readonly config: DaemonConfig;
  readonly file: string;
  /** Where a key stands in the file. */
  place(path: TomlPath): Place;
}

/** The model folders of a configuration; `reranker: null` leaves re-ranking out, no `retriever` is the encoder's own. */
export interface ModelFolders {
  readonly encoder: string;
  readonly reranker: string | null;
  readonly registrar: string;
  readonly retriever?: string;
}

/**
 * Reads the daemon's configuration file. Paths in it are relative to its own folder.
 *
 * @throws UserError that begins with `file:line:column:`
 */
export function loadConfig(file: string): LoadedConfig {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (thrown) {
    throw new UserError(
      `${file}: cannot be read (${errorMessage(thrown)}); the example systemd/agent.toml has every key`,
    );
  }
  return parseConfig(text, file);
}

/**
 * Reads the text of a configuration file and checks what can be checked without opening anything.
 *
 * @param file its path: for messages, and its folder is where relative paths begin
 * @throws UserError that begins with `file:line:column:`
 */
export function parseConfig(text: string, file: string): LoadedConfig {
  const toml = readToml(text, file, CONFIG_SCHEMA);
  const place = (path: TomlPath): Place => toml.place(path);
  const config = withPaths(toml.data, dirname(resolve(file)));
  checkLinks(config, place);
  placed(place(["autopilot"]), () => feedSettings(feedOptions(config)));
  return { config, file, place };
}

/** The folders that `[models]` names: "shipped" is the one of this package, "none" leaves one out that can be. */
export function modelFolders({ models }: DaemonConfig): ModelFolders {
  const folder = (kind: "encoder" | "reranker" | "registrar"): string =>
    models[kind] === "shipped" ? shippedModel(kind) : models[kind];
  return {
    encoder: folder("encoder"),
    reranker: models.reranker === "none" ? null : folder("reranker"),
    registrar: folder("registrar"),
    ...(models.retriever === "none" ? {} : { retriever: models.retriever }),
  };
}

/** Where `skylink-agent warmup` puts the engines of TensorRT and the agent looks for them. */
export function enginesFolder({ agent }: DaemonConfig): string {
  return join(agent.state_dir, "engines");
}

/**
 * Lens and mount of the camera, from the configuration or from the file that it names.
 *
 * @throws UserError at the key that is wrong
 */
export function loadCameraRig({ config, place }: LoadedConfig): CameraRig {
  return cameraRig(config.camera, config.mount, place);
}

/**
 * Checks that every file and folder that the configuration names is there and can be used.
 *
 * @throws UserError at the key that names it
 */
export function checkFiles({ config, place }: LoadedConfig): void {
  requireFolder(config.pack.path, place(["pack", "path"]), "pack.path", "make one with `flash pack`");
  for (const kind of ["encoder", "reranker", "registrar", "retriever"] as const) {
    const dir = modelFolders(config)[kind];
    if (typeof dir === "string")
      requireFolder(dir, place(["models", kind]), `models.${kind}`, "a model is a folder with model.json");
  }
  const { key_file } = config.signing;
  if (key_file !== undefined) placed(place(["signing", "key_file"]), () => readKeyFile(key_file));
}

/** How the autopilot is fed, as the publishers want it. */
export function feedOptions({ autopilot, mavlink }: DaemonConfig): FeedOptions {
  const { publisher, rate_hz, latency_ms, refresh_s, eph_floor_m, ground_alt_m, origin, source_sets } = autopilot;
  return {
    publisher,
    rate_hz: rate_hz ?? null,
    latency_ms: latency_ms ?? null,
    refresh_s,
    origin: origin ?? null,
    sensorId: autopilot.sensor_id,
    eph_floor_m,
    answersTimesync: mavlink.answer_timesync,
    sourceSets: source_sets ?? null,
    externalPosition: autopilot.external_position,
    ground_alt_m: ground_alt_m ?? null,
    notFusedAfter_s: autopilot.not_fused_after_s,
    ownComponent: mavlink.component_id,
  };
}

/** The signing link id of each link, in their order; null for one that is not signed. */
export function signingLinkIds({ link, signing }: DaemonConfig): readonly (number | null)[] {
  return link.map(({ signed, signing_link_id }, at) =>
    signing.key_file === undefined || !signed ? null : (signing_link_id ?? at),
  );
}

function checkLinks(config: DaemonConfig, place: (path: TomlPath) => Place): void {
  const ids = signingLinkIds(config);
  config.link.forEach((link, at) => {
    const url = place(["link", at, "url"]);
    placed(url, () => parseLinkUrl(link.url));
    if (config.link.findIndex((other) => other.url === link.url) !== at) {
      throw errorAt(url, `link.url: "${link.url}" is there twice`);
    }
    const id = ids[at] ?? null;
    if (id !== null && ids.indexOf(id) !== at) {
      throw errorAt(
        place(["link", at, "signing_link_id"]),
        `link.signing_link_id: ${id} is used by two links; give each its own`,
      );
    }
  });
  const autopilots = config.link.flatMap(({ role }, at) => (role === "autopilot" ? [at] : []));
  if (autopilots.length === 1) return;
  const what = autopilots.length === 0 ? "no link has" : `${autopilots.length} links have`;
  throw errorAt(
    place(["link", autopilots[1] ?? 0, "role"]),
    `link.role: ${what} the role "autopilot"; exactly one must (the others: "gcs")`,
  );
}

function withPaths(config: DaemonConfig, base: string): DaemonConfig {
  const model = (name: string): string => (name === "shipped" || name === "none" ? name : resolve(base, name));
  const { encoder, reranker, registrar, retriever } = config.models;
  return {
    ...config,
    agent: { ...config.agent, state_dir: resolve(base, config.agent.state_dir) },
    pack: { path: resolve(base, config.pack.path) },
    camera: cameraWithPaths(config.camera, base),
    models: {
      encoder: model(encoder),
      reranker: model(reranker),
      registrar: model(registrar),
      retriever: retriever === "none" ? retriever : resolve(base, retriever),
    },
    signing: {
      ...config.signing,
      ...(config.signing.key_file === undefined ? {} : { key_file: resolve(base, config.signing.key_file) }),
    },
  };
}

function requireFolder(path: string, place: Place, key: string, advice: string): void {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found?.isDirectory() !== true) throw errorAt(place, `${key}: there is no folder ${path}; ${advice}`);
}
