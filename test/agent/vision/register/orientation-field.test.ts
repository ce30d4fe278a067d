import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  type GreyPicture,
  greyOf,
  resample,
  smooth,
  writeField,
} from "../../../../agent/vision/register/orientation-field.js";
import { texture } from "../../helpers/textured-map.js";

const SIDE = 40;

function drawn(of: (x: number, y: number) => number, side = SIDE): GreyPicture {
  const grey = Float32Array.from({ length: side * side }, (_, p) => of((p % side) + 0.5, Math.floor(p / side) + 0.5));
  return { side, grey, known: new Uint8Array(side * side).fill(1) };
}

function fieldOf(picture: GreyPicture): Float32Array {
  const out = new Float32Array(2 * picture.side * picture.side);
  writeField(picture, out, 0);
  return out;
}

/** Cosine of two fields. */
function agreement(a: Float32Array, b: Float32Array): number {
  let [ab, aa, bb] = [0, 0, 0];
  a.forEach((value, i) => {
    ab += value * (b[i] ?? 0);
    aa += value * value;
    bb += (b[i] ?? 0) ** 2;
  });
  return ab / Math.sqrt(aa * bb);
}

test("light on dark counts as dark on light, and brightness and contrast do not matter", () => {
  const ground = texture(3);
  const field = fieldOf(drawn(ground));
  assert.ok(agreement(field, fieldOf(drawn((x, y) => 255 - ground(x, y)))) > 0.9999);
  assert.ok(agreement(field, fieldOf(drawn((x, y) => 20 + 0.5 * ground(x, y)))) > 0.9999);
  assert.ok(Math.abs(agreement(field, fieldOf(drawn(texture(4))))) < 0.3);
});

test("edges across each other disagree, vectors are no longer than one", () => {
  const [east, south, slope] = [drawn((x) => 5 * x), drawn((_, y) => 5 * y), drawn((x, y) => 5 * (x + y))].map(
    fieldOf,
  ) as [Float32Array, Float32Array, Float32Array];
  assert.ok(agreement(east, south) < -0.999);
  assert.ok(Math.abs(agreement(east, slope)) < 0.001);
  const field = fieldOf(drawn(texture(3)));
  const area = SIDE * SIDE;
  for (let p = 0; p < area; p++) assert.ok(Math.hypot(field[p] ?? 0, field[area + p] ?? 0) <= 1);
});

test("a flat picture has no field, however much rounding there is in it", () => {
  const flat = fieldOf(drawn((x, y) => 90 + 0.01 * ((Math.floor(x) + Math.floor(y)) % 2)));
  assert.ok(flat.every((value) => Math.abs(value) < 0.01));
});

test("what was not seen has no field, nor has what its fill bleeds into", () => {
  const whole = drawn(texture(3));
  const known = whole.known.map((_, p) => (p % SIDE < 12 ? 0 : 1));
  const filled = { ...whole, known, grey: whole.grey.map((value, p) => (known[p] === 0 ? 128 : value)) };
  const [seen, full] = [smooth(filled, 2), smooth(whole, 2)];
  const field = fieldOf(seen);
  for (let p = 0; p < SIDE * SIDE; p++) {
    if (p % SIDE < 16) assert.equal(field[p], 0);
    else if (seen.known[p] === 1) assert.ok(Math.abs((seen.grey[p] ?? 0) - (full.grey[p] ?? 0)) < 2.5);
  }
  assert.equal(writeField(seen, new Float32Array(2 * SIDE * SIDE), 0), (SIDE - 16) * SIDE);
});

test("smoothing keeps a slope and the mean, and takes a wave's height by the Gaussian's response", () => {
  const slope = smooth(
    drawn((x) => 3 * x),
    2,
  );
  for (let x = 10; x < 30; x++) assert.ok(Math.abs((slope.grey[20 * SIDE + x] ?? 0) - 3 * (x + 0.5)) < 0.01);
  const k = (2 * Math.PI) / 10;
  const wave = smooth(
    drawn((_, y) => 100 * Math.cos(k * y)),
    1.5,
  );
  const expected = 100 * Math.exp(-0.5 * (1.5 * k) ** 2);
  for (let y = 10; y < 30; y++) {
    assert.ok(Math.abs((wave.grey[y * SIDE + 20] ?? 0) - expected * Math.cos(k * (y + 0.5))) < 1);
  }
});

test("a picture laid out anew shows at p what lay at R(-heading) p / scale from its centre, every second pixel of it", () => {
  const ground = (x: number, y: number): number => 100 + 20 * Math.cos(x / 7) + 15 * Math.sin(y / 9 + x / 30);
  const picture = drawn(ground, 80);
  fc.assert(
    fc.property(
      fc.double({ min: -180, max: 180, noNaN: true }),
      fc.double({ min: 0.8, max: 1.25, noNaN: true }),
      fc.integer({ min: 0, max: 19 }),
      fc.integer({ min: 0, max: 19 }),
      (heading_deg, scale, row, col) => {
        const out = resample(picture, { heading_deg, scale, reduction: 2, side: 20 });
        const [east, south] = [2 * (col + 0.5 - 10), 2 * (row + 0.5 - 10)];
        const [cos, sin] = [Math.cos((heading_deg * Math.PI) / 180), Math.sin((heading_deg * Math.PI) / 180)];
        const x = (east * cos + south * sin) / scale;
        const y = (south * cos - east * sin) / scale;
        assert.equal(out.known[row * 20 + col], 1);
        assert.ok(Math.abs((out.grey[row * 20 + col] ?? 0) - ground(40 + x, 40 + y)) < 0.3);
      },
    ),
    { seed: 4, numRuns: 100 },
  );
  const beyond = resample(picture, { heading_deg: 0, scale: 1, reduction: 2, side: 60 });
  assert.equal(beyond.known[0], 0);
  assert.equal(beyond.known[30 * 60 + 30], 1);
});

test("grey is the brightness of the eye, not the mean", () => {
  const [red = 0, green = 0, blue = 0, white = 0] = greyOf(
    Uint8Array.from([255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 255, 255]),
  );
  assert.ok(green > red && red > blue);
  assert.ok(Math.abs(white - 255) < 0.01);
});
