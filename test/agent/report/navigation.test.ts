import assert from "node:assert/strict";
import { test } from "node:test";
import { Navigator } from "../../../agent/navigation/navigator.js";
import { navigationReport } from "../../../agent/report/navigation.js";
import type { JudgedFrame } from "../../../agent/report/report.js";
import { FlightMaker, LEVELS, REFERENCE } from "../helpers/navigation-inputs.js";

test("gates, verdicts, odometry and resets of a flight are summed up", () => {
  const flight = new FlightMaker(21);
  const navigator = new Navigator(REFERENCE, LEVELS);
  let resets = 0;
  const frames = Array.from({ length: 30 }, (): JudgedFrame => {
    const moment = flight.next();
    navigator.onOdometry(moment.odometry);
    const result = moment.seen();
    const verdict = navigator.onVision(result).reason ?? "accepted";
    const navigation = navigator.solutionAt(moment.t_us);
    const { position } = navigation;
    const reset = position !== null && position.reset_counter !== resets;
    resets = position?.reset_counter ?? resets;
    const published =
      position === null ? null : { ...position, t_us: moment.t_us, alt_m: null, quality: position.belief, reset };
    return {
      t_us: moment.t_us,
      file: "",
      truth: moment.truth,
      result,
      published,
      reason: navigation.reason,
      odometry: moment.odometry,
      navigation,
      verdict,
    };
  });
  const published = frames.filter((frame) => frame.published !== null).length;
  const report = navigationReport(frames, (frame) => (frame.published === null ? null : 1));
  assert.equal(report.resets, 1);
  assert.deepEqual(report.odometry, { steps: 29, refused: { start: 1 } });
  assert.equal(report.beyond_protection_level, 0);
  assert.deepEqual(report.gates.agreement, { held: published, failed: 30 - published });
  assert.deepEqual(report.gates.picture, { held: 30, failed: 0 });
  assert.equal(report.verdicts.accepted, published);
  const far = navigationReport(frames, (frame) => (frame.published === null ? null : 1000));
  assert.equal(far.beyond_protection_level, published);
  assert.equal(navigationReport(frames, () => null).beyond_protection_level, null);
});
