import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import sharp from "sharp";
import { drawFlight } from "../../../agent/demo/picture.js";

const scratch = mkdtempSync(join(tmpdir(), "skylink-demo-test-"));
after(() => rmSync(scratch, { recursive: true, force: true }));

test("a fix in the middle of the map is drawn in the middle of the picture", async () => {
  const map = join(scratch, "map.png");
  const out = join(scratch, "flight.png");
  await sharp({ create: { width: 40, height: 40, channels: 3, background: "#000" } })
    .png()
    .toFile(map);
  await drawFlight(
    {
      map,
      northWest: { lat_deg: 48.01, lon_deg: 11 },
      southEast: { lat_deg: 48, lon_deg: 11.01 },
      truth: [
        { lat_deg: 48.001, lon_deg: 11.001 },
        { lat_deg: 48.002, lon_deg: 11.002 },
      ],
      fixes: [{ lat_deg: 48.005, lon_deg: 11.005, eph_m: 3 }],
      side_px: 200,
    },
    out,
  );
  const { data, info } = await sharp(out).raw().toBuffer({ resolveWithObject: true });
  const at = (100 * info.width + 100) * info.channels;
  assert.ok((data[at] ?? 0) > 200 && (data[at + 1] ?? 255) < 120, "the dot is red");
});
