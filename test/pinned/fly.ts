import { cpSync, mkdirSync, mkdtempSync, readdirSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readFlight } from "../../agent/flight/flight.js";
import { replay } from "../../agent/replay/replay.js";
import { VisionClient } from "../../agent/vision/client.js";
import { buildPack } from "../../flash/pack/build.js";
import { parsePackOptions } from "../../flash/pack/options.js";
import { packageRoot } from "../../models/runtime/paths.js";

/** Where the recorded flights lie: one set of pictures, a table of poses for each flight, and the map. */
export const FLIGHTS = join(packageRoot(), "test", "fixtures", "flights");
export const PINS = join(FLIGHTS, "pins.json");

/** What is pinned of one frame. */
export interface Pin {
  readonly t_us: number;
  /** 1e-7 degrees, the resolution of MAVLink. */
  readonly lat_e7: number | null;
  readonly lon_e7: number | null;
  readonly eph_cm: number | null;
  readonly reason: string | null;
  readonly verdict: string | null;
}

/** Names of the recorded flights. */
export function flightNames(): string[] {
  return readdirSync(FLIGHTS)
    .filter((name) => name.endsWith(".csv"))
    .map((name) => name.slice(0, -".csv".length))
    .sort();
}

/** Packs the map into a temporary folder. */
export async function packMap(): Promise<{ dir: string; pack: string }> {
  const dir = mkdtempSync(join(tmpdir(), "skylink-pinned-"));
  const pack = join(dir, "map.skypack");
  const words = { out: pack, agl: "90", hfov: "70" };
  const warn = (line: string): void => {
    throw new Error(line);
  };
  const options = parsePackOptions([join(FLIGHTS, "map.mbtiles")], words, warn);
  await buildPack(options, { progress: null, warn, signal: new AbortController().signal });
  return { dir, pack };
}

/** Flies one recorded flight through the real pipeline with the shipped models. */
export async function flyPinned(name: string, dir: string, pack: string): Promise<Pin[]> {
  const folder = join(dir, name);
  mkdirSync(folder, { recursive: true });
  symlinkSync(join(FLIGHTS, "frames"), join(folder, "frames"));
  cpSync(join(FLIGHTS, "flight.toml"), join(folder, "flight.toml"));
  cpSync(join(FLIGHTS, `${name}.csv`), join(folder, "frames.csv"));
  const flight = await readFlight(folder);
  const client = await VisionClient.open({ pack, rig: flight.rig });
  try {
    const { frames } = await replay(flight, client, { pack, stills: false });
    return frames.map(({ t_us, published, reason, verdict }) => ({
      t_us,
      lat_e7: published === null ? null : Math.round(published.lat_deg * 1e7),
      lon_e7: published === null ? null : Math.round(published.lon_deg * 1e7),
      eph_cm: published === null ? null : Math.round(published.eph_m * 100),
      reason,
      verdict,
    }));
  } finally {
    await client.close();
  }
}
