import assert from "node:assert/strict";
import { readFileSync, rmSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { z } from "zod";
import { modelsMissing } from "../agent/helpers/small-pack.js";
import { flightNames, flyPinned, PINS, packMap } from "./fly.js";

const whole = z.int().nullable();
const pinsShape = z.record(
  z.string(),
  z.array(
    z.strictObject({
      t_us: z.int(),
      lat_e7: whole,
      lon_e7: whole,
      eph_cm: whole,
      reason: z.string().nullable(),
      verdict: z.string().nullable(),
    }),
  ),
);

/** Processors without VNNI round the int8 networks' sums otherwise: positions may differ by so much, decisions may not. */
const TOLERANCE_M = 0.5;
const M_PER_E7 = 0.0111;

describe("recorded flights give what they gave before (npm run pins renews it)", { skip: modelsMissing() }, () => {
  const pins = pinsShape.parse(JSON.parse(readFileSync(PINS, "utf8")));
  let made: Awaited<ReturnType<typeof packMap>>;
  before(async () => {
    made = await packMap();
  });
  after(() => rmSync(made.dir, { recursive: true, force: true }));

  test("every recorded flight is pinned", () => {
    assert.deepEqual(Object.keys(pins).sort(), flightNames());
  });

  for (const name of flightNames()) {
    test(name, async () => {
      const flown = await flyPinned(name, made.dir, made.pack);
      const pinned = pins[name] ?? [];
      assert.equal(flown.length, pinned.length);
      const decisions = (frames: typeof pinned): unknown[] =>
        frames.map(({ t_us, reason, verdict }) => [t_us, reason, verdict]);
      assert.deepEqual(decisions(flown), decisions(pinned));
      flown.forEach((frame, i) => {
        const pin = pinned[i];
        for (const [value, expected, unit_m] of [
          [frame.lat_e7, pin?.lat_e7, M_PER_E7],
          [frame.lon_e7, pin?.lon_e7, M_PER_E7],
          [frame.eph_cm, pin?.eph_cm, 0.01],
        ] as const) {
          const off_m = Math.abs((value ?? 0) - (expected ?? 0)) * unit_m;
          assert.ok(off_m <= TOLERANCE_M, `frame ${i}: ${value}, pinned ${expected}`);
        }
      });
    });
  }
});
