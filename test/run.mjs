// Runs every compiled test. `node --test` takes glob patterns only from Node 21 on, folders only before Node 22.
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";

const out = process.argv[2] ?? "dist";
const only = process.argv[3] ?? "";
const files = readdirSync(join(out, "test"), { recursive: true })
  .map((file) => join(out, "test", String(file)))
  .filter((file) => file.endsWith(".test.js") && file.includes(only))
  .sort();
if (files.length === 0) {
  process.stderr.write(`error: no tests in ${join(out, "test")}${only === "" ? "" : ` with ${only} in their path`}\n`);
  process.exit(1);
}
const run = spawnSync(process.execPath, ["--test", ...files], { stdio: "inherit" });
process.exit(run.status ?? 1);
