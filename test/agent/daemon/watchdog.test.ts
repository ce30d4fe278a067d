import assert from "node:assert/strict";
import { test } from "node:test";
import { Watchdog } from "../../../agent/daemon/watchdog.js";

const CONFIG = { link_silence_s: 5, frame_silence_s: 10, startup_grace_s: 60 };
const s = 1e6;

test("it is fed while links and frames move", () => {
  const watchdog = new Watchdog(CONFIG, 0);
  for (let t = 0; t < 100; t++) {
    watchdog.link(t * s);
    watchdog.frame(t * s);
    assert.equal(watchdog.complaint(t * s + 1), null);
  }
});

test("either silence is enough, and it says whose", () => {
  const watchdog = new Watchdog(CONFIG, 0);
  watchdog.link(100 * s);
  watchdog.frame(100 * s);
  assert.equal(watchdog.complaint(105 * s), null);
  assert.equal(watchdog.complaint(106 * s), "nothing from the autopilot for 6 s");
  watchdog.link(111 * s);
  assert.equal(watchdog.complaint(112 * s), "nothing from the camera for 12 s");
  watchdog.frame(112 * s);
  assert.equal(watchdog.complaint(112 * s), null);
});

test("what was never heard has longer, and only once", () => {
  const watchdog = new Watchdog(CONFIG, 0);
  watchdog.frame(1 * s);
  assert.equal(watchdog.complaint(11 * s), null);
  assert.equal(watchdog.complaint(12 * s), "nothing from the camera for 11 s");
  watchdog.frame(59 * s);
  assert.equal(watchdog.complaint(60 * s), null);
  assert.match(watchdog.complaint(61 * s) ?? "", /the autopilot for 61 s/);
});
