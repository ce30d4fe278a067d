import { join } from "node:path";
import { readFlight } from "../../agent/flight/flight.js";
import { DEFAULT_VISION_CONFIG } from "../../agent/vision/config.js";
import type { CameraRig, Frame } from "../../agent/vision/frame.js";
import { planQuery } from "../../agent/vision/view.js";
import type { Encoder } from "../../models/runtime/encoder.js";
import { offsetToLonLat } from "../../tiles/geodesy/wgs84.js";
import { PackReader } from "../../tiles/pack/reader.js";
import { airfieldImageCentres, buildAirfield } from "../datasets/airfield.js";
import { buildOrtholoc } from "../datasets/ortholoc.js";
import { runCli } from "../run-cli.js";
import type { Gallery } from "./galleries.js";
import { frameFor, type Query, RIG, truthOf } from "./queries.js";
import { heightSigma, type Setting } from "./settings.js";

/** A frame as the agent is told of it, and where the ground at its image centre truly lies. */
export interface Shot {
  readonly id: string;
  readonly frame: Frame;
  readonly rig: CameraRig;
  readonly truth: { readonly lat_deg: number; readonly lon_deg: number };
  readonly seen: boolean;
}

/** A packed map and frames over it. */
export interface Scene {
  readonly name: string;
  readonly pack: PackReader;
  /** The GeoTIFF that was packed. */
  readonly map: string;
  /** The frames with the errors of a setting. */
  shots(setting: Setting): Promise<Shot[]>;
}

/** A place that nothing is compared with: that of frames over ground that the map does not show. */
const NOWHERE = { lat_deg: Number.NaN, lon_deg: Number.NaN };

/** Frames cut from pairs over a gallery. @param strangers the map does not show these pairs */
export function pairsScene(gallery: Gallery, queries: readonly Query[], strangers = false): Scene {
  return {
    name: "registered pairs",
    pack: gallery.pack,
    map: gallery.map,
    shots: async (setting) =>
      queries.map((query, i) => ({
        id: `${strangers ? "strangers" : "pairs"}-${i}`,
        frame: frameFor(query, setting),
        rig: RIG,
        truth: strangers ? NOWHERE : truthOf(query, gallery.places),
        seen: query.seen,
      })),
  };
}

/** The real frames over the airfield's map, by the image centres of the data set's own registration. */
export async function airfieldScene(data: string, work: string, encoder: Encoder, encoderDir: string): Promise<Scene> {
  const folder = join(work, "airfield");
  const made = await buildAirfield(data, folder, { headingKnown: true });
  const centres = airfieldImageCentres(data);
  return flightScene("airfield", folder, made, encoder, encoderDir, (file) => centres.get(file) ?? null);
}

/** The ortholoc frame over the orthophoto of its own flight (DOP) or of another source and season (xDOP). */
export async function ortholocScene(
  data: string,
  work: string,
  map: "DOP" | "xDOP",
  encoder: Encoder,
  encoderDir: string,
): Promise<Scene> {
  const folder = join(work, `ortholoc-${map}`);
  const made = await buildOrtholoc(data, folder, map);
  return flightScene(`ortholoc ${map}`, folder, made, encoder, encoderDir, null);
}

/** @param centreOf true place of a frame's image centre, null to leave the frame out; without it, by the true pose */
async function flightScene(
  name: string,
  folder: string,
  lens: { agl_m: number; hfov_deg: number },
  encoder: Encoder,
  encoderDir: string,
  centreOf: ((file: string) => { lat_deg: number; lon_deg: number } | null) | null,
): Promise<Scene> {
  const map = join(folder, "map.tif");
  const packDir = join(folder, "map.skypack");
  const footprint = ["--agl", String(lens.agl_m), "--hfov", String(lens.hfov_deg)];
  runCli("flash/cli.js", [
    "pack",
    map,
    "--out",
    packDir,
    ...footprint,
    "--model",
    encoderDir,
    "--overwrite",
    "--quiet",
  ]);
  const pack = PackReader.open(packDir, { expectEncoder: encoder });
  const flight = await readFlight(join(folder, "flight"));
  return {
    name,
    pack,
    map,
    shots: async (setting) => {
      const shots: Shot[] = [];
      for (const [i, { frame, file, truth }] of flight.frames.entries()) {
        const centre = centreOf === null ? centreByPose(frame, flight.rig, truth, pack) : centreOf(file);
        if (centre === null) continue;
        const side = i % 2 === 0 ? 1 : -1;
        shots.push({
          id: `${name}-${i}`.replaceAll(" ", "-"),
          frame: withErrors(frame, setting, side),
          rig: flight.rig,
          truth: centre,
          seen: false,
        });
      }
      return shots;
    },
  };
}

function centreByPose(
  frame: Frame,
  rig: CameraRig,
  truth: { readonly lat_deg: number; readonly lon_deg: number } | null,
  pack: PackReader,
): { lat_deg: number; lon_deg: number } | null {
  const plan = planQuery(frame, rig, pack.manifest.levels, DEFAULT_VISION_CONFIG.view);
  if (truth === null || typeof plan === "string") return null;
  return offsetToLonLat(truth, plan.centre.north_m, plan.centre.east_m);
}

/** The recorded frame with a setting's errors on top of its own. */
export function withErrors(frame: Frame, setting: Setting, side: 1 | -1): Frame {
  const agl_m = frame.agl_m * setting.heightFactor;
  return {
    ...frame,
    attitude: { ...frame.attitude, yaw_deg: frame.attitude.yaw_deg + side * (setting.headingError_deg ?? 180) },
    agl_m,
    yaw_sigma_deg: setting.headingSigma_deg,
    agl_sigma_m: agl_m * heightSigma(setting),
  };
}
