import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { loadEmbedder } from "../../../models/runtime/embedder.js";
import { packageRoot, shippedModel } from "../../../models/runtime/paths.js";
import { UserError } from "../../../tiles/errors.js";
import { type TinyGraph, tinyOnnx } from "./tiny-onnx.js";

const scratch = mkdtempSync(join(tmpdir(), "skylink-embedder-"));
after(() => rmSync(scratch, { recursive: true, force: true }));
const HOG = join(packageRoot(), "models", "hog-1");
const threads = { threads: 1 };

type Card = { graph: Record<string, unknown>; descriptor: { width: number }; [key: string]: unknown };

/** A copy of models/hog-1 whose card was changed. */
function changed(name: string, change: (card: Card) => void): string {
  const dir = join(scratch, name);
  cpSync(HOG, dir, { recursive: true });
  const card = JSON.parse(readFileSync(join(dir, "model.json"), "utf8")) as Card;
  change(card);
  writeFileSync(join(dir, "model.json"), JSON.stringify(card));
  return dir;
}

/** A model folder around a graph of one node. */
function tiny(name: string, graph: TinyGraph, how: Record<string, unknown>, width: number): string {
  const dir = join(scratch, name);
  mkdirSync(dir);
  const bytes = tinyOnnx(graph);
  writeFileSync(join(dir, "tiny.onnx"), bytes);
  const card = {
    format: 1,
    kind: "retriever",
    id: name,
    precision: "float32",
    licence: "none",
    graph: { file: "tiny.onnx", input: "x", output: "y", side_px: 2, ...how },
    descriptor: { width },
    training_data: [],
    results: {},
    files: { "tiny.onnx": { bytes: bytes.length, sha256: createHash("sha256").update(bytes).digest("hex") } },
  };
  writeFileSync(join(dir, "model.json"), JSON.stringify(card));
  return dir;
}

/** One image of 128 x 128 grey pixels. */
function grey(of: (x: number, y: number) => number): Uint8Array {
  return Uint8Array.from({ length: 128 * 128 * 3 }, (_, i) => of(Math.floor(i / 3) % 128, Math.floor(i / 384)));
}

async function embedOne(dir: string, rgb: Uint8Array, n = 1): Promise<Float32Array> {
  const embedder = await loadEmbedder(dir, threads);
  try {
    return await embedder.embed(rgb, n);
  } finally {
    await embedder.release();
  }
}

async function refusal(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (thrown) {
    assert.ok(thrown instanceof UserError, String(thrown));
    assert.ok(!thrown.message.includes("\n"), thrown.message);
    return thrown.message;
  }
  throw new Error("it was accepted");
}

const close = (got: Iterable<number>, wanted: readonly number[]): void => {
  const values = [...got];
  assert.equal(values.length, wanted.length);
  values.forEach((value, i) => {
    assert.ok(Math.abs(value - (wanted[i] ?? 0)) < 1e-5, `${i}: ${value}, not ${wanted[i]}`);
  });
};

describe("HOG, by hand", () => {
  test("a ramp to the south votes for one bin of each cell: 7 x 7 blocks of 4 cells, 196 equal numbers", async () => {
    const got = await embedOne(
      HOG,
      grey((_, y) => 2 * y),
    );
    assert.equal(got.length, 1764);
    const seen = got.filter((value) => value > 1e-6);
    close(seen, new Array(196).fill(1 / 14));
    // [cell of the block, bin, block]: the line of the gradient is at 90 degrees, the middle of bin 4 of 9.
    got.forEach((value, i) => {
      if (value > 1e-6) assert.equal(Math.floor(i / 49) % 9, 4);
    });
  });

  test("a ramp to the east lies between the first bin and the last, and shares its vote", async () => {
    const got = await embedOne(
      HOG,
      grey((x) => 2 * x),
    );
    close(
      got.filter((value) => value > 1e-6),
      new Array(392).fill(1 / Math.sqrt(392)),
    );
    got.forEach((value, i) => {
      if (value > 1e-6) assert.equal((Math.floor(i / 49) % 9) % 8, 0);
    });
  });

  test("a picture without any edge is the first axis: like other such pictures, and like nothing else", async () => {
    const got = await embedOne(
      HOG,
      grey(() => 90),
    );
    assert.deepEqual([got[0], got.slice(1).some((value) => value !== 0)], [1, false]);
  });
});

