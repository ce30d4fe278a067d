import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

test("a reader that goes away ends neither command with a stack trace", async () => {
  for (const cli of ["agent/cli.js", "flash/cli.js"]) {
    const child = spawn(process.execPath, [join(ROOT, cli), "--help"], { stdio: ["ignore", "pipe", "pipe"] });
    child.stdout.destroy();
    let said = "";
    child.stderr.on("data", (chunk: Buffer) => {
      said += chunk.toString();
    });
    const [code]: unknown[] = await once(child, "close");
    assert.equal(said, "");
    assert.equal(code, 0);
  }
});
