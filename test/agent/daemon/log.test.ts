import assert from "node:assert/strict";
import { test } from "node:test";
import { openLog } from "../../../agent/daemon/log.js";

function logged(format: "auto" | "json" | "text", isTTY: boolean): string {
  let text = "";
  const log = openLog({ level: "info", format, out: { isTTY, write: (line) => (text += line) } });
  log.debug("not this");
  log.warn({ component: "camera", detail: "no light" }, "component degraded");
  return text;
}

test("machines get JSON, terminals get words", () => {
  const { time, ...rest } = JSON.parse(logged("auto", false)) as Record<string, unknown>;
  assert.match(String(time), /^\d{4}-\d\d-\d\dT/);
  assert.deepEqual(rest, { level: 40, component: "camera", detail: "no light", msg: "component degraded" });
  assert.match(
    logged("auto", true),
    /^\d\d:\d\d:\d\d\.\d{3} WARN {2}component degraded {2}component=camera {2}detail="no light"\n$/,
  );
  assert.equal(logged("text", false).startsWith("{"), false);
  assert.equal(logged("json", true).startsWith("{"), true);
});
