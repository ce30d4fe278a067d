import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { after, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { warmupPlan } from "../../../agent/commands/warmup.js";
import { PROVIDERS } from "../../../models/runtime/native-session.js";
import { shippedModel } from "../../../models/runtime/paths.js";
import { modelsMissing } from "../helpers/small-pack.js";

const scratch = mkdtempSync(join(tmpdir(), "skylink-warmup-command-"));
after(() => rmSync(scratch, { recursive: true, force: true }));

const cli = resolve(dirname(fileURLToPath(import.meta.url)), "../../../agent/cli.js");

function warmup(...args: string[]): { readonly status: number | null; readonly out: string; readonly err: string } {
  const ended = spawnSync(process.execPath, [cli, "warmup", ...args], { encoding: "utf8" });
  return { status: ended.status, out: ended.stdout, err: ended.stderr };
}

const reportShape = z.looseObject({
  exit_code: z.number(),
  trials: z.array(z.looseObject({ provider: z.string(), state: z.string(), why: z.string().nullable() })),
});

describe("skylink-agent warmup", { skip: modelsMissing() }, () => {
  it("tries the ladder on this computer, prints a table and writes the report", () => {
    const json = join(scratch, "report.json");
    const engines = join(scratch, "engines");
    const { status, out } = warmup(
      "--providers",
      "tensorrt,cuda,cpu",
      "--engines",
      engines,
      "--json",
      json,
      "--no-rerank",
    );
    const report = reportShape.parse(JSON.parse(readFileSync(json, "utf8")));
    assert.equal(report.exit_code, status);
    assert.equal(report.trials.length, 9);
    assert.match(out, /graph +provider +result +cosine/);
    for (const { provider, state, why } of report.trials) {
      if (provider === "cpu") assert.ok(state === "ok" || state === "different", state);
      // Where no accelerator is, each rung that failed has its one line.
      if (state === "failed") assert.ok(why !== null && !why.includes("\n") && out.includes(why));
    }
  });

  it("refuses what contradicts itself, unknown providers and a folder that is no model, and writes nothing", () => {
    assert.match(warmup("--no-rerank", "--reranker", "x").err, /--no-rerank and --reranker contradict/);
    const unknown = warmup("--providers", "cudda");
    assert.equal(unknown.status, 2);
    assert.match(unknown.err, /cuda/);
    const json = join(scratch, "none.json");
    const none = warmup("--providers", "cpu", "--encoder", scratch, "--json", json);
    assert.equal(none.status, 2);
    assert.match(none.err, /^error: .*model\.json: cannot be read/);
    assert.ok(!existsSync(json));
  });
});

describe("warmupPlan", () => {
  it("takes the configuration, and what the command line says instead", async () => {
    const file = join(scratch, "agent.toml");
    const text = readFileSync(join(dirname(shippedModel("encoder")), "..", "systemd", "agent.toml"), "utf8");
    writeFileSync(
      file,
      text
        .replace(/^#?\s*providers = .*$/m, 'providers = ["cuda", "cpu"]')
        .replace(/^#?\s*state_dir = .*$/m, 'state_dir = "state"'),
    );
    const plan = await warmupPlan({ config: file, rerank: true });
    assert.deepEqual(plan.providers, ["cuda", "cpu"]);
    assert.equal(plan.engines, join(scratch, "state", "engines"));
    assert.equal(plan.folders.encoder, shippedModel("encoder"));
    const other = await warmupPlan({
      config: file,
      rerank: false,
      providers: ["cpu"],
      threads: 1,
      engines: "here",
      encoder: "e",
    });
    assert.deepEqual([other.providers, other.threads, other.engines], [["cpu"], 1, resolve("here")]);
    assert.deepEqual([other.folders.encoder, other.folders.reranker], ["e", null]);
  });

  it("tries everything on the shipped models when nothing is said", async () => {
    const { providers, folders } = await warmupPlan({ rerank: true });
    assert.deepEqual(providers, PROVIDERS);
    assert.equal(folders.registrar, shippedModel("registrar"));
    assert.equal(folders.retriever, undefined);
  });
});
