import assert from "node:assert/strict";
import { appendFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, describe, it } from "node:test";
import { ensureEngine } from "../../../models/runtime/engine-maker.js";
import { EngineStore, engineProblem } from "../../../models/runtime/engines.js";
import { climb } from "../../../models/runtime/ladder.js";
import { thisMachine } from "../../../models/runtime/machine.js";
import type { OpenSession } from "../../../models/runtime/native-session.js";
import { fakeGraph, fakeOpen, spoilt } from "./fake-provider.js";

const scratch = mkdtempSync(join(tmpdir(), "skylink-engines-"));
after(() => rmSync(scratch, { recursive: true, force: true }));

const ORIN = { gpu: "NVIDIA Jetson Orin NX", driver: "R36", tensorrt: "10.3.0" };
const graph = fakeGraph();
let stores = 0;

function emptyStore(): EngineStore {
  return new EngineStore(join(scratch, `store-${stores++}`), ORIN);
}

/** A TensorRT that writes its engine where it is told to. */
function trt(computes: Parameters<typeof fakeOpen>[0]["tensorrt"] = async (right) => right, writes = true) {
  const fake = fakeOpen({ tensorrt: computes });
  const open: OpenSession = async (request) => {
    const path = request.config?.["ep.context_file_path"];
    if (writes && path !== undefined) writeFileSync(path, "engine");
    return fake.open(request);
  };
  return { ...fake, open };
}

function put(store: EngineStore): string {
  const path = store.pathFor(graph);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, "made by hand");
  return path;
}

