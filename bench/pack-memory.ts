/**
 * Peak memory of `flash pack` against the size and the shape of the map, on synthetic input: a small map, one nine times
 * as large, and one of the same area as the latter that is a single row of blocks, the worst shape for reading by rows.
 *
 *     node dist/bench/pack-memory.js [--json FILE] [--side PX]
 */
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { GeoTiffWriter } from "../sim/geotiff-writer.js";
import { makeEpoch } from "../sim/world/epoch.js";
import { World } from "../sim/world/world.js";
import { commandLine, wholeNumber } from "./command-line.js";

const { values } = commandLine({ options: { json: { type: "string" }, side: { type: "string", default: "3000" } } });
const GSD_M = 0.3;
const TEXTURE_PX = 1024;
const POLL_MS = 20;

/** Writes a map that repeats one rendered piece of ground. */
function writeMap(path: string, width: number, height: number, texture: Uint8Array): void {
  const writer = new GeoTiffWriter(path, {
    width,
    height,
    channels: 3,
    epsg: 32633,
    origin: { x: 500_000, y: 5_400_000 },
    pixelSize: { x: GSD_M, y: GSD_M },
  });
  const rows = 256;
  for (let row = 0; row < height; row += rows) {
    const band = new Uint8Array(width * Math.min(rows, height - row) * 3);
    for (let y = 0; y * width * 3 < band.length; y++) {
      const line = ((row + y) % TEXTURE_PX) * TEXTURE_PX * 3;
      for (let x = 0; x < width; x += TEXTURE_PX) {
        const count = Math.min(TEXTURE_PX, width - x) * 3;
        band.set(texture.subarray(line, line + count), (y * width + x) * 3);
      }
    }
    writer.writeRows(band);
  }
  writer.finish();
}

/** Runs `flash pack` and gives the largest resident set that the kernel saw (VmHWM), MiB, and the seconds it took. */
async function packed(map: string, out: string): Promise<{ peak_mib: number; seconds: number }> {
  const started = performance.now();
  const cli = fileURLToPath(new URL("../flash/cli.js", import.meta.url));
  const child = spawn(process.execPath, [cli, "pack", map, "--out", out, "--gsd", String(GSD_M), "--quiet"], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  let peak_kib = 0;
  const poll = setInterval(() => {
    try {
      const status = readFileSync(`/proc/${child.pid}/status`, "utf8");
      peak_kib = Math.max(peak_kib, Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0));
    } catch {
      // The process has just ended.
    }
  }, POLL_MS);
  const code = await new Promise<number | null>((resolve) => child.on("close", resolve));
  clearInterval(poll);
  if (code !== 0) throw new Error(`flash pack ${map}: exit ${code}`);
  return { peak_mib: peak_kib / 1024, seconds: (performance.now() - started) / 1000 };
}

const work = mkdtempSync(join(tmpdir(), "skylink-memory-"));
try {
  const side = wholeNumber("--side", values.side);
  const world = new World({ seed: 4, size_m: 600 });
  const texture = world.render({
    epoch: makeEpoch(4, 0),
    north_m: 200,
    east_m: -200,
    width_px: TEXTURE_PX,
    height_px: TEXTURE_PX,
    gsd_m: GSD_M,
  });
  const shapes = [
    { name: "small", width: side, height: side },
    { name: "nine times as large", width: 3 * side, height: 3 * side },
    { name: "the same, as a strip", width: Math.round((9 * side * side) / 512), height: 512 },
  ];
  const results = [];
  for (const { name, width, height } of shapes) {
    const map = join(work, "map.tif");
    writeMap(map, width, height, texture);
    const out = join(work, "area.skypack");
    const { peak_mib, seconds } = await packed(map, out);
    rmSync(out, { recursive: true });
    rmSync(map);
    results.push({ name, width_px: width, height_px: height, peak_mib: Math.round(peak_mib), seconds });
    process.stdout.write(
      `${name.padEnd(22)} ${String(width).padStart(7)} x ${String(height).padEnd(6)} peak ${peak_mib.toFixed(0).padStart(5)} MiB  ${seconds.toFixed(0)} s\n`,
    );
  }
  const first = results[0]?.peak_mib ?? 1;
  const ratios = results.map(({ name, peak_mib }) => ({ name, ratio: peak_mib / first }));
  process.stdout.write(`of the small map's: ${ratios.map(({ ratio }) => ratio.toFixed(2)).join(" ")}\n`);
  if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify({ results, ratios }, null, 2)}\n`);
} finally {
  rmSync(work, { recursive: true, force: true });
}
