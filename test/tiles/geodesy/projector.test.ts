import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { UserError } from "../../../tiles/errors.js";
import { projector } from "../../../tiles/geodesy/index.js";

/** What the parallel of a point's zone makes of it: UTM's own check, 500 km east on the central meridian. */
test("UTM: the central meridian is at 500 km, the equator at 0 north and 10,000 km south", () => {
  for (const zone of [1, 33, 60]) {
    const lon_deg = zone * 6 - 183;
    const north = projector(32600 + zone).fromLonLat(lon_deg, 0);
    assert.ok(Math.abs(north.x - 500_000) < 1e-6 && Math.abs(north.y) < 1e-6);
    const south = projector(32700 + zone).fromLonLat(lon_deg, 0);
    assert.ok(Math.abs(south.y - 10_000_000) < 1e-6);
  }
});

test("UTM: known point (CN Tower, 17N 630084 4833438)", () => {
  const { x, y } = projector(32617).fromLonLat(-79.38713888, 43.64256111);
  assert.ok(Math.hypot(x - 630084, y - 4833438) < 2, `${x} ${y}`);
});

test("every known kind of system goes there and back", () => {
  const systems: [number | string, number][] = [
    [4326, 15],
    [3857, 15],
    [32633, 15],
    [32733, 15],
    [25833, 15],
    [26917, -81],
    [28356, 153],
    [7856, 153],
    ["EPSG:32633", 15],
    ["+proj=lcc +lat_1=49 +lat_2=44 +lat_0=46.5 +lon_0=3 +x_0=700000 +y_0=6600000 +ellps=GRS80 +units=m", 3],
  ];
  for (const [system, middle_deg] of systems) {
    const { toLonLat, fromLonLat } = projector(system);
    const lon = fc.double({ min: middle_deg - 3, max: middle_deg + 3, noNaN: true });
    fc.assert(
      fc.property(lon, fc.double({ min: -60, max: 60, noNaN: true }), (lon_deg, lat_deg) => {
        const { x, y } = fromLonLat(lon_deg, lat_deg);
        const back = toLonLat(x, y);
        assert.ok(Math.abs(back.lon_deg - lon_deg) < 1e-7, `${system}`);
        assert.ok(Math.abs(back.lat_deg - lat_deg) < 1e-7, `${system}`);
      }),
      { numRuns: 50 },
    );
  }
});

test("WKT is read", () => {
  const wkt =
    'PROJCS["WGS 84 / UTM zone 33N",GEOGCS["WGS 84",DATUM["WGS_1984",SPHEROID["WGS 84",6378137,298.257223563]],' +
    'PRIMEM["Greenwich",0],UNIT["degree",0.0174532925199433]],PROJECTION["Transverse_Mercator"],' +
    'PARAMETER["latitude_of_origin",0],PARAMETER["central_meridian",15],PARAMETER["scale_factor",0.9996],' +
    'PARAMETER["false_easting",500000],PARAMETER["false_northing",0],UNIT["metre",1]]';
  const a = projector(wkt).fromLonLat(16, 48);
  const b = projector(32633).fromLonLat(16, 48);
  assert.ok(Math.hypot(a.x - b.x, a.y - b.y) < 1e-3);
});

test("4326 is longitude, latitude", () => {
  assert.deepEqual(projector(4326).toLonLat(8.5, 47.3), { lon_deg: 8.5, lat_deg: 47.3 });
});

test("what cannot be known is a UserError that names it", () => {
  assert.throws(
    () => projector(2056),
    (error) => error instanceof UserError && /EPSG:2056/.test(error.message),
  );
  assert.throws(() => projector(32661), UserError);
  assert.throws(
    () => projector("nonsense"),
    (error) => error instanceof UserError && /nonsense/.test(error.message),
  );
  assert.throws(() => projector("+proj=nothing"), UserError);
  assert.throws(() => projector(""), UserError);
});

test("points that are not on the earth are UserErrors", () => {
  assert.throws(() => projector(32633).toLonLat(Number.NaN, 0), UserError);
  assert.throws(() => projector(4326).toLonLat(600_000, 5_000_000), UserError);
});
