import assert from "node:assert/strict";
import { test } from "node:test";
import { Navigator } from "../../../agent/navigation/navigator.js";
import type { FrameResult } from "../../../agent/vision/result.js";
import { distance_m, offsetToLonLat } from "../../../tiles/geodesy/wgs84.js";
import { FlightMaker, LEVELS, type Moment, REFERENCE } from "../helpers/navigation-inputs.js";

test("a position comes after agreeing fixes of new ground, follows the vehicle, and its error is what it says", () => {
  const flight = new FlightMaker(1);
  const navigator = new Navigator(REFERENCE, LEVELS);
  assert.equal(navigator.solutionAt(0).state, "stopped");
  let first_s: number | null = null;
  for (let t = 0; t < 60; t++) {
    const moment = flight.next();
    navigator.onOdometry(moment.odometry);
    navigator.onVision(moment.seen());
    const { position, state, reason, gates } = navigator.solutionAt(moment.t_us);
    if (position === null) {
      assert.equal(state, "starting");
      assert.equal(reason, "agreement");
      assert.ok(gates.some(({ holds }) => !holds));
      continue;
    }
    first_s ??= t;
    assert.equal(reason, null);
    assert.ok(gates.every(({ holds }) => holds));
    assert.equal(position.reset_counter, 1);
    const error_m = distance_m(position, moment.truth);
    assert.ok(error_m < position.protection_level_m, `${error_m} of ${position.protection_level_m}`);
  }
  assert.ok(first_s !== null && first_s >= 2 && first_s <= 8, `${first_s}`);
});

test("fixes that come 2 s late keep the position at the present", () => {
  const flight = new FlightMaker(2);
  const navigator = new Navigator(REFERENCE, LEVELS);
  const moments = Array.from({ length: 40 }, () => flight.next());
  moments.forEach((moment, i) => {
    navigator.onOdometry(moment.odometry);
    const late = moments[i - 2];
    if (late !== undefined) navigator.onVision(late.seen());
    const { position } = navigator.solutionAt(moment.t_us);
    if (i > 15) {
      assert.ok(position !== null);
      assert.ok(distance_m(position, moment.truth) < 10);
    }
  });
});

test("a hovering vehicle does not become sure by looking twice", () => {
  const flight = new FlightMaker(3, 0);
  const navigator = new Navigator(REFERENCE, LEVELS);
  for (let t = 0; t < 60; t++) {
    const moment = flight.next();
    navigator.onOdometry(moment.odometry);
    navigator.onVision(moment.seen());
    assert.equal(navigator.solutionAt(moment.t_us).position, null);
  }
});

test("wrong fixes do not move the position: they silence it, then it is lost, and the way back is a counted jump", () => {
  const flight = new FlightMaker(4);
  const navigator = new Navigator(REFERENCE, LEVELS);
  const reasons: (string | null)[] = [];
  let counter = 0;
  for (let t = 0; t < 80; t++) {
    const moment = flight.next();
    navigator.onOdometry(moment.odometry);
    navigator.onVision(t >= 30 && t < 50 ? moment.seen({ north_m: 400, east_m: 0 }) : moment.seen());
    const { position, reason } = navigator.solutionAt(moment.t_us);
    reasons.push(reason);
    if (position === null) continue;
    assert.ok(distance_m(position, moment.truth) < 30, `${t}: ${distance_m(position, moment.truth)}`);
    counter = position.reset_counter;
  }
  assert.deepEqual(reasons.slice(20, 31), new Array(11).fill(null));
  assert.equal(reasons[31], "innovation");
  assert.equal(reasons[36], "lost");
  assert.equal(reasons.at(-1), null);
  assert.equal(counter, 2);
});

/** A frame whose best match is far away, and what is best near the vehicle. */
function besideFarMatch(
  moment: Moment,
  options: { readonly quality: number; readonly accepted: boolean },
): FrameResult {
  const { estimate, spread, sightings } = moment.seen();
  assert.ok(estimate !== null && spread !== null);
  const far = { ...moment.seen({ north_m: 0, east_m: 600 }), sightings };
  const near = { estimate: { ...estimate, quality: options.quality }, heading_correction_deg: 0.3, scale: 1, spread };
  return options.accepted ? { ...far, near } : { ...far, fix: null, reason: "ambiguous", near };
}

