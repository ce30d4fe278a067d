import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import sharp from "sharp";
import { REPORTED } from "../../../../agent/vision/encode/hypotheses.js";
import type { FrameImage } from "../../../../agent/vision/frame.js";
import { HomographyRectifier } from "../../../../agent/vision/rectify/homography-rectifier.js";
import type { RectifiedQuery } from "../../../../agent/vision/rectify/rectifier.js";
import { GroundView } from "../../../../tiles/geometry/ground.js";
import { type Intrinsics, intrinsicsFromHfov } from "../../../../tiles/geometry/intrinsics.js";
import type { EulerAngles } from "../../../../tiles/geometry/rotation.js";

const dir = mkdtempSync(join(tmpdir(), "rectify-"));
after(() => rmSync(dir, { recursive: true, force: true }));

const level: EulerAngles = { roll_deg: 0, pitch_deg: 0, yaw_deg: 0 };
const fill = [10, 20, 30] as const;
const barrel: Intrinsics = { ...intrinsicsFromHfov(960, 720, 60), k1: -0.15, k2: 0.03, p1: 0.001, p2: -0.0005, k3: 0 };

/** A smooth pattern fixed to the ground: red and green tell north and east modulo one wave. */
const WAVE_M = 24;
const pattern = (north_m: number, east_m: number): [number, number, number] => [
  128 + 100 * Math.sin((2 * Math.PI * north_m) / WAVE_M),
  128 + 100 * Math.sin((2 * Math.PI * east_m) / WAVE_M),
  128 + 100 * Math.cos((2 * Math.PI * (north_m + east_m)) / (2 * WAVE_M)),
];

/** What the camera sees of the pattern, pixel by pixel. */
function photograph(view: GroundView): Extract<FrameImage, { kind: "raw" }> {
  const { width_px, height_px } = view.intrinsics;
  const data = new Uint8Array(width_px * height_px * 3);
  for (let y = 0, at = 0; y < height_px; y++) {
    for (let x = 0; x < width_px; x++, at += 3) {
      const ground = view.pixelToGround(x, y);
      if (ground === null) continue;
      data.set(
        pattern(ground.north_m, ground.east_m).map((v) => Math.round(v)),
        at,
      );
    }
  }
  return { kind: "raw", width_px, height_px, channels: 3, data };
}

function centreOf(view: GroundView): { north_m: number; east_m: number } {
  const centre = view.pixelToGround((view.intrinsics.width_px - 1) / 2, (view.intrinsics.height_px - 1) / 2);
  assert.ok(centre !== null);
  return centre;
}

/** Root mean square difference, and largest, between patch i and the pattern turned by `turn_deg` about the centre. */
function compare(
  query: RectifiedQuery,
  i: number,
  centre: { north_m: number; east_m: number },
  turn_deg: number,
): { rms: number; seen: number } {
  const side = query.side_px;
  const a = (-turn_deg * Math.PI) / 180;
  let sum = 0;
  let seen = 0;
  for (let row = 0; row < side; row++) {
    for (let col = 0; col < side; col++) {
      const at = i * side * side + row * side + col;
      if (query.valid[at] !== 1) continue;
      const n = (side / 2 - row - 0.5) * query.gsd_m;
      const e = (col + 0.5 - side / 2) * query.gsd_m;
      const want = pattern(
        centre.north_m + n * Math.cos(a) - e * Math.sin(a),
        centre.east_m + n * Math.sin(a) + e * Math.cos(a),
      );
      for (let k = 0; k < 3; k++) sum += ((query.rgb[at * 3 + k] ?? 0) - (want[k] ?? 0)) ** 2;
      seen++;
    }
  }
  return { rms: Math.sqrt(sum / (3 * seen)), seen: seen / (side * side) };
}

