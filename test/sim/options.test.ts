import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { epochOf, Options, PLACE_OPTIONS, worldOf } from "../../sim/options.js";
import { UserError } from "../../tiles/errors.js";

describe("Options", () => {
  const read = (...args: string[]): Options => new Options({ ...PLACE_OPTIONS, out: undefined }, args);

  it("takes defaults and given values", () => {
    const options = read("--seed", "12", "--size-m", "120", "--land-use", "rural", "--lat", "-33.5");
    assert.equal(worldOf(options).style.landUse, "rural");
    assert.equal(worldOf(options).origin.lat_deg, -33.5);
    assert.equal(epochOf(options).seed, epochOf(read("--seed", "12")).seed);
  });

  it("says which option is wrong and what it may be", () => {
    const fails = (make: () => unknown, message: RegExp): void =>
      assert.throws(make, (thrown: unknown) => thrown instanceof UserError && message.test(thrown.message));
    fails(() => read("--sede", "1"), /--sede.*--seed/);
    fails(() => read().text("out"), /--out is missing/);
    fails(() => worldOf(read("--seed", "1.5")), /--seed 1.5: give a whole number/);
    fails(() => worldOf(read("--size-m", "wide")), /--size-m wide: give a number from 50/);
    fails(() => worldOf(read("--land-use", "sea")), /--land-use sea: one of urban/);
  });
});
