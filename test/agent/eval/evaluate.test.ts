import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { type EvaluateOptions, evaluateTask } from "../../../agent/eval/evaluate.js";
import type { EvalReranker, Found } from "../../../agent/eval/model.js";
import type { EvalImage, EvalTask } from "../../../agent/eval/task.js";
import { PLAIN } from "./evaluated.js";
import { raster } from "./raster.js";
import { type Colour, writeColour, writeRaster } from "./small-images.js";

const dir = mkdtempSync(join(tmpdir(), "eval-evaluate-"));
after(() => rmSync(dir, { recursive: true, force: true }));

const VIEW = { agl_m: 100, footprint_m: 80, off_nadir_deg: 0 };
const COLOURS: readonly Colour[] = [
  [255, 0, 0],
  [255, 90, 0],
  [255, 200, 0],
  [0, 0, 255],
];
const gallery = COLOURS.map((_, i) => ({ path: join(dir, `gallery${i}.png`) }));
/** Upper half red, lower half blue; and the same with its top pointing east: red to the left. */
const north = join(dir, "north.png");
const east = join(dir, "east.png");

function taskOf(queries: EvalTask["queries"], images: readonly EvalImage[] = gallery): EvalTask {
  return { queries, gallery: images, junk: new Set(), precision: "trapezoid", positions: null };
}

before(async () => {
  for (const [i, colour] of COLOURS.entries()) await writeColour(gallery[i]?.path ?? "", colour);
  const half = (first: boolean): Colour => (first ? [255, 0, 0] : [0, 0, 255]);
  await writeRaster(
    north,
    raster(16, 16, (_, y) => half(y < 8)),
  );
  await writeRaster(
    east,
    raster(16, 16, (x) => half(x < 8)),
  );
});

/** Reverses what retrieval found, and notes what it was asked. */
class Reversing implements EvalReranker {
  readonly id = "reversing";
  readonly side_px = 4;
  readonly opened: (readonly EvalImage[])[] = [];
  readonly asked: { found: readonly Found[]; headings_deg: readonly number[]; yaw_sigma_deg: number; bytes: number }[] =
    [];

  open(images: readonly EvalImage[]): void {
    this.opened.push(images);
  }

  async rank(...[picture, headings_deg, found, prompt]: Parameters<EvalReranker["rank"]>): Promise<number[]> {
    assert.equal(prompt.agl_m, VIEW.agl_m);
    this.asked.push({ found, headings_deg, yaw_sigma_deg: prompt.yaw_sigma_deg, bytes: picture.length });
    return found.map(({ index }) => index).reverse();
  }

  async release(): Promise<void> {}
}

test("re-ranking moves the best K and nothing else", async () => {
  const reranker = new Reversing();
  const query = { path: gallery[0]?.path ?? "", view: VIEW };
  const queries = [
    { ...query, positives: [0] },
    { ...query, positives: [2] },
    { ...query, positives: [3] },
  ];
  const sums = await evaluateTask(taskOf(queries), { ...PLAIN, reranker, rerank_k: 3 });
  // Retrieval: red, orange, amber, blue. After: amber, orange, red, blue.
  assert.deepEqual(
    reranker.asked[0]?.found.map(({ index }) => index),
    [0, 1, 2],
  );
  assert.equal(reranker.asked[0]?.bytes, 4 * 4 * 3);
  assert.equal(reranker.asked[0]?.yaw_sigma_deg, 180);
  assert.equal(reranker.opened.length, 1);
  assert.equal(sums.before.scores().ap, (1 + 1 / 6 + 1 / 8) / 3);
  assert.equal(sums.after?.scores().ap, (1 / 6 + 1 + 1 / 8) / 3);
});

test("more candidates than there are images are all images", async () => {
  const reranker = new Reversing();
  const queries = [{ path: gallery[0]?.path ?? "", view: VIEW, positives: [3] }];
  const sums = await evaluateTask(taskOf(queries), { ...PLAIN, reranker, rerank_k: 100 });
  assert.equal(reranker.asked[0]?.found.length, 4);
  assert.equal(sums.after?.scores().recall_at["1"], 1);
});

test("at several headings the best counts, and the re-ranker is told which", async () => {
  const images = [{ path: gallery[3]?.path ?? "" }, { path: north }];
  const queries = [{ path: east, view: VIEW, positives: [1] }];
  const as = (options: Partial<EvaluateOptions>) => evaluateTask(taskOf(queries, images), { ...PLAIN, ...options });
  const reranker = new Reversing();
  await as({ reranker, headings: 4 });
  const [best] = reranker.asked[0]?.found ?? [];
  assert.equal(best?.index, 1);
  assert.ok((best?.similarity ?? 0) > 0.99);
  // Red lies to the left and belongs to the top: a quarter turn clockwise.
  assert.equal(reranker.asked[0]?.headings_deg[best?.heading ?? -1], 90);
});

test("a told heading turns the query to north-up", async () => {
  const images = [{ path: gallery[3]?.path ?? "" }, { path: north }];
  const queries = [{ path: east, view: VIEW, positives: [1], yaw_deg: 90 }];
  for (const northUp of [true, false]) {
    const reranker = new Reversing();
    await evaluateTask(taskOf(queries, images), { ...PLAIN, reranker, northUp });
    const similarity = reranker.asked[0]?.found.find(({ index }) => index === 1)?.similarity ?? 0;
    assert.equal(similarity > 0.99, northUp);
    assert.equal(reranker.asked[0]?.yaw_sigma_deg, northUp ? 5 : 180);
  }
});

test("progress goes to the end of both parts", async () => {
  const seen: string[] = [];
  const onProgress = (what: string, done: number, total: number): void => {
    seen.push(`${what} ${done}/${total}`);
  };
  const query = { path: north, view: VIEW, positives: [0] };
  await evaluateTask(taskOf([query, query, query]), { ...PLAIN, onProgress });
  assert.deepEqual(seen, ["gallery 4/4", "queries 1/3", "queries 2/3", "queries 3/3"]);
});
