import { readFileSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { shippedModel } from "../../models/runtime/paths.js";
import { errorMessage, UserError } from "../../tiles/errors.js";
import { parseLinkUrl } from "../mavlink/link/url.js";
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

/** The model folders of a configuration; `reranker: null` leaves re-ranking out. */
export interface ModelFolders {
  readonly encoder: string;
  readonly reranker: string | null;
  readonly registrar: string;
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
  config.link.forEach((link, at) => {
    placed(place(["link", at, "url"]), () => parseLinkUrl(link.url));
    const twin = config.link.findIndex((other) => other.url === link.url);
    if (twin !== at) throw errorAt(place(["link", at, "url"]), `link.url: "${link.url}" is there twice`);
  });
  if (!config.link.some(({ role }) => role === "autopilot")) {
    throw errorAt(place(["link", 0, "role"]), 'link.role: no link has the role "autopilot": there is nobody to feed');
  }
  const { gps_source_set, vision_source_set, source_set_switch } = config.autopilot;
  if (source_set_switch && gps_source_set === vision_source_set) {
    throw errorAt(
      place(["autopilot", "vision_source_set"]),
      `autopilot.vision_source_set: is the set of the GPS (${gps_source_set}); switching between them needs two`,
    );
  }
  return { config, file, place };
}

/** The folders that `[models]` names: "shipped" is the one of this package, "none" leaves the re-ranker out. */
export function modelFolders({ models }: DaemonConfig): ModelFolders {
  const folder = (kind: "encoder" | "reranker" | "registrar"): string =>
    models[kind] === "shipped" ? shippedModel(kind) : models[kind];
  return {
    encoder: folder("encoder"),
    reranker: models.reranker === "none" ? null : folder("reranker"),
    registrar: folder("registrar"),
  };
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
  for (const kind of ["encoder", "reranker", "registrar"] as const) {
    const dir = modelFolders(config)[kind];
    if (dir !== null)
      requireFolder(dir, place(["models", kind]), `models.${kind}`, "a model is a folder with model.json");
  }
  config.link.forEach(({ signing_key_file: key }, at) => {
    if (key !== undefined) checkKeyFile(key, place(["link", at, "signing_key_file"]));
  });
}

function withPaths(config: DaemonConfig, base: string): DaemonConfig {
  const model = (name: string): string => (name === "shipped" || name === "none" ? name : resolve(base, name));
  const { encoder, reranker, registrar } = config.models;
  return {
    ...config,
    agent: { ...config.agent, state_dir: resolve(base, config.agent.state_dir) },
    pack: { path: resolve(base, config.pack.path) },
    camera: cameraWithPaths(config.camera, base),
    models: { encoder: model(encoder), reranker: model(reranker), registrar: model(registrar) },
    link: config.link.map((link) =>
      link.signing_key_file === undefined ? link : { ...link, signing_key_file: resolve(base, link.signing_key_file) },
    ),
  };
}

function requireFolder(path: string, place: Place, key: string, advice: string): void {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found?.isDirectory() !== true) throw errorAt(place, `${key}: there is no folder ${path}; ${advice}`);
}

/** A key that others can read is no secret. */
function checkKeyFile(path: string, place: Place): void {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found?.isFile() !== true) {
    throw errorAt(place, `link.signing_key_file: there is no file ${path}; it holds the key as 64 hexadecimal digits`);
  }
  if ((found.mode & 0o077) !== 0) {
    const mode = (found.mode & 0o777).toString(8).padStart(4, "0");
    throw errorAt(place, `link.signing_key_file: others may read ${path} (mode ${mode}); run: chmod 0600 ${path}`);
  }
}
