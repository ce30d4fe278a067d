import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { chooseSettings, heightSigma, SETTINGS } from "../../../bench/matching/settings.js";
import { UserError } from "../../../tiles/errors.js";

describe("settings", () => {
  test("all of them, or those named", () => {
    assert.equal(chooseSettings(undefined).length, SETTINGS.length);
    assert.deepEqual(
      chooseSettings("exact, scale-0.8").map(({ name }) => name),
      ["exact", "scale-0.8"],
    );
  });

  test("an unknown one is refused with those there are", () => {
    assert.throws(
      () => chooseSettings("heading-6"),
      (thrown) => thrown instanceof UserError && /"heading-6".*heading-5, heading-10/.test(thrown.message),
    );
  });

  test("sigmas are honest: no error is beyond two of its sigmas", () => {
    for (const setting of SETTINGS) {
      assert.ok((setting.headingError_deg ?? 180) <= 2 * setting.headingSigma_deg);
      // True over stated height, as registration searches it.
      assert.ok(Math.abs(1 / setting.heightFactor - 1) <= 2 * heightSigma(setting));
    }
  });
});
