/**
 * A camera for tests: `node fake-camera.js MODE` writes GDP pictures of 8x4 grey pixels every 10 ms, with PTS on
 * CLOCK_MONOTONIC. MODE: steady; dies (after 3 pictures, with a reason); hangs (after 3); garbage (after 3); wide (another
 * size); stubborn (steady, ignores SIGTERM, and starts a child that does too).
 */
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { gdpBuffer, gdpCaps } from "../../../sim/feed/gdp-writer.js";

const [mode = "steady"] = process.argv.slice(2);
const width_px = mode === "wide" ? 12 : 8;
process.stdout.write(gdpCaps({ pixels: "GRAY8", width_px, height_px: 4 }));
if (mode === "stubborn" || mode === "stubborn-child") process.on("SIGTERM", () => undefined);
if (mode === "stubborn") {
  spawn(process.execPath, [fileURLToPath(import.meta.url), "stubborn-child"], { stdio: "ignore" });
}
let count = 0;
setInterval(() => {
  count++;
  if (count > 3 && mode === "dies") {
    process.stderr.write("ERROR: no such device rtsp://me:secret@camera/\nSetting pipeline to NULL ...\n");
    process.exit(3);
  }
  if (count > 3 && mode === "hangs") return;
  if (count > 3 && mode === "garbage") process.stdout.write(Buffer.alloc(500, count));
  process.stdout.write(gdpBuffer(process.hrtime.bigint(), new Uint8Array(width_px * 4).fill(count)));
}, 10);
