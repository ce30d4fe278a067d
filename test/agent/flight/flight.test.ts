import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import sharp from "sharp";
import { readFlight } from "../../../agent/flight/flight.js";

const dir = mkdtempSync(join(tmpdir(), "flight-"));
after(() => rmSync(dir, { recursive: true, force: true }));

const TOML =
  "[camera]\nwidth_px = 64\nheight_px = 48\nfx = 50.0\nfy = 50.0\ncx = 31.5\ncy = 23.5\n[mount]\npitch_deg = 5.0\n";
const CSV =
  "t_us,file,roll_deg,pitch_deg,yaw_deg,agl_m,lat_deg,lon_deg\n10,a.png,1,2,3,100,46,7\n20,sub/b.jpg,1,2,3,100,,\n";

async function writeFlight(name: string, toml: string, csv: string): Promise<string> {
  const flight = join(dir, name);
  mkdirSync(join(flight, "frames", "sub"), { recursive: true });
  writeFileSync(join(flight, "flight.toml"), toml);
  writeFileSync(join(flight, "frames.csv"), csv);
  const image = sharp({ create: { width: 64, height: 48, channels: 3, background: "#808080" } });
  await image
    .clone()
    .png()
    .toFile(join(flight, "frames", "a.png"));
  // The orientation tag must be ignored: the intrinsics describe the sensor, not how a viewer turns the picture.
  await image
    .clone()
    .withMetadata({ orientation: 6 })
    .jpeg()
    .toFile(join(flight, "frames", "sub", "b.jpg"));
  return flight;
}

test("a whole flight folder is read; truth stays outside of what the pipeline is given", async () => {
  const flight = await readFlight(await writeFlight("good", TOML, CSV));
  assert.equal(flight.name, "good");
  assert.equal(flight.frames.length, 2);
  assert.deepEqual(flight.frames[0]?.truth, { lat_deg: 46, lon_deg: 7 });
  assert.equal(flight.frames[1]?.truth, null);
  assert.equal(flight.frames[1]?.file, "sub/b.jpg");
  assert.equal(flight.frames[0]?.frame.agl_sigma_m, 5);
  assert.equal("truth" in (flight.frames[0]?.frame ?? {}), false);
});

test("what is wrong is named with file, line and column", async () => {
  await assert.rejects(readFlight(join(dir, "nowhere")), /no such flight folder/);
  const missing = await writeFlight("missing", TOML, CSV.replace("sub/b.jpg", "c.png"));
  await assert.rejects(readFlight(missing), /frames\.csv:3:4: image frames\/c\.png does not exist/);
  const size = await writeFlight("size", TOML.replace("width_px = 64", "width_px = 65"), CSV);
  await assert.rejects(readFlight(size), /frames\.csv:2:4: image frames\/a\.png is 64x48, but .* 65x48/);
  const broken = await writeFlight("broken", TOML, CSV);
  writeFileSync(join(broken, "frames", "a.png"), "not an image");
  await assert.rejects(readFlight(broken), /frames\.csv:2:4: image frames\/a\.png cannot be decoded/);
  rmSync(join(broken, "flight.toml"));
  await assert.rejects(readFlight(broken), /flight\.toml: cannot be read/);
});
