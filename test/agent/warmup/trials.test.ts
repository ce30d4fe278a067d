import assert from "node:assert/strict";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { checkCpu } from "../../../agent/warmup/cpu-check.js";
import { warmupReport, warmupText } from "../../../agent/warmup/report.js";
import { type Trial, type WarmupPlan, warmUp } from "../../../agent/warmup/trials.js";
import type { OpenSession, Provider } from "../../../models/runtime/native-session.js";
import { openNative } from "../../../models/runtime/native-session.js";
import { shippedModel } from "../../../models/runtime/paths.js";
import { UserError } from "../../../tiles/errors.js";
import { modelsMissing } from "../helpers/small-pack.js";

const scratch = mkdtempSync(join(tmpdir(), "skylink-warmup-"));
after(() => rmSync(scratch, { recursive: true, force: true }));

const FOLDERS = { encoder: shippedModel("encoder"), reranker: null, registrar: shippedModel("registrar") };
const SILENT = { trial: () => undefined, building: () => undefined };

function planOf(providers: readonly Provider[], open?: OpenSession): WarmupPlan {
  const engines = mkdtempSync(join(scratch, "engines-"));
  // Other tests may keep the processor busy: how long a run takes is not what is asked here.
  const limits = { first_ms: 120_000, warm_ms: 120_000 };
  return { folders: FOLDERS, providers, threads: 1, engines, limits, ...(open && { open }) };
}

/** Providers that are the CPU under another name; TensorRT writes its engine as onnxruntime would. */
const accelerated: OpenSession = async (request) => {
  const engine = request.config?.["ep.context_file_path"];
  if (engine !== undefined) cpSync(request.path, engine);
  const { config: _, ...rest } = request;
  return openNative({ ...rest, provider: "cpu" });
};

function states(trials: readonly Trial[]): string[] {
  return trials.map(({ file, provider, state, engine }) => [file, provider, state, engine ?? "-"].join(" "));
}

describe("warmUp", { skip: modelsMissing() }, () => {
  it("tries every graph on every rung and makes TensorRT's engines", async () => {
    const plan = planOf(["tensorrt", "cuda", "cpu"], accelerated);
    const told: string[] = [];
    const trials = await warmUp(plan, {
      trial: ({ file, provider }) => told.push(`${file} ${provider}`),
      building: () => undefined,
    });
    assert.deepEqual(states(trials), [
      "encoder.onnx tensorrt ok built",
      "encoder.onnx cuda ok -",
      "encoder.onnx cpu ok -",
      "head.onnx tensorrt ok built",
      "head.onnx cuda ok -",
      "head.onnx cpu ok -",
      "correlate.onnx tensorrt ok built",
      "correlate.onnx cuda ok -",
      "correlate.onnx cpu ok -",
    ]);
    assert.equal(told.length, trials.length);
    for (const { warm_ms, first_ms, load_ms } of trials) assert.ok(warm_ms && first_ms && load_ms);
    assert.equal(readdirSync(plan.engines).length, 3);
    assert.equal(warmupReport(plan, trials).exit_code, 0);
    const again = await warmUp({ ...plan, providers: ["tensorrt"] }, SILENT);
    assert.deepEqual(new Set(again.map(({ engine }) => engine)), new Set(["kept"]));
  });

  it("says what fell, why, and what the agent will run", async () => {
    const plan = planOf(["cuda", "cpu"], async (request) => {
      if (request.provider === "cuda") throw new Error("no\nlibrary");
      return openNative(request);
    });
    const trials = await warmUp(plan, SILENT);
    const report = warmupReport(plan, trials);
    assert.equal(report.exit_code, 3);
    assert.deepEqual(new Set(report.choices.map(({ provider }) => provider)), new Set(["cpu"]));
    const text = warmupText(report);
    assert.match(text, /encoder encoder\.onnx +cuda +failed/);
    assert.match(text, /^cuda: .*encoder\.onnx: no library$/m);
    assert.match(text, /^ {2}registrar correlate\.onnx: cpu$/m);
  });

  it("tells a CPU that computes something else, and a graph that runs nowhere", async () => {
    const wrong: OpenSession = async (request) => {
      const session = await openNative(request);
      const run: typeof session.run = async (feeds) => {
        const outputs = await session.run(feeds);
        for (const { data } of Object.values(outputs)) data.reverse();
        return outputs;
      };
      return { inputNames: session.inputNames, run, release: () => session.release() };
    };
    const plan = planOf(["cpu"], wrong);
    const trials = await warmUp(plan, SILENT);
    assert.deepEqual(new Set(trials.map(({ state }) => state)), new Set(["different"]));
    assert.equal(warmupReport(plan, trials).exit_code, 4);
    const nowhere = planOf(["cuda"], () => Promise.reject(new Error("no driver")));
    const failed = await warmUp(nowhere, SILENT);
    assert.equal(warmupReport(nowhere, failed).exit_code, 5);
    assert.match(warmupText(warmupReport(nowhere, failed)), /encoder\.onnx: NOWHERE/);
  });

  it("loads a model without golden output on the CPU only, unchecked", async () => {
    const registrar = join(scratch, "bare");
    cpSync(FOLDERS.registrar, registrar, { recursive: true });
    const { golden: _, ...card } = JSON.parse(readFileSync(join(registrar, "model.json"), "utf8")) as {
      golden: unknown;
    };
    writeFileSync(join(registrar, "model.json"), JSON.stringify(card));
    const plan = { ...planOf(["cuda", "cpu"], accelerated), folders: { ...FOLDERS, registrar } };
    const trials = (await warmUp(plan, SILENT)).filter(({ model }) => model === "registrar");
    assert.deepEqual(states(trials), ["correlate.onnx cuda failed -", "correlate.onnx cpu unchecked -"]);
    assert.match(trials[0]?.why ?? "", /no golden output/);
  });

  it("refuses a folder that is none", async () => {
    const plan = { ...planOf(["cpu"]), folders: { ...FOLDERS, registrar: scratch } };
    await assert.rejects(warmUp(plan, SILENT), UserError);
  });
});

describe("checkCpu", { skip: modelsMissing() }, () => {
  it("compares every shipped graph, and leaves a broken folder to whoever loads it", async () => {
    const { compared, different } = await checkCpu({ ...FOLDERS, reranker: shippedModel("reranker") }, 1);
    assert.equal(compared, 4);
    // Golden outputs were made on an x86 with VNNI; one without must not saturate. ARM was never run.
    if (process.arch === "x64") assert.deepEqual(different, []);
    assert.deepEqual(await checkCpu({ ...FOLDERS, encoder: scratch }, 1), { compared: 0, different: [] });
  });
});
