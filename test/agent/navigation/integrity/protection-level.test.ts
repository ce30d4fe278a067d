import assert from "node:assert/strict";
import { test } from "node:test";
import { protectionLevel_m } from "../../../../agent/navigation/integrity/protection-level.js";
import { Random } from "../../helpers/random.js";

test("for a round error the level is exact: sigma * sqrt(-2 ln risk)", () => {
  assert.ok(Math.abs(protectionLevel_m({ nn: 4, ne: 0, ee: 4 }, 1e-3) - 2 * Math.sqrt(-2 * Math.log(1e-3))) < 1e-12);
});

test("a Gaussian error exceeds it with at most the stated risk", () => {
  const random = new Random(11);
  for (const [a, b, c] of [
    [3, 0, 3],
    [4, 2, 1.5],
    [0.5, 0, 6],
  ] as const) {
    const level = protectionLevel_m({ nn: a * a, ne: a * b, ee: b * b + c * c }, 0.01);
    let beyond = 0;
    for (let i = 0; i < 40_000; i++) {
      const u = random.normal();
      const v = random.normal();
      if (Math.hypot(a * u, b * u + c * v) > level) beyond++;
    }
    assert.ok(beyond / 40_000 <= 0.0115, `${beyond}`);
  }
});