// One pixel (0.3 m) of displacement would be an rms difference of about 5.5.
test("ground appears where it is, through tilt, heading, mount and distortion", async () => {
  const cases: { attitude: EulerAngles; mount: EulerAngles; agl_m: number }[] = [
    { attitude: level, mount: level, agl_m: 100 },
    { attitude: { ...level, yaw_deg: 77 }, mount: level, agl_m: 60 },
    { attitude: { roll_deg: 8, pitch_deg: -6, yaw_deg: 200 }, mount: { ...level, pitch_deg: 20 }, agl_m: 90 },
    { attitude: { roll_deg: -3, pitch_deg: 2, yaw_deg: -45 }, mount: { ...level, yaw_deg: 90 }, agl_m: 300 },
  ];
  for (const pose of cases) {
    const view = new GroundView(barrel, pose);
    const centre = centreOf(view);
    const query = await new HomographyRectifier().rectify({
      image: photograph(view),
      view,
      centre,
      gsd_m: 0.3,
      side_px: 224,
      hypotheses: [-10, 0, 10].map((heading_deg) => ({ heading_deg, scale: 1 })),
      fill,
    });
    assert.equal(query.n, 3);
    [-10, 0, 10].forEach((turn, i) => {
      const { rms, seen } = compare(query, i, centre, turn);
      assert.ok(rms < 1.6, `agl ${pose.agl_m}, turned ${turn}: rms ${rms}`);
      assert.ok(seen > 0.75, `agl ${pose.agl_m}: ${seen} seen`);
    });
  }
});

test("a height hypothesis shows the ground as if the aircraft were that many times as high", async () => {
  const pose = { attitude: { roll_deg: 8, pitch_deg: -6, yaw_deg: 200 }, mount: { ...level, pitch_deg: 20 } };
  const view = new GroundView(barrel, { ...pose, agl_m: 90 });
  const image = photograph(view);
  const turns = [0, -10];
  const scales = [1, 0.8, 1.25];
  const at = (scale: number) => turns.map((heading_deg) => ({ heading_deg, scale }));
  const request = { image, gsd_m: 0.3, side_px: 224, fill };
  const hypotheses = scales.flatMap(at);
  const tried = await new HomographyRectifier().rectify({ ...request, view, centre: centreOf(view), hypotheses });
  assert.equal(tried.n, hypotheses.length);
  for (const [i, scale] of scales.entries()) {
    const higher = new GroundView(barrel, { ...pose, agl_m: 90 * scale });
    const centre = centreOf(higher);
    const alone = await new HomographyRectifier().rectify({ ...request, view: higher, centre, hypotheses: at(1) });
    const [from, to] = [i * alone.valid.length, (i + 1) * alone.valid.length];
    const mask = tried.valid.subarray(from, to);
    const flips = mask.reduce((sum, seen, p) => sum + Math.abs(seen - (alone.valid[p] ?? 0)), 0);
    assert.ok(flips <= 4, `x${scale}: ${flips} positions are seen by one only`);
    const worst = tried.rgb.subarray(3 * from, 3 * to).reduce((most, value, p) => {
      const both = mask[Math.floor(p / 3)] === 1 && alone.valid[Math.floor(p / 3)] === 1;
      return both ? Math.max(most, Math.abs(value - (alone.rgb[p] ?? 0))) : most;
    }, 0);
    assert.ok(worst <= 1, `x${scale}: off by ${worst}`);
  }
});

test("strong reduction is low-pass filtered and stays in place", async () => {
  const view = new GroundView(barrel, { attitude: { ...level, yaw_deg: 30 }, mount: level, agl_m: 100 });
  const centre = centreOf(view);
  const query = await new HomographyRectifier().rectify({
    image: photograph(view),
    view,
    centre,
    gsd_m: 1,
    side_px: 64,
    hypotheses: [REPORTED],
    fill,
  });
  const { rms } = compare(query, 0, centre, 0);
  assert.ok(rms < 4, `rms ${rms}`);
  // A checkerboard finer than the patch's pixels must come out as its mean, not as noise.
  const image = photograph(view);
  for (let y = 0; y < image.height_px; y++) {
    for (let x = 0; x < image.width_px; x++) {
      image.data.fill(
        ((x >> 1) + (y >> 1)) % 2 === 0 ? 255 : 0,
        (y * image.width_px + x) * 3,
        (y * image.width_px + x) * 3 + 3,
      );
    }
  }
  const flat = await new HomographyRectifier().rectify({
    image,
    view,
    centre,
    gsd_m: 1,
    side_px: 64,
    hypotheses: [REPORTED],
    fill,
  });
  const middle = flat.rgb.subarray((32 * 64 + 16) * 3, (32 * 64 + 48) * 3);
  for (const value of middle) assert.ok(Math.abs(value - 127.5) < 25, `${value}`);
});