describe("what the card says is what the graph is fed", () => {
  const rgb = Uint8Array.from([0, 51, 102, 153, 204, 255, 10, 20, 30, 40, 50, 60]);

  test("layout, range, mean and std", async () => {
    const how = { range: [-1, 1], mean: [0.5, 0, 0], std: [1, 2, 1] };
    const of = (byte: number, channel: number): number =>
      ((byte / 255) * 2 - 1 - (channel === 0 ? 0.5 : 0)) / (channel === 1 ? 2 : 1);
    const interleaved = [...rgb].map((byte, i) => of(byte, i % 3));
    const planar = [0, 1, 2].flatMap((c) => interleaved.filter((_, i) => i % 3 === c));
    const length = Math.hypot(...interleaved);
    const shapes = { nchw: ["n", 3, 2, 2], nhwc: ["n", 2, 2, 3] } as const;
    for (const [layout, wanted] of [
      ["nchw", planar],
      ["nhwc", interleaved],
    ] as const) {
      const graph = { op: "Flatten", input: shapes[layout], output: ["n", 12] } as const;
      const got = await embedOne(tiny(`flat-${layout}`, graph, { ...how, layout }, 12), rgb);
      close(
        got,
        wanted.map((value) => value / length),
      );
    }
  });

  test("tokens: the first of them, or their mean", async () => {
    const graph = { op: "ReduceMean", input: ["n", 3, 2, 2], output: ["n", 3, 2], axes: [3] } as const;
    const how = { layout: "nchw", range: [0, 255], mean: [0, 0, 0], std: [1, 1, 1] };
    const rows = [0, 1, 2].map((c) => [
      ((rgb[c] ?? 0) + (rgb[3 + c] ?? 0)) / 2,
      ((rgb[6 + c] ?? 0) + (rgb[9 + c] ?? 0)) / 2,
    ]);
    const unit = (v: number[]): number[] => v.map((value) => value / Math.hypot(...v));
    const first = await embedOne(tiny("first", graph, { ...how, tokens: "first" }, 2), rgb);
    close(first, unit(rows[0] ?? []));
    const mean = await embedOne(tiny("mean", graph, { ...how, tokens: "mean" }, 2), rgb);
    close(mean, unit([0, 1].map((i) => rows.reduce((sum, row) => sum + (row[i] ?? 0), 0) / 3)));
  });

  test("a graph of a fixed batch is fed in runs of that many, the last one filled up", async () => {
    const how = { layout: "nchw", range: [0, 1], mean: [0, 0, 0], std: [1, 1, 1] };
    const three = Uint8Array.from([...rgb, ...rgb.map((byte) => 255 - byte), ...rgb.map((byte) => byte >> 1)]);
    const free = tiny("free", { op: "Flatten", input: ["n", 3, 2, 2], output: ["n", 12] }, how, 12);
    const pairs = tiny("pairs", { op: "Flatten", input: [2, 3, 2, 2], output: [2, 12] }, { ...how, batch: 2 }, 12);
    assert.deepEqual(await embedOne(pairs, three, 3), await embedOne(free, three, 3));
    const alone = tiny("alone", { op: "Flatten", input: [2, 3, 2, 2], output: [2, 12] }, how, 12);
    assert.match(
      await refusal(embedOne(alone, rgb)),
      /tiny\.onnx: does not take \[1,3,2,2\].* graph\.batch in model\.json$/,
    );
  });
});

