import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Tensor } from "onnxruntime-node";
import { createNative, type SessionRequest } from "../../../models/runtime/native-session.js";
import { packageRoot } from "../../../models/runtime/paths.js";
import { TensorSession, type Tensors } from "../../../models/runtime/tensor-session.js";
import { UserError } from "../../../tiles/errors.js";

const folder = join(packageRoot(), "test", "fixtures", "vlm");
const graph = join(folder, "smolvlm", "onnx", "embed_tokens.onnx");
/** The same inputs and outputs, other weights. */
const other = join(folder, "qwen2-vl", "onnx", "embed_tokens.onnx");
const missing = existsSync(graph)
  ? false
  : "test/fixtures/vlm is not there; in train/: python -m skylink_train.tiny_vlm --out ../test/fixtures/vlm";

function probe(): Tensors {
  return { input_ids: new Tensor("int64", BigInt64Array.of(1n, 2n, 3n), [1, 3]) };
}

/** A CUDA that loads the given file on the CPU instead, or fails to load when there is none. */
function fakeCuda(file: string | null): (request: SessionRequest) => ReturnType<typeof createNative> {
  return (request) => {
    if (request.provider === "cpu") return createNative(request);
    if (file === null) return Promise.reject(new Error("no CUDA here"));
    return createNative({ ...request, path: file, provider: "cpu" });
  };
}

async function climbWith(file: string | null): Promise<{ provider: string; lines: string[] }> {
  const lines: string[] = [];
  const session = await TensorSession.create(graph, probe, {
    providers: ["tensorrt", "cuda", "cpu"],
    native: fakeCuda(file),
    log: (line) => lines.push(line),
  });
  const { inputs_embeds } = await session.run(probe());
  assert.deepEqual(inputs_embeds?.dims, [1, 3, 16]);
  await session.release();
  return { provider: session.provider, lines };
}

test("an accelerated provider that computes what the CPU does is used", { skip: missing }, async () => {
  const { provider, lines } = await climbWith(graph);
  assert.equal(provider, "cuda");
  assert.equal(lines.length, 1);
  assert.match(lines[0] ?? "", /^tensorrt: /);
});

test("one that computes something else, or nothing, is passed over with one line", { skip: missing }, async () => {
  const wrong = await climbWith(other);
  assert.equal(wrong.provider, "cpu");
  assert.match(wrong.lines[1] ?? "", /^cuda: .*inputs_embeds has cosine/);
  const absent = await climbWith(null);
  assert.equal(absent.provider, "cpu");
  assert.match(absent.lines[1] ?? "", /^cuda: .*no CUDA here$/);
});

test("inputs and outputs are told as the graph declares them", { skip: missing }, async () => {
  const session = await TensorSession.create(graph, probe);
  const [input] = session.inputs;
  assert.equal(input?.name, "input_ids");
  assert.equal(input?.type, "int64");
  assert.deepEqual(
    input?.shape.map((one) => typeof one),
    ["string", "string"],
  );
  assert.equal(session.outputs[0]?.name, "inputs_embeds");
  await assert.rejects(session.run({ input_ids: new Tensor("float32", [1], [1, 1]) }), (thrown) => {
    assert.ok(thrown instanceof UserError);
    assert.match(thrown.message, /embed_tokens\.onnx: cannot be run on input_ids float32\[1,1\]: /);
    return true;
  });
  await session.release();
});

test("a file that cannot be loaded is a user's error", { skip: missing }, async () => {
  const gone = join(folder, "smolvlm", "onnx", "none.onnx");
  await assert.rejects(TensorSession.create(gone, probe, { providers: ["cuda", "cpu"] }), UserError);
});
