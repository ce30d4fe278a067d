import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { accepted, corrected, forAgent, type ParamRule, wanted } from "../../../agent/doctor/rules.js";
import { SETUPS } from "../../../agent/doctor/setups.js";

const RULES = SETUPS.flatMap(({ id, rules }) => rules.map((rule) => ({ id, rule })));

function rule(fields: Partial<ParamRule>): ParamRule {
  const plain = { names: ["X"], kind: "integer", value: 1, accepts: { kind: "equal" } } as const;
  return { ...plain, severity: "problem", reboot: false, why: "", ...fields };
}

describe("parameter rules", () => {
  it("are content with the value that they ask for, and with what they make of any other", () => {
    const values = fc.oneof(fc.integer({ min: 0, max: 1 << 20 }), fc.double({ min: -1e6, max: 1e6, noNaN: true }));
    for (const { id, rule } of RULES) {
      assert.ok(accepted(rule, rule.value), `${id} ${rule.names[0]}`);
      assert.ok(accepted(rule, Math.fround(rule.value)));
      assert.ok(wanted(rule).startsWith("must"));
      fc.assert(
        fc.property(values, (value) => accepted(rule, corrected(rule, value))),
        { numRuns: 50 },
      );
    }
  });

  it("have names that autopilots can have, and each only once in a setup", () => {
    for (const { rules } of SETUPS) {
      const names = rules.flatMap((one) => [
        ...one.names,
        ...(one.otherwise === undefined ? [] : [one.otherwise.name]),
      ]);
      assert.equal(new Set(names).size, names.length);
      for (const name of names) assert.match(name, /^[A-Z][A-Z0-9_]{1,15}$/);
    }
    assert.equal(new Set(SETUPS.map(({ id }) => id)).size, SETUPS.length);
  });

  it("say why, without a full stop, in one line", () => {
    for (const { id, rule } of RULES) assert.match(rule.why, /^[^\n]{10,}[^.\n]$/, `${id} ${rule.names[0]}`);
  });

  it("know switches by their bits", () => {
    const bits = rule({ accepts: { kind: "bits", set: 1, clear: 2 | 8 } });
    for (const value of [1, 5, 1 | 4 | 16]) assert.ok(accepted(bits, value));
    for (const value of [0, 2, 3, 9, 1.5]) assert.ok(!accepted(bits, value));
    assert.equal(corrected(bits, 15), 5);
    assert.equal(wanted(bits), "must have bit 0 and must not have bit 1 and bit 3");
  });

  it("do not take the bit that stands for all away with the rest", () => {
    const mask = rule({ value: 0b1110, accepts: { kind: "bits", set: 0, clear: 0b10001, all: 1 } });
    assert.equal(corrected(mask, 1), 0b1110);
    assert.equal(corrected(mask, 0b10001), 0b1110);
    assert.equal(corrected(mask, 0b10100), 0b100);
    assert.ok(accepted(mask, 0b100) && !accepted(mask, 1));
  });

  it("know ranges, with one more value that switches off", () => {
    const range = rule({ value: 50, accepts: { kind: "range", min: 30, max: Number.POSITIVE_INFINITY, or: -1 } });
    for (const value of [30, 1e6, -1]) assert.ok(accepted(range, value));
    for (const value of [5, -2, Number.NaN]) assert.ok(!accepted(range, value));
    assert.equal(wanted(range), "must be at least 30 or -1");
    assert.equal(wanted(rule({ accepts: { kind: "not", value: 0 } })), "must not be 0");
  });

  it("follow the agent's configuration", () => {
    for (const setup of SETUPS) {
      const changed = forAgent(setup, { vision_latency_ms: 180, gps_latency_ms: 190, sensor_id: 7 });
      changed.rules.forEach((one, i) => {
        const follows = setup.rules[i]?.follows;
        const told = { vision_latency_ms: 180, gps_latency_ms: 190, sensor_id: 7 };
        assert.equal(one.value, follows === undefined ? setup.rules[i]?.value : told[follows]);
        assert.equal(accepted(one, 123), follows === undefined && accepted(setup.rules[i] ?? one, 123));
      });
      const usual = { vision_latency_ms: null, gps_latency_ms: 250, sensor_id: 1 };
      assert.deepEqual(forAgent(setup, usual), setup, "the defaults are the agent's");
    }
  });
});