test("an encoder serves as a retriever: unit vectors of its width", async () => {
  const embedder = await loadEmbedder(shippedModel("encoder"), threads);
  const { side_px, width } = embedder;
  const rgb = Uint8Array.from({ length: 2 * side_px * side_px * 3 }, (_, i) => 128 + 90 * Math.sin(i / 700 + i / 31));
  const rows = await embedder.embed(rgb, 2);
  assert.equal(rows.length, 2 * width);
  for (const row of [0, 1]) {
    assert.ok(Math.abs(Math.hypot(...rows.subarray(row * width, (row + 1) * width)) - 1) < 1e-5);
  }
  await embedder.release();
});

describe("a folder that cannot be used is refused in one line that names what to mend", () => {
  const cases: [string, (card: Card) => void, RegExp][] = [
    ["layout", (card) => Object.assign(card.graph, { layout: "hwc" }), /model\.json: graph\.layout: /],
    ["range", (card) => Object.assign(card.graph, { range: [1, 0] }), /model\.json: graph\.range: .*low < high/],
    ["std", (card) => Object.assign(card.graph, { std: [1, 0, 1] }), /model\.json: graph\.std\.1: /],
    ["misspelt", (card) => Object.assign(card.graph, { sidepx: 3 }), /model\.json: graph: .*sidepx/],
    ["missing", (card) => Object.assign(card, { descriptor: {} }), /model\.json: descriptor\.width: /],
    ["kind", (card) => Object.assign(card, { kind: "registrar" }), /model\.json: kind: /],
    ["input", (card) => Object.assign(card.graph, { input: "pixels" }), /has no input pixels; it has image/],
  ];
  for (const [name, change, message] of cases) {
    test(name, async () => assert.match(await refusal(loadEmbedder(changed(name, change), threads)), message));
  }

  test("a file that is not the one of its hash", async () => {
    const dir = changed("hash", () => undefined);
    const bytes = readFileSync(join(dir, "hog.onnx"));
    bytes[200] = (bytes[200] ?? 0) ^ 1;
    writeFileSync(join(dir, "hog.onnx"), bytes);
    assert.match(await refusal(loadEmbedder(dir, threads)), /hog\.onnx: is [0-9a-f]{64}, model\.json says sha256/);
  });

  const picture = grey((x, y) => (x * y) % 256);
  test("another width than the card's", async () => {
    const dir = changed("width", (card) => Object.assign(card.descriptor, { width: 1000 }));
    const message = await refusal(embedOne(dir, picture));
    assert.match(message, /output descriptor is \[1,1764\], expected \[1,1000\]\. Mend descriptor\.width/);
  });

  test("an output that is not there", async () => {
    const dir = changed("output", (card) => Object.assign(card.graph, { output: "vector" }));
    assert.match(await refusal(embedOne(dir, picture)), /has no output vector; it has descriptor/);
  });

  test("another side than the graph's", async () => {
    const dir = changed("side", (card) => Object.assign(card.graph, { side_px: 64 }));
    assert.match(
      await refusal(embedOne(dir, new Uint8Array(64 * 64 * 3))),
      /does not take \[1,3,64,64\].*graph\.side_px/,
    );
  });

  test("values that are not finite", async () => {
    const dir = changed("nan", (card) => Object.assign(card.graph, { range: [0, 1e300] }));
    assert.match(await refusal(embedOne(dir, picture)), /hog-1 gives values that are not finite/);
  });
});

test("a corrected description does not orphan packs, another use of the files does", async () => {
  const shas: string[] = [];
  const folders = [
    HOG,
    changed("described", (card) => Object.assign(card, { licence: "MIT", results: { better: 1 } })),
    changed("used", (card) => Object.assign(card.graph, { mean: [0, 0, 0] })),
  ];
  for (const dir of folders) {
    const embedder = await loadEmbedder(dir, threads);
    shas.push(embedder.sha256);
    await embedder.release();
  }
  assert.equal(shas[0], shas[1]);
  assert.notEqual(shas[0], shas[2]);
});