test("in flight the match near the expected place carries on while another place fits better", () => {
  for (const { quality, carried } of [
    { quality: 0.6, carried: true },
    { quality: 0.4, carried: false },
  ]) {
    const flight = new FlightMaker(8);
    const navigator = new Navigator(REFERENCE, LEVELS);
    for (let t = 0; t < 36; t++) {
      const moment = flight.next();
      navigator.onOdometry(moment.odometry);
      const accepted = navigator.onVision(
        t < 20 ? moment.seen() : besideFarMatch(moment, { quality, accepted: false }),
      ).accepted;
      if (t >= 20) assert.equal(accepted, carried);
      const { position } = navigator.solutionAt(moment.t_us);
      if (t >= 20 && carried) assert.ok(position !== null && distance_m(position, moment.truth) < 10);
    }
    assert.equal(navigator.solutionAt(35e6).position !== null, carried);
  }
});

test("frames that show another place beyond doubt give the position up, whatever lies near it", () => {
  const flight = new FlightMaker(9);
  const navigator = new Navigator(REFERENCE, LEVELS);
  const reasons: (string | null)[] = [];
  for (let t = 0; t < 30; t++) {
    const moment = flight.next();
    navigator.onOdometry(moment.odometry);
    navigator.onVision(t < 20 ? moment.seen() : besideFarMatch(moment, { quality: 0.9, accepted: true }));
    reasons.push(navigator.solutionAt(moment.t_us).reason);
  }
  assert.equal(reasons[20], null);
  assert.equal(reasons[21], "innovation");
  assert.equal(reasons[25], "lost");
});

test("after a loss a place that looks alike far away is out of reach", () => {
  const flight = new FlightMaker(5);
  const navigator = new Navigator(REFERENCE, LEVELS);
  for (let t = 0; t < 200; t++) {
    const moment = flight.next();
    navigator.onOdometry(moment.odometry);
    const verdict = navigator.onVision(t < 20 ? moment.seen() : moment.seen({ north_m: 0, east_m: 3000 }));
    if (t > 40) assert.equal(verdict.reason, "out-of-reach");
    if (t > 40) assert.equal(navigator.solutionAt(moment.t_us).position, null);
  }
});

test("a place known from before confines the first fix", () => {
  const flight = new FlightMaker(6);
  const navigator = new Navigator(REFERENCE, LEVELS);
  navigator.knownNear(offsetToLonLat(REFERENCE, 2000, 0), 200, 0);
  for (let t = 0; t < 20; t++) {
    const moment = flight.next();
    navigator.onOdometry(moment.odometry);
    assert.equal(navigator.onVision(moment.seen()).reason, "out-of-reach");
  }
});

test("a frozen picture silences at once, however well it matches", () => {
  const flight = new FlightMaker(7);
  const navigator = new Navigator(REFERENCE, LEVELS);
  for (let t = 0; t < 30; t++) {
    const moment = flight.next();
    navigator.onOdometry(t < 20 ? moment.odometry : moment.refused("frozen"));
    const verdict = navigator.onVision(moment.seen());
    if (t < 20) continue;
    assert.equal(verdict.reason, "frozen");
    assert.equal(navigator.solutionAt(moment.t_us).reason, "picture");
  }
});

test("without fixes odometry carries the position for a while, honestly, and then it ends", () => {
  const flight = new FlightMaker(8);
  const navigator = new Navigator(REFERENCE, LEVELS);
  const ends: number[] = [];
  let last_eph = 0;
  for (let t = 0; t < 60; t++) {
    const moment = flight.next();
    navigator.onOdometry(moment.odometry);
    if (t < 20) navigator.onVision(moment.seen());
    const { position, reason } = navigator.solutionAt(moment.t_us);
    if (t < 21) continue;
    if (position === null) {
      ends.push(t);
      assert.equal(reason, "fix-age");
    } else {
      assert.ok(position.eph_m > last_eph);
      last_eph = position.eph_m;
      assert.ok(distance_m(position, moment.truth) < position.protection_level_m);
    }
  }
  assert.equal(ends[0], 30);
});

test("a registration at the end of what was tried is not taken", () => {
  const flight = new FlightMaker(9);
  const navigator = new Navigator(REFERENCE, LEVELS);
  for (let t = 0; t < 20; t++) {
    const moment = flight.next();
    navigator.onOdometry(moment.odometry);
    assert.equal(navigator.onVision(moment.seen({ north_m: 0, east_m: 0 }, true)).reason, "search-end");
  }
});

