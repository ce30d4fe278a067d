import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { openNative } from "../../../models/runtime/native-session.js";
import { shippedModel } from "../../../models/runtime/paths.js";

const scratch = mkdtempSync(join(tmpdir(), "skylink-native-"));
after(() => rmSync(scratch, { recursive: true, force: true }));

const path = join(shippedModel("registrar"), "correlate.onnx");

test("session entries reach onnxruntime by their full names", async () => {
  // Only onnxruntime's own check of ep.context_file_path can refuse a folder.
  const config = { "ep.context_enable": "1", "ep.context_file_path": `${scratch}/` };
  await assert.rejects(openNative({ path, provider: "cpu", threads: 1, config }), /context_file_path/);
  const off = await openNative({ path, provider: "cpu", threads: 1, config: { ...config, "ep.context_enable": "0" } });
  await off.release();
});