describe("engines", () => {
  it("are built once, with onnxruntime's own session entries, and kept", async () => {
    const store = emptyStore();
    const { open, requests, live } = trt();
    const told: string[] = [];
    const building = ({ path }: { path: string }): void => {
      told.push(path);
    };
    assert.equal(await ensureEngine(graph, store, { threads: 1, open, building }), "built");
    const path = store.pathFor(graph);
    assert.match(path, /a{16}\/fake_ctx\.onnx$/);
    assert.deepEqual(requests[0]?.config, {
      "ep.context_enable": "1",
      "ep.context_file_path": path,
      "ep.context_embed_mode": "1",
    });
    assert.equal(requests[1]?.path, path);
    assert.equal(store.find(graph).state, "valid");
    assert.equal(await ensureEngine(graph, store, { threads: 1, open, building }), "kept");
    assert.deepEqual(told, ["fake.onnx"]);
    assert.equal(live(), 0);
  });

  it("are used by the ladder once they are there", async () => {
    const store = emptyStore();
    const { open, requests } = trt();
    const lines: string[] = [];
    const log = (line: string): void => {
      lines.push(line);
    };
    const options = { providers: ["tensorrt", "cpu"] as const, threads: 1, log, engines: store, open };
    assert.equal((await climb(graph, options)).provider, "cpu");
    assert.match(
      lines.join(),
      /^tensorrt: fake\.onnx: there is no engine .*fake_ctx\.onnx; run `skylink-agent warmup`$/,
    );
    await ensureEngine(graph, store, { threads: 1, open });
    const { provider } = await climb(graph, options);
    assert.equal(provider, "tensorrt");
    assert.equal(requests.at(-1)?.path, store.pathFor(graph));
    assert.equal(lines.length, 1);
  });

  it("are stale on another GPU, driver, TensorRT, for another graph, or when the file has changed", async () => {
    const store = emptyStore();
    await ensureEngine(graph, store, { threads: 1, open: trt().open });
    const stale = (other: Partial<typeof ORIN>): string =>
      engineProblem(new EngineStore(store.dir, { ...ORIN, ...other }).find(graph));
    assert.match(
      stale({ gpu: "NVIDIA H200" }),
      /is stale \(made for gpu NVIDIA Jetson Orin NX, here is NVIDIA H200\); run/,
    );
    assert.match(stale({ driver: "R35" }), /driver R36, here is R35/);
    assert.match(stale({ tensorrt: "8.6.2" }), /tensorrt 10\.3\.0, here is 8\.6\.2/);
    assert.equal(store.find({ ...graph, sha256: "b".repeat(64) }).state, "none");
    const path = store.pathFor(graph);
    const stamp = path.replace(".onnx", ".json");
    const text = readFileSync(stamp, "utf8");
    writeFileSync(stamp, text.replace(/"onnxruntime": "[^"]*"/, '"onnxruntime": "1.2.3"'));
    assert.match(engineProblem(store.find(graph)), /made for onnxruntime 1\.2\.3, here is/);
    writeFileSync(stamp, "{");
    assert.match(engineProblem(store.find(graph)), /its stamp cannot be read/);
    writeFileSync(stamp, text);
    assert.equal(store.find(graph).state, "valid");
    appendFileSync(path, "!");
    assert.match(engineProblem(store.find(graph)), /the file has changed/);
    assert.equal(await ensureEngine(graph, store, { threads: 1, open: trt().open }), "built");
    assert.equal(store.find(graph).state, "valid");
  });

  it("that were put there by hand are checked, then used; a wrong one is built anew", async () => {
    const store = emptyStore();
    const path = put(store);
    assert.match(engineProblem(store.find(graph)), /was never checked/);
    assert.equal(await ensureEngine(graph, store, { threads: 1, open: trt().open }), "adopted");
    assert.equal(readFileSync(path, "utf8"), "made by hand");
    const other = emptyStore();
    put(other);
    let opened = 0;
    const { open } = trt(async (right) => (opened++ === 0 ? spoilt(right, () => 1) : right));
    assert.equal(await ensureEngine(graph, other, { threads: 1, open }), "built");
    assert.equal(readFileSync(other.pathFor(graph), "utf8"), "engine");
  });

  it("that compute something else are not kept", async () => {
    const store = emptyStore();
    const { open, live } = trt(async (right) => spoilt(right, (value) => -value));
    await assert.rejects(
      ensureEngine(graph, store, { threads: 1, open }),
      /cannot be used: differs from the CPU's golden/,
    );
    assert.equal(store.find(graph).state, "none");
    assert.equal(existsSync(dirname(store.pathFor(graph))), false);
    assert.equal(live(), 0);
  });

  it("are missed with advice when onnxruntime writes none", async () => {
    const { open } = trt(undefined, false);
    await assert.rejects(ensureEngine(graph, emptyStore(), { threads: 1, open }), /wrote no engine; docs\/jetson\.md/);
  });
});

describe("the machine", () => {
  it("is read from what the kernel and the libraries' names tell", () => {
    const root = join(scratch, "root");
    const write = (path: string, text: string): void => {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), text);
    };
    assert.deepEqual(thisMachine(root), { gpu: null, driver: null, tensorrt: null });
    write("proc/device-tree/model", "NVIDIA Jetson Orin NX Engineering Reference Developer Kit\0");
    write("etc/nv_tegra_release", "# R36 (release), REVISION: 4.0\nmore\n");
    write("usr/lib/aarch64-linux-gnu/libnvinfer.so.10.3.0", "");
    assert.deepEqual(thisMachine(root), {
      gpu: "NVIDIA Jetson Orin NX Engineering Reference Developer Kit",
      driver: "# R36 (release), REVISION: 4.0",
      tensorrt: "10.3.0",
    });
    rmSync(join(root, "etc"), { recursive: true });
    write("proc/driver/nvidia/gpus/0000:01:00.0/information", "Model: \t NVIDIA GeForce RTX 4090\nIRQ: 1\n");
    write("proc/driver/nvidia/version", "NVRM version: NVIDIA UNIX x86_64 Kernel Module  550.54.14  Thu Feb 22\n");
    assert.equal(thisMachine(root).gpu, "NVIDIA GeForce RTX 4090");
    assert.equal(thisMachine(root).driver, "550.54.14");
  });
});
