import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";

const scratch = mkdtempSync(join(tmpdir(), "skylink-demo-end-"));
after(() => rmSync(scratch, { recursive: true, force: true }));

test("a demo that is told to end leaves nothing behind and says so by its exit code", async () => {
  const cli = fileURLToPath(new URL("../../../agent/cli.js", import.meta.url));
  const demo = spawn(process.execPath, [cli, "demo", "--headless"], {
    stdio: ["ignore", "ignore", "pipe"],
    env: { ...process.env, TMPDIR: scratch },
  });
  let said = "";
  demo.stderr.setEncoding("utf8").on("data", (text: string) => {
    // The first step has begun: it is a process of its own, and holds our stderr open as long as it lives.
    if (!said.includes("1/3") && (said + text).includes("1/3")) demo.kill("SIGTERM");
    said += text;
  });
  // "close" comes when nobody has its stderr any more: neither the demo nor its step.
  const code = await new Promise((resolve) => demo.once("close", resolve));
  assert.equal(code, 130);
  assert.match(said, /interrupted/);
  assert.deepEqual(readdirSync(scratch), []);
});
