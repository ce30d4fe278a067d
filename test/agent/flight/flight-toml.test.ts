import assert from "node:assert/strict";
import { test } from "node:test";
import { parseFlightToml } from "../../../agent/flight/flight-toml.js";
import { UserError } from "../../../tiles/errors.js";

const CAMERA = "[camera]\nwidth_px = 1920\nheight_px = 1080\nfx = 1478.0\nfy = 1478.0\ncx = 959.5\ncy = 539.5\n";
const fails = (message: RegExp, text: string): void => {
  assert.throws(
    () => parseFlightToml(text, "flight.toml"),
    (thrown: unknown) => {
      assert.ok(thrown instanceof UserError, String(thrown));
      assert.match(thrown.message, message);
      return true;
    },
  );
};

test("camera and mount are read, absent distortion and angles are 0", () => {
  const rig = parseFlightToml(`${CAMERA}k1 = -0.1\n[mount]\npitch_deg = 20\n`, "flight.toml");
  assert.equal(rig.intrinsics.width_px, 1920);
  assert.equal(rig.intrinsics.k1, -0.1);
  assert.equal(rig.intrinsics.k3, 0);
  assert.deepEqual(rig.mount, { roll_deg: 0, pitch_deg: 20, yaw_deg: 0 });
});

test("unknown keys are named with the nearest valid one", () => {
  fails(/^flight\.toml:8:1: unknown key of \[camera\] "foo_px"/, `${CAMERA}foo_px = 1\n`);
  fails(/^flight\.toml:2:1: .*"widht_px"; did you mean "width_px"\?/, CAMERA.replace("width_px", "widht_px"));
  fails(/^flight\.toml:8:1: unknown key "mout"; did you mean "mount"\?/, `${CAMERA}[mout]\npitch_deg = 1\n`);
});

test("missing and wrong values are named", () => {
  fails(/^flight\.toml:1:1: \[camera\]: /, "[mount]\nroll_deg = 0\n");
  fails(/^flight\.toml:1:1: camera\.fx: /, CAMERA.replace("fx = 1478.0\n", ""));
  fails(/^flight\.toml:4:1: camera\.fx: /, CAMERA.replace("fx = 1478.0", "fx = -3"));
  fails(/^flight\.toml:4:1: camera\.fx: /, CAMERA.replace("fx = 1478.0", "fx = nan"));
  fails(/^flight\.toml:2:1: camera\.width_px: /, CAMERA.replace("width_px = 1920", 'width_px = "1920"'));
  fails(/^flight\.toml:4:\d+: not valid TOML: /, CAMERA.replace("fx = 1478.0", "fx = = 3"));
});

test("a distortion that folds inside the image is refused", () => {
  fails(/^flight\.toml:8:1: the distortion .* cannot be inverted/, `${CAMERA}k1 = -1.5\n`);
});
