import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type ImagerySource, worldImagery } from "../../sim/camera/imagery.js";
import { makeEpoch } from "../../sim/world/epoch.js";
import { World } from "../../sim/world/world.js";

/** A place with its pack, made of the imagery of one season, and what a camera sees there in another. */
export interface Place {
  readonly folder: string;
  readonly pack: string;
  readonly centre: { readonly lat_deg: number; readonly lon_deg: number };
  readonly imagery: ImagerySource;
  remove(): void;
}

const CENTRE = { lat_deg: 48, lon_deg: 11 };

/** Invents a place and packs it, as a user would: with the programs. */
export function makePlace(seed: number, size_m: number, agl_m: number): Place {
  const folder = mkdtempSync(join(tmpdir(), "skylink-twin-"));
  const pack = join(folder, "area.skypack");
  const map = join(folder, "map.tif");
  const program = (entry: string, ...args: string[]): void => {
    execFileSync(process.execPath, [fileURLToPath(new URL(`../../${entry}`, import.meta.url)), ...args], {
      stdio: ["ignore", "ignore", "ignore"],
    });
  };
  program("sim/make-map.js", "--seed", `${seed}`, "--size-m", `${size_m}`, "--epoch", "0", "--out", map);
  program("flash/cli.js", "pack", map, "--out", pack, "--source", "synthetic", "--agl", `${agl_m}`, "--hfov", "66");
  const world = new World({ seed, size_m, origin: CENTRE, style: {} });
  return {
    folder,
    pack,
    centre: CENTRE,
    imagery: worldImagery(world, makeEpoch(seed, 1, CENTRE.lat_deg)),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
