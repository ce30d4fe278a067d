import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  distance_m,
  lonLatToOffset,
  mercatorScale,
  offsetToLonLat,
  wrapLon_deg,
} from "../../../tiles/geodesy/index.js";

/** Vincenty's inverse formula (Survey Review 23, 1975): an independent reference, good to 0.5 mm. */
function vincenty(a: { lat_deg: number; lon_deg: number }, b: { lat_deg: number; lon_deg: number }) {
  const rad = Math.PI / 180;
  const f = 1 / 298.257223563;
  const major = 6378137;
  const minor = major * (1 - f);
  const l = (b.lon_deg - a.lon_deg) * rad;
  const u1 = Math.atan((1 - f) * Math.tan(a.lat_deg * rad));
  const u2 = Math.atan((1 - f) * Math.tan(b.lat_deg * rad));
  let lambda = l;
  for (let round = 0; ; round++) {
    const sinSigma = Math.hypot(
      Math.cos(u2) * Math.sin(lambda),
      Math.cos(u1) * Math.sin(u2) - Math.sin(u1) * Math.cos(u2) * Math.cos(lambda),
    );
    if (sinSigma === 0) return { distance_m: 0, azimuth_rad: 0 };
    const cosSigma = Math.sin(u1) * Math.sin(u2) + Math.cos(u1) * Math.cos(u2) * Math.cos(lambda);
    const sigma = Math.atan2(sinSigma, cosSigma);
    const sinAlpha = (Math.cos(u1) * Math.cos(u2) * Math.sin(lambda)) / sinSigma;
    const cos2 = 1 - sinAlpha ** 2;
    const cosM = cos2 === 0 ? 0 : cosSigma - (2 * Math.sin(u1) * Math.sin(u2)) / cos2;
    const c = (f / 16) * cos2 * (4 + f * (4 - 3 * cos2));
    const before = lambda;
    lambda = l + (1 - c) * f * sinAlpha * (sigma + c * sinSigma * (cosM + c * cosSigma * (2 * cosM ** 2 - 1)));
    if (Math.abs(lambda - before) > 1e-12 && round < 200) continue;
    const u = (cos2 * (major ** 2 - minor ** 2)) / minor ** 2;
    const big = 1 + (u / 16384) * (4096 + u * (-768 + u * (320 - 175 * u)));
    const small = (u / 1024) * (256 + u * (-128 + u * (74 - 47 * u)));
    const delta =
      small *
      sinSigma *
      (cosM +
        (small / 4) *
          (cosSigma * (2 * cosM ** 2 - 1) - (small / 6) * cosM * (4 * sinSigma ** 2 - 3) * (4 * cosM ** 2 - 3)));
    return {
      distance_m: minor * big * (sigma - delta),
      azimuth_rad: Math.atan2(
        Math.cos(u2) * Math.sin(lambda),
        Math.cos(u1) * Math.sin(u2) - Math.sin(u1) * Math.cos(u2) * Math.cos(lambda),
      ),
    };
  }
}

const place = fc.record({
  lat_deg: fc.double({ min: -75, max: 75, noNaN: true }),
  lon_deg: fc.double({ min: -180, max: 179.999, noNaN: true }),
});

test("offsets go there and back within a tenth of a millimetre", () => {
  const metres = fc.double({ min: -30_000, max: 30_000, noNaN: true });
  fc.assert(
    fc.property(place, metres, metres, (ref, north_m, east_m) => {
      const back = lonLatToOffset(ref, offsetToLonLat(ref, north_m, east_m));
      assert.ok(Math.abs(back.north_m - north_m) < 1e-4 && Math.abs(back.east_m - east_m) < 1e-4);
    }),
  );
});

test("distances agree with Vincenty: 1e-6 under 5 km, 1e-5 under 50 km, 1e-4 beyond", () => {
  const limits = [
    { span_deg: 0.03, relative: 1e-6 },
    { span_deg: 0.3, relative: 1e-5 },
    { span_deg: 20, relative: 1e-4 },
  ];
  for (const { span_deg, relative } of limits) {
    const shift = fc.double({ min: -span_deg, max: span_deg, noNaN: true });
    fc.assert(
      fc.property(place, shift, shift, (a, dLat, dLon) => {
        const b = { lat_deg: Math.max(-80, Math.min(80, a.lat_deg + dLat)), lon_deg: a.lon_deg + dLon };
        const truth = vincenty(a, b).distance_m;
        const found = distance_m(a, b);
        assert.ok(Math.abs(found - truth) <= truth * relative + 1e-3, `${found} instead of ${truth}`);
      }),
    );
  }
});

test("an offset points where the geodesic points", () => {
  const ref = { lat_deg: 52.1, lon_deg: 4.3 };
  for (const [north_m, east_m] of [
    [800, 600],
    [-1500, 20],
    [3, -2000],
  ] as const) {
    const { distance_m: length_m } = vincenty(ref, offsetToLonLat(ref, north_m, east_m));
    assert.ok(Math.abs(length_m - Math.hypot(north_m, east_m)) < 1e-3);
  }
});

test("the antimeridian is no border for offsets and distances", () => {
  const west = { lat_deg: -17, lon_deg: 179.9995 };
  const east = { lat_deg: -17, lon_deg: -179.9995 };
  assert.ok(Math.abs(lonLatToOffset(west, east).east_m - 106.5) < 0.5);
  assert.ok(distance_m(west, east) < 107);
  assert.ok(Math.abs(offsetToLonLat(west, 0, 106.5).lon_deg - east.lon_deg) < 1e-5);
  assert.equal(wrapLon_deg(180), -180);
  assert.equal(wrapLon_deg(-540), -180);
  assert.equal(wrapLon_deg(365), 5);
});

test("the mercator scale is the ellipsoid's, not the sphere's", () => {
  const equator = mercatorScale(0);
  assert.ok(Math.abs(equator.east - 1) < 1e-12);
  assert.ok(Math.abs(equator.north - (1 - 0.00669437999)) < 1e-9);
  const far = mercatorScale(60);
  assert.ok(Math.abs(far.north - 0.5) < 0.002 && Math.abs(far.east - 0.5) < 0.002);
});

test("antipodes are half the world apart", () => {
  const far_m = distance_m({ lat_deg: 0, lon_deg: 0 }, { lat_deg: 0.001, lon_deg: 179.999 });
  assert.ok(far_m > 19_900_000 && far_m < 20_040_000, String(far_m));
  assert.equal(distance_m({ lat_deg: 10, lon_deg: 20 }, { lat_deg: 10, lon_deg: 20 }), 0);
});
