import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { MotionHistory, type MotionStep, turned } from "../../../agent/navigation/motion.js";

function step(from_s: number, to_s: number, north_m: number, east_m = 0): MotionStep {
  return {
    from_t_us: Math.round(from_s * 1e6),
    to_t_us: Math.round(to_s * 1e6),
    north_m,
    east_m,
    cov_ne_m2: { nn: 1, ne: 0, ee: 2 },
  };
}

test("turning goes from north to east and keeps the length", () => {
  const v = turned({ north_m: 10, east_m: 0 }, Math.PI / 2);
  assert.ok(Math.abs(v.north_m) < 1e-12 && Math.abs(v.east_m - 10) < 1e-12);
  fc.assert(
    fc.property(
      fc.double({ min: -1e3, max: 1e3, noNaN: true }),
      fc.double({ min: -7, max: 7, noNaN: true }),
      (n, a) => {
        const { north_m, east_m } = turned({ north_m: n, east_m: 3 }, a);
        assert.ok(Math.abs(Math.hypot(north_m, east_m) - Math.hypot(n, 3)) < 1e-9);
      },
    ),
  );
});

test("steps must follow each other", () => {
  const history = new MotionHistory();
  assert.equal(history.add(step(0, 1, 5)), true);
  assert.equal(history.add(step(0.5, 1.5, 5)), false);
  assert.equal(history.add(step(1, 1, 5)), false);
  assert.equal(history.add(step(2, 3, 5)), true);
  assert.deepEqual(
    history.since(1e6).map(({ to_t_us }) => to_t_us),
    [3e6],
  );
});

test("an interval is cut into what steps cover and gaps", () => {
  const history = new MotionHistory();
  history.add(step(0, 1, 10));
  history.add(step(2, 4, 30, 10));
  const pieces = history.pieces(0.5e6, 3e6, false);
  assert.deepEqual(
    pieces.map(({ dt_s, step: part }) => [dt_s, part?.north_m ?? null, part?.cov_ne_m2.ee ?? null]),
    [
      [0.5, 5, 1],
      [1, null, null],
      [1, 15, 1],
    ],
  );
  history.forgetBefore(1.5e6);
  assert.deepEqual(history.pieces(0, 2e6, false), [{ dt_s: 2, step: null }]);
});

test("pieces cover any interval exactly, and displacements add up", () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.integer({ min: 0, max: 5 }), fc.integer({ min: 1, max: 5 })), { maxLength: 8 }),
      fc.integer({ min: 0, max: 40 }),
      fc.integer({ min: 0, max: 40 }),
      (gaps, a, b) => {
        const history = new MotionHistory();
        let at = 0;
        for (const [gap, length] of gaps) {
          history.add(step(at + gap, at + gap + length, length));
          at += gap + length;
        }
        const [from, to] = a < b ? [a, b] : [b, a];
        const middle = (from + to) / 2;
        const sum = (x: number, y: number): number =>
          history.pieces(x * 1e6, y * 1e6, false).reduce((total, piece) => total + (piece.step?.north_m ?? 0), 0);
        const time = history.pieces(from * 1e6, to * 1e6, false).reduce((total, { dt_s }) => total + dt_s, 0);
        assert.ok(Math.abs(time - (to - from)) < 1e-9);
        assert.ok(Math.abs(sum(from, to) - sum(from, middle) - sum(middle, to)) < 1e-9);
      },
    ),
  );
});

test("after a break in the chain steps are not relied on until a fix lies in the new chain", () => {
  const history = new MotionHistory();
  history.add(step(0, 1, 10));
  history.add(step(2, 3, 10));
  history.add(step(3, 4, 10));
  const relied = (): number => history.pieces(0, 6e6, true).filter((piece) => piece.step !== null).length;
  assert.equal(history.unbroken, false);
  assert.equal(relied(), 1);
  history.confirm(1.5e6);
  assert.equal(relied(), 1);
  history.confirm(3e6);
  assert.equal(history.unbroken, true);
  assert.equal(relied(), 2);
  history.add(step(4, 5, 10));
  assert.equal(relied(), 3);
  assert.equal(history.pieces(0, 6e6, false).filter((piece) => piece.step !== null).length, 4);
});
