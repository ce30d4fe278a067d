import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { OdometryClient } from "../../../../agent/navigation/odometry/client.js";
import { VisualOdometry } from "../../../../agent/navigation/odometry/odometry.js";
import { UserError } from "../../../../tiles/errors.js";
import { threadsBehind } from "../../helpers/threads.js";
import { frameOf, photograph, RIG } from "./scene.js";

const frames = [0, 1, 2, 3, 4].map((i) => photograph({ t_s: 1 + i / 10, north_m: 2 * i, east_m: 0 }));
const [first, second, third, fourth, fifth] = frames;
assert.ok(first && second && third && fourth && fifth);

describe("odometry in its worker", () => {
  const client = new OdometryClient(RIG);
  after(() => client.close());

  test("says what odometry says on the main thread", async () => {
    const here = new VisualOdometry(RIG);
    for (const frame of [first, second, third])
      assert.deepEqual(await client.observe(frame), await here.observe(frame));
  });

  test("its thread stands behind the main thread, and ahead of vision's", async (t) => {
    await client.reset();
    const behind = threadsBehind();
    // Without /proc (not Linux) nothing steps back, and the agent does without: there is nothing to assert.
    if (behind === null) return t.skip("threads cannot be told apart here");
    assert.ok(behind.includes(2), `${behind}`);
  });

  test("the newest frame wins; the step spans what was overtaken", async () => {
    await client.reset();
    await client.observe(first);
    const steps = await Promise.all([second, third, fourth, fifth].map((frame) => client.observe(frame)));
    // The second is in work at once, the third and fourth are overtaken while they wait.
    assert.deepEqual(
      steps.map((step) => step === null),
      [false, true, true, false],
    );
    const last = steps[3];
    assert.ok(last?.refused === null);
    assert.equal(last.from_t_us, second.t_us);
    assert.ok(Math.abs(last.north_m - 6) < 0.2, `moved ${last.north_m}`);
  });

  test("an error of one frame is that frame's alone", async () => {
    await client.reset();
    await assert.rejects(client.observe(frameOf(0.5, new Uint8Array(3))), UserError);
    assert.equal((await client.observe(first))?.refused, "start");
  });

  test("a closed client refuses frames", async () => {
    const other = new OdometryClient(RIG);
    const given = other.observe(first);
    await other.close();
    assert.equal(await given, null);
    await assert.rejects(other.observe(second), /closed/);
  });
});
