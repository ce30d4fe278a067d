import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { packageRoot } from "../../models/runtime/paths.js";
import { ENVIRONMENT } from "../sitl/agent-process.js";

const UNIT = join(packageRoot(), "systemd", "skylink-agent.service");

test("benchmarks and SITL flights allocate memory as the service does", () => {
  const set = readFileSync(UNIT, "utf8").matchAll(/^Environment=(MALLOC_\w+|NODE_OPTIONS)=(\S+)$/gm);
  assert.deepEqual(Object.fromEntries(Array.from(set, ([, name, value]) => [name, value])), ENVIRONMENT);
});