test("the same inputs give the same outputs to the last bit", () => {
  const run = (): string => {
    const flight = new FlightMaker(10);
    const navigator = new Navigator(REFERENCE, LEVELS);
    const out: unknown[] = [];
    for (let t = 0; t < 40; t++) {
      const moment = flight.next();
      navigator.onOdometry(moment.odometry);
      out.push(navigator.onVision(moment.seen()), navigator.solutionAt(moment.t_us), navigator.hypotheses(3));
    }
    return JSON.stringify(out);
  };
  assert.equal(run(), run());
});

test("after a gap that nothing carried over, fixes must agree again, and the return counts as a jump", () => {
  const flight = new FlightMaker(12);
  const navigator = new Navigator(REFERENCE, LEVELS);
  const verdicts: (string | null)[] = [];
  let counter = 0;
  for (let t = 0; t < 40; t++) {
    const moment = flight.next();
    const gap = t >= 20 && t < 26;
    navigator.onOdometry(gap ? moment.refused("low-texture") : moment.odometry);
    if (!gap) verdicts.push(navigator.onVision(moment.seen()).reason);
    counter = navigator.solutionAt(moment.t_us).position?.reset_counter ?? counter;
  }
  assert.deepEqual(verdicts.slice(20, 22), ["awaiting-agreement", "awaiting-agreement"]);
  assert.equal(verdicts.at(-1), null);
  assert.equal(counter, 2);
});

test("when the reported heading jumps, odometry's new direction is not flown on without a fix", () => {
  const flight = new FlightMaker(13);
  const navigator = new Navigator(REFERENCE, LEVELS);
  const published: number[] = [];
  for (let t = 0; t < 60; t++) {
    const moment = flight.next();
    const { odometry } = moment;
    if (t < 30) {
      navigator.onOdometry(odometry);
      navigator.onVision(moment.seen());
    } else if (t === 30) {
      navigator.onOdometry(moment.refused("no-peak"));
    } else if (odometry.refused === null) {
      navigator.onOdometry({ ...odometry, north_m: odometry.east_m, east_m: odometry.north_m });
    }
    const { position } = navigator.solutionAt(moment.t_us);
    if (position === null || t < 30) continue;
    published.push(t);
    assert.ok(distance_m(position, moment.truth) < 3 * position.eph_m, `${t}`);
  }
  assert.ok((published.at(-1) ?? 0) <= 33, `${published}`);
});

test("a still that is sent again with fresh noise agrees with the map, and is found out by the attitude", () => {
  const flight = new FlightMaker(14);
  const navigator = new Navigator(REFERENCE, LEVELS);
  const published: number[] = [];
  let still = flight.next();
  for (let t = 0; t < 90; t++) {
    const moment = flight.next();
    const hangs = t >= 30 && t < 50;
    if (!hangs) still = moment;
    // The attitude wobbles: what the camera sees lies now here, now there. A still shows the same ground all the same.
    const lever = { north_m: 4 * Math.sin(t), east_m: 4 * Math.cos(1.7 * t) };
    const { odometry } = moment;
    if (t === 50) navigator.onOdometry(moment.refused("no-peak"));
    else navigator.onOdometry(hangs && odometry.refused === null ? { ...odometry, north_m: 0, east_m: 0 } : odometry);
    const displaced = hangs ? { north_m: -lever.north_m, east_m: -lever.east_m } : { north_m: 0, east_m: 0 };
    navigator.onVision({ ...still.seen(displaced), t_us: moment.t_us, patch_offset: lever });
    const { position } = navigator.solutionAt(moment.t_us);
    if (position === null) continue;
    published.push(t);
    assert.ok(distance_m(position, moment.truth) < 50, `${t}: ${distance_m(position, moment.truth)}`);
  }
  assert.ok(!published.some((t) => t >= 34 && t < 52), `${published}`);
  assert.ok(published.includes(89), `${published}`);
});

test("the middle of the picture may stay where it is while the autopilot's own velocity tells that the vehicle flies on", () => {
  for (const heard of [true, false]) {
    const flight = new FlightMaker(15);
    const navigator = new Navigator(REFERENCE, LEVELS);
    for (let t = 0; t < 40; t++) {
      const moment = flight.next();
      if (heard) navigator.onVelocity(moment.t_us, { north: 14.3, east: -0.2 }, 1);
      navigator.onOdometry(moment.odometry);
      const leaning_s = Math.min(4, Math.max(0, t - 30));
      navigator.onVision({ ...moment.seen(), patch_offset: { north_m: -14 * leaning_s, east_m: 0 } });
      if (t >= 20) assert.equal(navigator.solutionAt(moment.t_us).position !== null, heard || t < 33, `${heard} ${t}`);
    }
  }
});
