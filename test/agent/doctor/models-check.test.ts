import assert from "node:assert/strict";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { checkModels } from "../../../agent/doctor/models-check.js";
import { checkPack } from "../../../agent/doctor/pack-check.js";
import { packageRoot, shippedModel } from "../../../models/runtime/paths.js";
import { modelsMissing, writeSmallPack } from "../helpers/small-pack.js";

const dir = mkdtempSync(join(tmpdir(), "models-check-"));
after(() => rmSync(dir, { recursive: true, force: true }));

const SHIPPED = {
  encoder: shippedModel("encoder"),
  reranker: shippedModel("reranker"),
  registrar: shippedModel("registrar"),
};

describe("checkModels", { skip: modelsMissing() }, () => {
  it("loads the shipped models, and says which rung of the ladder failed", async () => {
    const checks = await checkModels({ folders: SHIPPED, providers: ["cuda", "cpu"], threads: 1 });
    const of = (name: string) => checks.find((check) => check.name === name);
    assert.match(of("encoder")?.detail ?? "", /256 x 256 px in \d+ ms/);
    for (const name of ["encoder", "reranker", "registrar"]) assert.equal(of(name)?.verdict, "ok");
    assert.match(of("reranker")?.detail ?? "", / on (cuda|cpu)$/);
    const ladder = of("providers");
    if (ladder?.verdict === "warning") assert.match(ladder.detail, /^not all of cuda, cpu can be used: cuda: [^;]+$/);
  });

  it("loads a vision-language model whole", async () => {
    const reranker = join(packageRoot(), "test", "fixtures", "vlm", "smolvlm");
    const whole = await checkModels({ folders: { ...SHIPPED, reranker }, providers: ["cpu"], threads: 1 });
    const check = whole.find(({ name }) => name === "reranker");
    assert.deepEqual([check?.verdict, check?.detail], ["ok", "smolvlm on cpu, cpu, cpu"]);
    const broken = join(dir, "no-tokenizer");
    cpSync(reranker, broken, { recursive: true });
    rmSync(join(broken, "tokenizer.json"));
    const checks = await checkModels({ folders: { ...SHIPPED, reranker: broken }, providers: ["cpu"], threads: 1 });
    assert.match(checks.find(({ name }) => name === "reranker")?.detail ?? "", /tokenizer\.json: cannot be read/);
  });

  it("finds a folder that is none, a damaged file, and one for another encoder", async () => {
    const damaged = join(dir, "damaged");
    cpSync(SHIPPED.registrar, damaged, { recursive: true });
    writeFileSync(join(damaged, "correlate.onnx"), "no model");
    const stranger = join(dir, "stranger");
    cpSync(SHIPPED.reranker, stranger, { recursive: true });
    const card = readFileSync(join(stranger, "model.json"), "utf8");
    writeFileSync(join(stranger, "model.json"), card.replace(/"encoder_id": "[^"]*"/, '"encoder_id": "other"'));
    const folders = { encoder: SHIPPED.encoder, reranker: stranger, registrar: damaged };
    const checks = await checkModels({ folders, providers: ["cpu"], threads: 1 });
    const of = (name: string) => checks.find((check) => check.name === name);
    assert.match(of("reranker")?.detail ?? "", /features of other, but the encoder is/);
    assert.equal(of("registrar")?.verdict, "problem");
    const none = await checkModels({
      folders: { ...SHIPPED, encoder: dir, reranker: null },
      providers: ["cpu"],
      threads: 1,
    });
    assert.deepEqual(
      none.slice(0, 2).map(({ verdict }) => verdict),
      ["problem", "skipped"],
    );
  });
});

describe("checkPack", { skip: modelsMissing() }, () => {
  it("opens a pack, knows its encoder and the age of its imagery", async () => {
    const pack = join(dir, "small.skypack");
    await writeSmallPack(pack);
    const at = (date: string) => checkPack(pack, SHIPPED, Date.parse(date));
    assert.deepEqual(
      at("2025-06-01").map(({ verdict }) => verdict),
      ["ok", "ok", "ok"],
    );
    const old = at("2034-06-01").find(({ name }) => name === "imagery");
    assert.match(old?.detail ?? "", /of 2024-06-01, 10 years old/);
    const card = join(dir, "other-encoder");
    cpSync(SHIPPED.encoder, card, { recursive: true });
    const text = readFileSync(join(card, "model.json"), "utf8");
    writeFileSync(join(card, "model.json"), text.replace(/"feature_scale": [\d.]+/, '"feature_scale": 12.5'));
    const other = checkPack(pack, { encoder: card }, Date.parse("2025-06-01")).find(({ name }) => name === "encoder");
    assert.equal(other?.verdict, "problem");
    assert.match(other?.detail ?? "", /make the pack anew/);
  });

  it("tells what is no pack", () => {
    const [check] = checkPack(dir, SHIPPED, 0);
    assert.equal(check?.verdict, "problem");
    assert.match(check?.detail ?? "", /not a pack/);
  });
});
