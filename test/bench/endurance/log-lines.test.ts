import assert from "node:assert/strict";
import { test } from "node:test";
import { openLog } from "../../../agent/daemon/log.js";
import { logReport } from "../../../bench/endurance/log-lines.js";

test("the daemon's own warnings and errors are counted, without regard to their numbers", () => {
  let text = "";
  const out = {
    write: (line: string): void => {
      text += line;
    },
  };
  const log = openLog({ level: "info", format: "json", out });
  log.info("ready");
  for (const seconds of [0.5, 1]) {
    log.error({ component: "camera", detail: `ended; next attempt in ${seconds} s` }, "component failed");
  }
  log.warn("not everything has ended in time");
  assert.deepEqual(logReport(text), {
    warn: { "not everything has ended in time": 1 },
    error: { "component failed: camera: ended; next attempt in # s": 2 },
    other: {},
  });
});

test("words that are not of the log are kept", () => {
  const { other } = logReport('Warning: something\n\n{"a":1}\n7\n');
  assert.deepEqual(other, { "Warning: something": 1, '{"a":#}': 1, "#": 1 });
});
