import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { firstFixes, firstFixTable } from "../../../bench/integrity/first-fix.js";
import { allTheWay } from "../../../bench/integrity/long-flight.js";
import type { FlightOutcome, FrameOutcome } from "../../../bench/integrity/outcome.js";
import { integrityReport } from "../../../bench/integrity/report.js";
import { coverageOf, summarise } from "../../../bench/integrity/summary.js";

/** A frame with a position of this error and eph. */
function fixed(t_s: number, error_m: number, eph_m = 2): FrameOutcome {
  const false_fix = error_m > Math.max(50, 3 * eph_m);
  return { t_us: t_s * 1e6, reason: null, fix: { error_m, eph_m, nees: (error_m / eph_m) ** 2 * 2, false_fix } };
}

const nothing = (t_s: number, reason = "lost"): FrameOutcome => ({ t_us: t_s * 1e6, reason, fix: null });
const flight = (...frames: FrameOutcome[]): FlightOutcome => ({ frames, seconds: 1 });

describe("summarise", () => {
  const summary = summarise([
    flight(nothing(10), nothing(11, "ambiguous"), fixed(12, 1), fixed(13, 3)),
    flight(fixed(0, 2), fixed(1, 80)),
    flight(nothing(5), nothing(6)),
  ]);

  it("counts frames, fixes and false ones, with the bound of their rate", () => {
    assert.equal(summary.flights, 3);
    assert.equal(summary.frames, 8);
    assert.equal(summary.fixes, 4);
    assert.equal(summary.availability, 0.5);
    assert.equal(summary.false_fixes, 1);
    assert.ok(Math.abs((summary.false_fix_rate_upper95 ?? 0) - 0.7514) < 1e-3);
    assert.deepEqual(summary.no_fix, { lost: 3, ambiguous: 1 });
  });

  it("gives errors, and the time to the first fix of each flight", () => {
    assert.equal(summary.error_m.median, 2.5);
    assert.equal(summary.error_m.max, 80);
    assert.deepEqual(summary.time_to_first_fix_s, { median: 1, max: 2, without: 1 });
  });

  it("has no numbers where there is no fix", () => {
    const empty = summarise([flight(nothing(1))]);
    assert.equal(empty.false_fix_rate_upper95, null);
    assert.equal(empty.error_m.median, null);
    assert.deepEqual(empty.coverage, { sigma1: null, sigma2: null, sigma3: null });
    assert.equal(empty.nees, null);
  });
});

describe("coverageOf", () => {
  it("is the part of the errors within 1, 2 and 3 eph", () => {
    const frames = [fixed(0, 1), fixed(1, 2), fixed(2, 3.9), fixed(3, 5), fixed(4, 7), nothing(5)];
    assert.deepEqual(coverageOf(frames), { sigma1: 0.4, sigma2: 0.6, sigma3: 0.8 });
  });
});

describe("integrityReport", () => {
  const { report, text } = integrityReport([
    { name: "over-map", kind: "nominal", what: "as it should be", outcomes: [flight(fixed(0, 1), fixed(1, 3))] },
    { name: "trap", kind: "adversarial", what: "a trap", outcomes: [flight(nothing(0), fixed(1, 200), nothing(2))] },
  ]);

  it("sums all scenarios up, with the coverage of the nominal ones", () => {
    assert.equal(report.total.fixes, 3);
    assert.equal(report.total.false_fixes, 1);
    assert.equal(report.total.adversarial_frames, 3);
    assert.deepEqual(report.total.coverage, { sigma1: 0.5, sigma2: 1, sigma3: 1 });
    assert.deepEqual(Object.keys(report.total), [
      "fixes",
      "false_fixes",
      "false_fix_rate_upper95",
      "adversarial_frames",
      "coverage",
    ]);
    assert.deepEqual(
      report.scenarios.map(({ name, kind, fixes }) => [name, kind, fixes]),
      [
        ["over-map", "nominal", 2],
        ["trap", "adversarial", 1],
      ],
    );
  });

  it("prints a line for each scenario and for both kinds", () => {
    const lines = text.split("\n");
    for (const name of ["over-map", "trap", "ALL NOMINAL", "ALL ADVERSARIAL"]) {
      assert.equal(lines.filter((line) => line.startsWith(name)).length, 1, name);
    }
    assert.match(text, /3 fixes, 1 false .* 3 adversarial frames/);
  });
});

describe("firstFixes", () => {
  const result = firstFixes([
    flight(nothing(0), fixed(4, 3)),
    flight(nothing(0), nothing(10), fixed(21, 3)),
    flight(nothing(0), fixed(5, 400)),
    flight(nothing(0)),
  ]);

  it("counts as in time what comes within 20 s and is not false", () => {
    assert.equal(result.in_time, 1);
    assert.equal(result.max_s, 21);
    assert.equal(result.false_fixes, 1);
    assert.equal(result.starts[3]?.time_s, null);
    assert.match(firstFixTable([{ name: "starts", ...result }]), /1 of 4 starts within 20 s/);
  });
});

describe("allTheWay", () => {
  it("counts frames without a position after the first one as far off", () => {
    const way = allTheWay(flight(nothing(0), fixed(1, 2), nothing(2), fixed(3, 6), fixed(4, 1)));
    assert.equal(way.frames, 4);
    assert.equal(way.without, 1);
    assert.equal(way.within_5m, 0.5);
    assert.equal(way.error_m.max, 6);
  });

  it("has nothing to say of a flight without a position", () => {
    assert.equal(allTheWay(flight(nothing(0))).within_5m, null);
  });
});
