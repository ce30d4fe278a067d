import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { climb, type Graph } from "../../../models/runtime/ladder.js";
import type { Provider } from "../../../models/runtime/native-session.js";
import { UserError } from "../../../tiles/errors.js";
import { type Behaviour, fakeGraph, fakeOpen, spoilt } from "./fake-provider.js";

const LIMITS = { first_ms: 400, warm_ms: 200 };

/** Climbs cuda, cpu with a CUDA that behaves as told. */
async function climbWith(
  cuda: Behaviour,
  graph: Graph = fakeGraph(),
  providers: readonly Provider[] = ["cuda", "cpu"],
) {
  const lines: string[] = [];
  const { open, live } = fakeOpen({ cuda });
  const log = (line: string): void => {
    lines.push(line);
  };
  const { provider } = await climb(graph, { providers, threads: 1, log, engines: null, open, limits: LIMITS });
  return { provider, lines, live: live() };
}

/** Falls to the CPU with one line, which says what it must. */
async function falls(cuda: Behaviour, why: RegExp, left = 1): Promise<void> {
  const { provider, lines, live } = await climbWith(cuda);
  assert.equal(provider, "cpu");
  assert.equal(lines.length, 1);
  const [line = ""] = lines;
  assert.match(line, /^cuda: fake\.onnx: /);
  assert.match(line, why);
  assert.ok(!line.includes("\n"));
  assert.equal(live, left, "sessions left open");
}

describe("the ladder", () => {
  it("takes an accelerated provider that computes the golden output", async () => {
    const { provider, lines } = await climbWith(async (right) => right);
    assert.equal(provider, "cuda");
    assert.deepEqual(lines, []);
  });

  it("takes one that is within the tolerance", async () => {
    const { provider } = await climbWith(async (right) => spoilt(right, (value) => value + 0.05));
    assert.equal(provider, "cuda");
  });

  it("falls when a provider cannot be loaded, and keeps what it says on one line", async () => {
    await falls({ load: "no such\n  library" }, /no such library$/);
  });

  it("falls when the output is wrong everywhere, or in a few values", async () => {
    await falls(async (right) => spoilt(right, (value) => -value), /y has cosine -1\.00000 \(at least 0\.99\)/);
    await falls(
      async (right) => spoilt(right, (value, i) => (i % 50 === 0 ? value + 0.5 : value)),
      /y has cosine 0\.99\d+ .* is up to 0\.500 off \(at most 0\.100\)/,
    );
  });

  it("falls on values that are no numbers, on another shape and on a missing output", async () => {
    await falls(
      async (right) => spoilt(right, (value, i) => (i === 7 ? Number.NaN : value)),
      /1 of 400 values of y are not finite/,
    );
    await falls(async (right) => spoilt(right, () => Number.POSITIVE_INFINITY), /400 of 400/);
    await falls(
      async ({ y }) => ({ y: { data: y?.data ?? new Float32Array(), dims: [400] } }),
      /y is \[400\] instead of \[4,100\]/,
    );
    await falls(async () => ({}), /there is no output y/);
  });

  it("falls when a run throws, and when only the second one is wrong", async () => {
    await falls(async () => Promise.reject(new Error("illegal memory access")), /illegal memory access$/);
    await falls(async (right, run) => (run === 0 ? right : spoilt(right, () => 0)), /cosine/);
  });

  it("falls when a run never ends, without releasing the session inside of it", async () => {
    await falls(() => new Promise(() => undefined), /has not ended after 400 ms/, 2);
  });

  it("falls when a run blocks the thread for too long", async () => {
    const slow: Behaviour = async (right, run) => {
      const until = performance.now() + (run === 0 ? 0 : 220);
      while (performance.now() < until);
      return right;
    };
    await falls(slow, /took \d+ ms \(at most 200\)/);
  });

  it("lets no provider in without golden output of this very file", async () => {
    const { path, sha256, golden } = fakeGraph();
    const bare = await climbWith(async (right) => right, { path, sha256, golden: undefined });
    assert.equal(bare.provider, "cpu");
    assert.match(bare.lines.join(), /^cuda: fake\.onnx: model\.json has no golden output/);
    const other = await climbWith(async (right) => right, { path, sha256: "b".repeat(64), golden });
    assert.equal(other.provider, "cpu");
    assert.match(other.lines.join(), /belongs to another file$/);
  });

  it("passes TensorRT over where no engines are", async () => {
    const { provider, lines } = await climbWith(async (right) => right, fakeGraph(), ["tensorrt", "cuda", "cpu"]);
    assert.equal(provider, "cuda");
    assert.match(lines.join(), /^tensorrt: fake\.onnx: no folder of engines is given; `skylink-agent warmup`/);
  });

  it("ends with every reason when no rung is left", async () => {
    await assert.rejects(
      climbWith({ load: "no driver" }, fakeGraph(), ["tensorrt", "cuda"]),
      (thrown: unknown) =>
        thrown instanceof UserError && /tensorrt: fake\.onnx: .*; cuda: fake\.onnx: no driver/.test(thrown.message),
    );
  });
});
