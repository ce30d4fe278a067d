import assert from "node:assert/strict";
import { test } from "node:test";
import { estimatePosition } from "../../../agent/vision/estimate.js";
import type { Frame } from "../../../agent/vision/frame.js";
import type { Registration } from "../../../agent/vision/register/registrar.js";
import { lonLatToOffset } from "../../../tiles/geodesy/wgs84.js";
import { intrinsicsFromHfov } from "../../../tiles/geometry/intrinsics.js";
import { candidateAt } from "../helpers/feature-map.js";

const level = { roll_deg: 0, pitch_deg: 0, yaw_deg: 0 };
const frame: Frame = {
  t_us: 7,
  image: { kind: "raw", width_px: 1, height_px: 1, channels: 1, data: new Uint8Array(1) },
  attitude: level,
  agl_m: 100,
  yaw_sigma_deg: 5,
  agl_sigma_m: 4,
};
const rig = { intrinsics: intrinsicsFromHfov(1000, 1000, 60), mount: level };
const registration: Registration = {
  candidate: candidateAt(0, 0),
  lat_deg: 46,
  lon_deg: 7,
  cov_ne_m2: { nn: 2, ne: 0.5, ee: 3 },
  heading_deg: 0,
  heading_sigma_deg: 2,
  scale: 1,
  scale_sigma: null,
  heading_at_end: false,
  scale_at_end: false,
  measures: {
    peak: 1,
    peak_to_second: 1,
    peak_to_other: 1,
    entropy: 0,
    similarity: 1,
    logit: 0,
    logit_margin: 0,
    visible: 1,
    overlap: 1,
    at_border: 0,
  },
  quality: 0.97,
  accepted: true,
};
const near = (actual: number, expected: number, tolerance = 1e-6): void => {
  assert.ok(Math.abs(actual - expected) < tolerance, `${actual} is not ${expected}`);
};

test("looking straight down the vehicle is above the patch; attitude moves it by agl times the angle", () => {
  const budget = { attitude_sigma_deg: 1, map_sigma_m: 1 };
  const fix = estimatePosition(frame, rig, { north_m: 0, east_m: 0 }, registration, budget);
  near(fix.lat_deg, 46, 1e-12);
  near(fix.lon_deg, 7, 1e-12);
  const tilt = (100 * Math.tan(Math.PI / 180)) ** 2;
  near(fix.cov_ne_m2.nn, 2 + 1 + tilt);
  near(fix.cov_ne_m2.ee, 3 + 1 + tilt);
  near(fix.cov_ne_m2.ne, 0.5);
  near(fix.eph_m, Math.sqrt(7 + 2 * tilt));
  assert.equal(fix.quality, 0.97);
  assert.equal(fix.alt_m, null);
  assert.equal(fix.t_us, 7);
});

test("the offset is taken off, turned by the heading correction; heading and height act on the offset", () => {
  const budget = { attitude_sigma_deg: 1e-9, map_sigma_m: 0 };
  const fix = estimatePosition(frame, rig, { north_m: 50, east_m: 0 }, { ...registration, heading_deg: 90 }, budget);
  // 50 m north of the vehicle becomes 50 m east of it: the vehicle is 50 m west of the patch.
  const { north_m, east_m } = lonLatToOffset(registration, fix);
  near(north_m, 0);
  near(east_m, -50);
  near(fix.cov_ne_m2.nn, 2 + (50 * 2 * (Math.PI / 180)) ** 2);
  near(fix.cov_ne_m2.ee, 3 + (50 * 0.04) ** 2);
});

test("height and registered scale are combined by inverse variance", () => {
  const budget = { attitude_sigma_deg: 1e-9, map_sigma_m: 0 };
  const scaled = { ...registration, scale: 1.06, scale_sigma: 0.04 };
  const fix = estimatePosition(frame, rig, { north_m: 50, east_m: 0 }, scaled, budget);
  const { north_m } = lonLatToOffset(registration, fix);
  // Equal variances: the mean of 1 and 1.06, with sigma 0.04 / sqrt 2.
  near(north_m, -51.5, 1e-4);
  near(fix.cov_ne_m2.nn, 2 + (50 * (0.04 / Math.SQRT2)) ** 2);
});