test("ground outside the image is marked and filled", async () => {
  const view = new GroundView(barrel, { attitude: level, mount: level, agl_m: 20 });
  const query = await new HomographyRectifier().rectify({
    image: photograph(view),
    view,
    centre: centreOf(view),
    gsd_m: 0.3,
    side_px: 224,
    hypotheses: [REPORTED],
    fill,
  });
  assert.equal(query.valid[0], 0);
  assert.deepEqual([...query.rgb.subarray(0, 3)], [...fill]);
  assert.equal(query.valid[112 * 224 + 112], 1);
  let seen = 0;
  for (const v of query.valid) seen += v;
  const footprint = view.pixelToGround(959.5, 719.5);
  assert.ok(footprint !== null);
  // Area of the seen ground in patch pixels; the barrel lens bends the edges of the rectangle a little.
  const area = (4 * Math.abs(footprint.north_m * footprint.east_m)) / 0.09;
  assert.ok(Math.abs(seen / area - 1) < 0.12, `${seen} of ${area}`);
});

test("an EXIF orientation does not turn the picture; grey and 16-bit images decode", async () => {
  const view = new GroundView(barrel, { attitude: level, mount: level, agl_m: 100 });
  const centre = centreOf(view);
  const raw = photograph(view);
  const image = sharp(raw.data, { raw: { width: raw.width_px, height: raw.height_px, channels: 3 } });
  await image.clone().withMetadata({ orientation: 6 }).jpeg({ quality: 95 }).toFile(join(dir, "turned.jpg"));
  await image.clone().toColourspace("b-w").png().toFile(join(dir, "grey.png"));
  await image.clone().toColourspace("rgb16").png().toFile(join(dir, "deep.png"));
  const request = { view, centre, gsd_m: 0.3, side_px: 224, hypotheses: [REPORTED], fill };
  const rectify = (file: string) =>
    new HomographyRectifier().rectify({ ...request, image: { kind: "file", path: join(dir, file) } });
  const turned = compare(await rectify("turned.jpg"), 0, centre, 0);
  assert.ok(turned.rms < 4, `rms ${turned.rms}`);
  const deep = compare(await rectify("deep.png"), 0, centre, 0);
  assert.ok(deep.rms < 4, `rms ${deep.rms}`);
  const grey = await rectify("grey.png");
  const at = (112 * 224 + 60) * 3;
  assert.equal(grey.rgb[at], grey.rgb[at + 1]);
});

test("an image of another size, or none at all, is the user's error", async () => {
  const view = new GroundView(barrel, { attitude: level, mount: level, agl_m: 100 });
  const request = { view, centre: centreOf(view), gsd_m: 0.3, side_px: 224, hypotheses: [REPORTED], fill };
  await sharp({ create: { width: 100, height: 80, channels: 3, background: "red" } })
    .png()
    .toFile(join(dir, "small.png"));
  await assert.rejects(
    new HomographyRectifier().rectify({ ...request, image: { kind: "file", path: join(dir, "small.png") } }),
    /small\.png is 100x80, but the camera's intrinsics are for 960x720/,
  );
  await assert.rejects(
    new HomographyRectifier().rectify({ ...request, image: { kind: "file", path: join(dir, "none.png") } }),
    /none\.png cannot be decoded/,
  );
});
