import { accessSync, constants } from "node:fs";
import { createCamera } from "../camera/create.js";
import { checkFiles, type LoadedConfig, loadCameraRig, signingLinkIds } from "../config/load.js";
import { placedAsync } from "../config/placed.js";
import type { DaemonConfig } from "../config/schema.js";
import { errorAt } from "../text/place.js";
import { VisionClient } from "../vision/client.js";
import type { CameraRig } from "../vision/frame.js";
import type { PipelineInfo } from "../vision/pipeline.js";
import { pipelineOptions } from "./assemble.js";

/**
 * Checks everything that a configuration names: files, keys, the camera's settings, pack and models (they are opened).
 * Links are not opened and the camera is not started.
 *
 * @returns what the daemon would do, in lines for people
 * @throws UserError with the place of what is wrong
 */
export async function checkConfig(loaded: LoadedConfig): Promise<string> {
  const { config, place } = loaded;
  checkFiles(loaded);
  if (config.signing.key_file !== undefined) {
    try {
      accessSync(config.agent.state_dir, constants.W_OK);
    } catch {
      throw errorAt(
        place(["agent", "state_dir"]),
        `agent.state_dir: ${config.agent.state_dir} cannot be written; signing keeps its timestamps there`,
      );
    }
  }
  const rig = loadCameraRig(loaded);
  await placedAsync(place(["camera"]), () => createCamera(config.camera, rig));
  const vision = await placedAsync(place(["pack", "path"]), () => VisionClient.open(pipelineOptions(config, rig)));
  const { info } = vision;
  await vision.close();
  return plan(config, loaded.file, rig, info);
}

function plan(config: DaemonConfig, file: string, rig: CameraRig, info: PipelineInfo): string {
  const { camera, autopilot, navigation, status, watchdog, agent } = config;
  const ids = signingLinkIds(config);
  const rows: [string, string][] = [
    ["configuration", `${file}: valid`],
    ["pack", `${info.pack.name}, ${info.pack.cells} cells, made ${info.pack.created}`],
    ["models", [info.retriever ?? [], info.encoder, info.reranker ?? "no re-ranker", info.registrar].flat().join(", ")],
    ["networks", `${agent.providers.join(", then ")}, ${agent.threads} threads`],
    ["camera", `${camera.source}, ${describeRig(rig)}`],
    ...config.link.map(({ url, role }, at): [string, string] => {
      const id = ids[at] ?? null;
      return [role === "autopilot" ? "autopilot" : "gcs", `${url}, ${id === null ? "not signed" : `signed, id ${id}`}`];
    }),
    ["feed", describeFeed(autopilot)],
    [
      "navigation",
      `up to ${navigation.max_speed_mps} m/s, no position beyond ${navigation.alert_limit_m} m at risk ${navigation.integrity_risk}`,
    ],
    ["status page", status.enabled ? `http://${status.host}:${status.port}/` : "off"],
    [
      "watchdog",
      watchdog.enabled
        ? `not fed after ${watchdog.link_silence_s} s without the autopilot or ${watchdog.frame_silence_s} s without a frame`
        : "fed whatever happens",
    ],
  ];
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, text]) => `${name.padEnd(width)}  ${text}\n`).join("");
}

function describeRig({ intrinsics: lens, mount }: CameraRig): string {
  const hfov_deg = (2 * Math.atan(lens.width_px / 2 / lens.fx) * 180) / Math.PI;
  const { roll_deg, pitch_deg, yaw_deg } = mount;
  return (
    `${lens.width_px} x ${lens.height_px} px, ${hfov_deg.toFixed(0)}° wide, ` +
    `mounted at roll ${roll_deg}° pitch ${pitch_deg}° yaw ${yaw_deg}°`
  );
}

function describeFeed({ kind, publisher, rate_hz, source_sets: sets }: DaemonConfig["autopilot"]): string {
  const who = kind === "auto" ? "whatever autopilot is heard" : kind;
  const how = publisher === "auto" ? "in the way that it fuses best" : `with ${publisher}`;
  const rate = rate_hz === undefined ? "" : ` at ${rate_hz} Hz`;
  const switching =
    sets === undefined ? "" : `; source sets ${sets.gps} (GPS) and ${sets.vision} (vision) are switched`;
  return `${who}, ${how}${rate}${switching}`;
}
