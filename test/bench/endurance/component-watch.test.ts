import assert from "node:assert/strict";
import { test } from "node:test";
import { ComponentWatch } from "../../../bench/endurance/component-watch.js";
import { stateOf } from "./states.js";

test("changes, restarts and looks are counted for each part", () => {
  const watch = new ComponentWatch();
  const camera = (state: string, restarts: number) =>
    watch.look(stateOf({ components: [{ name: "camera", state, detail: "", restarts }] }));
  camera("running", 0);
  camera("failed", 0);
  camera("running", 1);
  assert.deepEqual(watch.report, [{ name: "camera", restarts: 1, changes: 2, states: { running: 2, failed: 1 } }]);
});

test("a link that goes down and a publisher that is not used any more are seen", () => {
  const watch = new ComponentWatch();
  for (const up of [true, false]) {
    const publishers = [{ name: "vpe", state: "active", sent: 3, fused: up }];
    watch.look(stateOf({ links: [{ url: "tcp:a:1", up }], publishers }));
  }
  assert.deepEqual(
    watch.report.map(({ name, states }) => [name, states]),
    [
      ["link tcp:a:1", { up: 1, down: 1 }],
      ["publisher vpe", { active: 1, "active, not used": 1 }],
    ],
  );
});
