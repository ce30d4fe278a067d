import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { frameFromBytes } from "../../../agent/mavlink/frame.js";
import { MavlinkFramer } from "../../../agent/mavlink/framer.js";
import { HorizonFilter } from "../../../sim/autopilot/ekf/filter.js";
import { JitterCorrection } from "../../../sim/autopilot/ekf/jitter.js";
import { TWIN_KINDS } from "../../../sim/autopilot/kinds.js";
import { Twin } from "../../../sim/autopilot/twin.js";
import { recordedBytes } from "../../agent/mavlink/fixtures.js";
import { COPTER_SQUARE } from "../../twin/flying.js";

const NOISE = { accel_mps2: 0.35, bias_mps2: 0.006, wind_mps: 0, delay_s: 0.25, test: "length" } as const;

describe("the same seed", () => {
  it("gives the same flight to the last bit, another seed another one", () => {
    const lines = (seed: number) => {
      const twin = new Twin({ kind: "ardupilot-copter", seed, start: "air", mission: COPTER_SQUARE, jamAt_s: 5 });
      twin.run(12);
      return twin.log.lines();
    };
    assert.equal(lines(4), lines(4));
    assert.notEqual(lines(4), lines(5));
  });
});

describe("HorizonFilter", () => {
  it("follows exact fixes at the horizon of any steady motion, whatever the delay", () => {
    const speed = fc.double({ min: -20, max: 20, noNaN: true });
    fc.assert(
      fc.property(speed, speed, fc.constantFrom(0, 0.1, 0.25, 0.4), (vn, ve, delay_s) => {
        const filter = new HorizonFilter({ ...NOISE, delay_s });
        filter.restart(0, 0, 1, vn, ve);
        const delay = Math.round(delay_s * 100);
        for (let k = 1; k <= 1500; k++) {
          filter.predict(0, 0, 0.01);
          const then = (Math.max(0, k - delay) * 0.01) as number;
          if (k % 20 === 0 && k > delay) filter.fusePosition(vn * then, ve * then, 1, Number.POSITIVE_INFINITY);
        }
        const { north_m, east_m } = filter.output;
        // While the buffer fills the horizon stands still: the output is the start carried forward by what is buffered.
        return Math.hypot(north_m - vn * 15, east_m - ve * 15) < 0.5;
      }),
      { numRuns: 25 },
    );
  });

  it("a reset puts the position of now exactly there and keeps the velocity", () => {
    const metres = fc.double({ min: -1e4, max: 1e4, noNaN: true });
    fc.assert(
      fc.property(metres, metres, (north, east) => {
        const filter = new HorizonFilter(NOISE);
        filter.restart(1, 2, 1, 3, 4);
        for (let k = 0; k < 60; k++) filter.predict(0.5, -0.5, 0.01);
        const { vn_mps, ve_mps } = filter.output;
        filter.resetPosition(north, east, 2, "now");
        const after = filter.output;
        assert.ok(Math.hypot(after.north_m - north, after.east_m - east) < 1e-6);
        assert.ok(Math.hypot(after.vn_mps - vn_mps, after.ve_mps - ve_mps) < 1e-9);
        assert.ok(Math.abs(filter.positionSigma_m - 2) < 1e-9);
      }),
    );
  });
});

describe("JitterCorrection", () => {
  it("gives times that keep the sender's spacing, never after arrival, at most 0.5 s before", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 200_000 }), { minLength: 3, maxLength: 60 }),
        fc.integer({ min: 0, max: 1e12 }),
        (delays, ahead) => {
          const jitter = new JitterCorrection();
          delays.forEach((delay, k) => {
            const sent = 1e6 + k * 200_000;
            const corrected = jitter.correct(sent + ahead, sent + delay);
            assert.ok(corrected <= sent + delay && corrected >= sent + delay - 500_000);
            assert.ok(corrected >= sent, "never before it was sent");
          });
        },
      ),
    );
  });
});

describe("what arrives", () => {
  it("neither recorded traffic nor damaged payloads stop any twin or put NaN into it", () => {
    const frames = new MavlinkFramer().push(recordedBytes("ardupilot-plane", "to").subarray(0, 12_000));
    fc.assert(
      fc.property(
        fc.constantFrom(...TWIN_KINDS),
        fc.array(fc.tuple(fc.nat(frames.length - 1), fc.uint8Array({ maxLength: 40 })), { maxLength: 60 }),
        (kind, changes) => {
          const twin = new Twin({ kind, parameters: kind === "px4-copter" ? { EKF2_EV_CTRL: 1 } : { VISO_TYPE: 1 } });
          const channel = twin.openChannel();
          twin.run(0.5);
          for (const [index, noise] of changes) {
            const frame = frames[index];
            if (frame === undefined) continue;
            const bytes = Buffer.from(frame.bytes);
            for (let k = 0; k < noise.length && 10 + k < bytes.length - 2; k++) bytes[10 + k] = noise[k] ?? 0;
            channel.receive(frameFromBytes(bytes));
            twin.step();
          }
          const { north_m, east_m, vn_mps, ve_mps } = twin.vehicle.ekf.horizontal;
          assert.ok([north_m, east_m, vn_mps, ve_mps, twin.vehicle.truth.north_m].every(Number.isFinite));
        },
      ),
      { numRuns: 40 },
    );
  });
});
