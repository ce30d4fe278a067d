import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { DEFAULT_VISION_CONFIG } from "../../../../agent/vision/config.js";
import { REPORTED } from "../../../../agent/vision/encode/hypotheses.js";
import { QueryEncoder } from "../../../../agent/vision/encode/query-encoder.js";
import { centrePatches } from "../../../../agent/vision/rectify/centre-patches.js";
import type { RectifiedQuery } from "../../../../agent/vision/rectify/rectifier.js";
import { Encoder } from "../../../../models/runtime/encoder.js";
import { shippedModel } from "../../../../models/runtime/paths.js";
import { modelsMissing } from "../../helpers/small-pack.js";

const CELL_PX = 224;
const STRIDE_PX = 56;
const WIDE_PX = CELL_PX + 2 * STRIDE_PX;

/** Ground without end: fields of many colours with edges, the same at every call. */
function ground(x: number, y: number, channel: number): number {
  const field = Math.imul(Math.floor(x / 37) * 73 + Math.floor((y + x / 5) / 29) * 151, 2654435761) >>> 0;
  const line = Math.abs(((x * 0.7 + y * 0.4) % 83) - 41) < 3 ? 90 : 0;
  return Math.min(255, ((field >>> (8 * channel)) % 150) + line + 8 * Math.sin(x / 9 + channel) * Math.cos(y / 7));
}

/** A wide patch of that ground about a point; unseen where `seen` says so. */
function patchAt(x0: number, y0: number, seen: (x: number, y: number) => boolean = () => true): RectifiedQuery {
  const rgb = new Uint8Array(WIDE_PX * WIDE_PX * 3);
  const valid = new Uint8Array(WIDE_PX * WIDE_PX);
  for (let y = 0, at = 0; y < WIDE_PX; y++) {
    for (let x = 0; x < WIDE_PX; x++, at++) {
      const shown = seen(x, y);
      valid[at] = shown ? 1 : 0;
      for (let c = 0; c < 3; c++) rgb[at * 3 + c] = shown ? ground(x0 + x, y0 + y, c) : 120;
    }
  }
  return { n: 1, side_px: WIDE_PX, gsd_m: 0.5, rgb, valid };
}

const cosine = (a: Float32Array, b: Float32Array): number => a.reduce((sum, value, i) => sum + value * (b[i] ?? 0), 0);

describe("a query and what the frame shows around it", { skip: modelsMissing() }, () => {
  let encoder: Encoder;
  let queries: QueryEncoder;
  before(async () => {
    encoder = await Encoder.load(shippedModel("encoder"), { threads: 1 });
    queries = new QueryEncoder(encoder, DEFAULT_VISION_CONFIG.encode);
  });
  after(() => encoder.release());
  const encode = (wide: RectifiedQuery) => queries.encode(centrePatches(wide, CELL_PX), [REPORTED], wide);

  test("the patch beside is the middle of a frame taken there", async () => {
    const here = await encode(patchAt(0, 0));
    const { surroundings } = here;
    assert.ok(surroundings !== undefined);
    assert.equal(surroundings.stride_px, STRIDE_PX);
    assert.equal(surroundings.steps.length, 8);
    assert.deepEqual([...surroundings.visible], Array(8).fill(1));
    const width = here.descriptorWidth;
    for (const [i, { east, south }] of surroundings.steps.entries()) {
      const there = await encode(patchAt(east * STRIDE_PX, south * STRIDE_PX));
      const beside = surroundings.descriptors.subarray(i * width, (i + 1) * width);
      const same = cosine(beside, there.descriptors);
      // Not 1: what lies at the border of the one lies in the middle of the other, and networks look around.
      assert.ok(same > 0.9, `${east}, ${south}: ${same}`);
      assert.ok(same > cosine(beside, here.descriptors) + 0.1, `${east}, ${south}`);
    }
  });

  test("what the camera hardly sees does not count", async () => {
    // All that lies in the eastern stride is unseen: the patches there have three quarters.
    const { surroundings } = await encode(patchAt(0, 0, (x) => x < WIDE_PX - 2 * STRIDE_PX));
    assert.ok(surroundings !== undefined);
    const seen = surroundings.steps.map(({ east }, i) => [east, surroundings.visible[i]]);
    for (const [east, part] of seen) assert.equal(part, east === -1 ? 1 : east === 0 ? 0.75 : 0, `${seen}`);
    assert.deepEqual([...surroundings.centre_visible], [0.75]);
  });

  test("without it the query is the patch alone, nearly the same", async () => {
    const wide = patchAt(300, 40);
    const alone = await queries.encode(centrePatches(wide, CELL_PX), [REPORTED]);
    const within = await encode(wide);
    assert.equal(alone.surroundings, undefined);
    assert.equal(alone.features.length, within.features.length);
    assert.deepEqual(alone.valid, within.valid);
    assert.ok(cosine(alone.descriptors, within.descriptors) > 0.9);
  });
});
