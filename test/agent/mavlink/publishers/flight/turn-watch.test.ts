import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { common } from "node-mavlink";
import { TurnWatch } from "../../../../../agent/mavlink/publishers/flight/turn-watch.js";
import { arrives, PLANE } from "./helpers.js";

const REST = { timeBootMs: 0, pitch: 0, yaw: 0, pitchspeed: 0, yawspeed: 0 } as const;

function attitude(roll: number, rollspeed: number) {
  return arrives(Object.assign(new common.Attitude(), { ...REST, roll, rollspeed }), PLANE);
}

describe("fixes of a turn", () => {
  test("are those from before its end and half a second after it, until the turn has lasted too long", () => {
    const watch = new TurnWatch();
    assert.equal(watch.spoils(0, 0), false);
    for (let t_us = 1e6; t_us <= 3e6; t_us += 50_000) watch.receive(attitude(1, 0), t_us);
    assert.equal(watch.spoils(0.5e6, 3.1e6), true, "used now it would be carried through the turn");
    assert.equal(watch.spoils(3.4e6, 3.7e6), true);
    assert.equal(watch.spoils(3.5e6, 3.8e6), false);
    assert.equal(watch.spoils(2e6, 11e6), false);
  });

  test("are not those of a plane that circles, and are those of one that rolls into its turn", () => {
    const watch = new TurnWatch();
    watch.receive(attitude(-0.6, 0.2), 1e6);
    assert.equal(watch.spoils(1e6, 1.1e6), false);
    watch.receive(attitude(-0.6, 0.7), 1e6);
    assert.equal(watch.spoils(1e6, 1.1e6), true);
  });
});
