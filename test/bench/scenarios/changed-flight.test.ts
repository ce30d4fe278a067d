import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import sharp from "sharp";
import { readFlight } from "../../../agent/flight/flight.js";
import { changeFlight } from "../../../bench/scenarios/changed-flight.js";
import { byNight, covered, sentAgain } from "../../../bench/scenarios/picture-changes.js";
import { frozen } from "../../../bench/scenarios/row-changes.js";
import { TOWN_NIGHT } from "../../../sim/camera/night.js";

const work = mkdtempSync(join(tmpdir(), "changed-"));
after(() => rmSync(work, { recursive: true, force: true }));
const base = join(work, "base");
const FRAMES = 5;

before(async () => {
  mkdirSync(join(base, "frames"), { recursive: true });
  writeFileSync(
    join(base, "flight.toml"),
    "[camera]\nwidth_px = 24\nheight_px = 16\nfx = 20\nfy = 20\ncx = 11.5\ncy = 7.5\n" +
      "k1 = 0\nk2 = 0\np1 = 0\np2 = 0\nk3 = 0\n[mount]\nroll_deg = 0\npitch_deg = 0\nyaw_deg = 0\n",
  );
  const lines = ["t_us,file,roll_deg,pitch_deg,yaw_deg,agl_m,yaw_sigma_deg,agl_sigma_m,lat_deg,lon_deg"];
  for (let k = 0; k < FRAMES; k++) {
    await sharp({ create: { width: 24, height: 16, channels: 3, background: { r: 90 + 20 * k, g: 140, b: 120 } } })
      .jpeg()
      .toFile(join(base, "frames", `${k}.jpg`));
    lines.push(`${(k + 1) * 500000},${k}.jpg,0,0,10,100,3,2,${48 + k * 1e-5},11`);
  }
  writeFileSync(join(base, "frames.csv"), `${lines.join("\n")}\n`);
});

const red = async (path: string): Promise<number> => (await sharp(path).stats()).channels[0]?.mean ?? Number.NaN;

describe("changeFlight", () => {
  it("writes a flight folder whose unchanged pictures are the old ones", async () => {
    const out = join(work, "frozen");
    await changeFlight(base, out, { rows: (rows) => frozen(rows, 1, 4) });
    const flight = await readFlight(out);
    assert.deepEqual(
      flight.frames.map(({ file }) => file),
      ["0.jpg", "1.jpg", "1.jpg", "1.jpg", "4.jpg"],
    );
    assert.ok(Math.abs((flight.frames[3]?.truth?.lat_deg ?? 0) - 48.00003) < 1e-9);
    assert.deepEqual(readFileSync(join(out, "frames/1.jpg")), readFileSync(join(base, "frames/1.jpg")));
    assert.equal(statSync(join(out, "frames/1.jpg")).ino, statSync(join(base, "frames/1.jpg")).ino);
  });

  it("changes the pictures that it is told to, and leaves the base alone", async () => {
    const out = join(work, "covered");
    const before = await red(join(base, "frames/3.jpg"));
    await changeFlight(base, out, { rows: (rows) => [...rows], picture: covered("cap", 2, 4, 1) });
    const flight = await readFlight(out);
    assert.deepEqual(
      flight.frames.map(({ file }) => file.startsWith("changed-")),
      [false, false, true, true, false],
    );
    assert.ok((await red(join(out, "frames", flight.frames[3]?.file ?? ""))) < 20);
    assert.equal(await red(join(base, "frames/3.jpg")), before);
  });

  it("sends a still picture again with noise of its own", async () => {
    const out = join(work, "again");
    await changeFlight(base, out, { rows: (rows) => frozen(rows, 1, 4), picture: sentAgain(1, 4, 2, 3) });
    const flight = await readFlight(out);
    const pictures = flight.frames.slice(1, 4).map(({ file }) => join(out, "frames", file));
    assert.equal(new Set(pictures).size, 3);
    const [one, two] = await Promise.all(pictures.map((path) => sharp(path).raw().toBuffer()));
    assert.notDeepEqual(one, two);
    assert.ok(Math.abs((await red(pictures[2] ?? "")) - (await red(join(base, "frames/1.jpg")))) < 2);
  });

  it("makes night of day", async () => {
    const out = join(work, "night");
    await changeFlight(base, out, {
      rows: (rows) => [...rows],
      picture: byNight(TOWN_NIGHT, { lat_deg: 48, lon_deg: 11 }, 1),
    });
    const flight = await readFlight(out);
    for (const { file } of flight.frames) assert.ok((await red(join(out, "frames", file))) < 75);
  });
});
