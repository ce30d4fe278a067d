import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import sharp from "sharp";
import { ellipse95 } from "../../../agent/status/ellipse.js";
import { mapAsSeen } from "../../../agent/status/map-view.js";
import { TrackLog } from "../../../agent/status/track-log.js";
import { SimulatedTruth } from "../../../agent/status/truth.js";
import { statusView } from "../../../agent/status/view.js";
import { inWords } from "../../../agent/status/words.js";
import { NO_FIX_REASONS } from "../../../agent/vision/result.js";
import { lonLatToOffset, mercatorToLonLat, tileAtLonLat, tileBounds } from "../../../tiles/geodesy/index.js";
import { GroundView } from "../../../tiles/geometry/ground.js";
import { asFrame, simState } from "../../sim/feed/vehicle.js";
import { groundColour, photographGround } from "../helpers/ground.js";
import { fakePack, PLACE, RIG, snapshot } from "./fakes.js";

describe("statusView", () => {
  it("says how good the position is, and how far it is from the truth", () => {
    const view = statusView(snapshot(), { lat_deg: PLACE.lat_deg, lon_deg: PLACE.lon_deg + 0.001 }, null);
    assert.equal(view.headline, "Position ± 3.6 m");
    assert.equal(view.tone, "good");
    assert.ok(Math.abs((view.truth?.error_m ?? 0) - 76.8) < 0.1);
    assert.equal(view.position?.course_deg, 270);
    assert.equal(view.position?.fix_age_s, 0.5);
    assert.equal(view.components[1]?.detail, "cpu; restarted 2 times");
    assert.equal(view.links[0]?.detail, "120 received, 44 sent, round trip 3.4 ms");
    assert.equal(view.publishers[0]?.detail, "40 sent, the autopilot uses it");
    assert.deepEqual(
      view.vehicle.map(({ state }) => state),
      ["alive", "GUIDED", "no fix", "valid"],
    );
  });

  it("says why there is none, and colours what is wrong", () => {
    const { navigation, publishers, camera } = snapshot();
    const view = statusView(
      snapshot({
        navigation: { ...navigation, position: null, state: "starting", reason: "fix-age" },
        publishers: publishers.map((one) => ({ ...one, fused: false })),
        camera: { ...camera, state: "failed", detail: "no such device" },
        frame: null,
      }),
      null,
      null,
    );
    assert.deepEqual([view.headline, view.why, view.tone], ["No position", "the last fix is too old", "busy"]);
    assert.equal(view.publishers[0]?.tone, "bad");
    assert.deepEqual([view.camera.tone, view.camera.detail], ["bad", "no such device"]);
    assert.equal(view.frame, null);
    assert.equal(view.truth, null);
  });

  it("has words for every reason, and gives an unknown one as it is", () => {
    for (const reason of NO_FIX_REASONS) assert.notEqual(inWords(reason), reason);
    for (const odd of ["new-reason", "constructor", "__proto__"]) assert.equal(inWords(odd), odd);
  });
});

describe("ellipse95", () => {
  it("has the covariance's axes and turns with it", () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.5, max: 30, noNaN: true }),
        fc.double({ min: 1.1, max: 5, noNaN: true }),
        fc.double({ min: -89, max: 89, noNaN: true }),
        (minor, ratio, azimuth_deg) => {
          const major = minor * ratio;
          const [c, s] = [Math.cos((azimuth_deg * Math.PI) / 180), Math.sin((azimuth_deg * Math.PI) / 180)];
          const nn = major ** 2 * c * c + minor ** 2 * s * s;
          const ee = major ** 2 * s * s + minor ** 2 * c * c;
          const ellipse = ellipse95({ nn, ne: (major ** 2 - minor ** 2) * c * s, ee });
          assert.ok(Math.abs(ellipse.semi_major_m / major - 2.4477) < 1e-3);
          assert.ok(Math.abs(ellipse.semi_minor_m / minor - 2.4477) < 1e-3);
          assert.ok(Math.abs(ellipse.azimuth_deg - azimuth_deg) < 1e-6);
        },
      ),
    );
  });
});

describe("TrackLog", () => {
  it("keeps an hour and nothing of times at which nothing was known", () => {
    const log = new TrackLog();
    log.add(0, null, null);
    for (let t = 0; t < 4000; t++) log.add(t, PLACE, null);
    assert.equal(log.points.length, 3600);
    assert.deepEqual(log.points.at(-1), { t_s: 3999, position: PLACE, truth: null });
  });
});

describe("SimulatedTruth", () => {
  it("tells the simulator's place while it is fresh", () => {
    const truth = new SimulatedTruth();
    assert.equal(truth.at(0), null);
    const pose = { ...PLACE, alt_m: 500, attitude: { roll_deg: 0, pitch_deg: 0, yaw_deg: 0 } };
    truth.receive(asFrame(simState(pose)), 1_000_000);
    assert.deepEqual(truth.at(2_000_000), PLACE);
    assert.equal(truth.at(3_100_000), null);
  });
});

describe("mapAsSeen", () => {
  it("is what the camera sees from that place", async () => {
    const tiles = new Map<string, Buffer>();
    const paint = async (z: number, x: number, y: number): Promise<Buffer> => {
      const { west, north, east } = tileBounds({ z, x, y });
      const rgb = new Uint8Array(256 * 256 * 3);
      const step = (east - west) / 256;
      for (let i = 0; i < 256 * 256; i++) {
        const at = mercatorToLonLat(west + ((i % 256) + 0.5) * step, north - (Math.floor(i / 256) + 0.5) * step);
        const { north_m, east_m } = lonLatToOffset(PLACE, at);
        rgb.set(groundColour(north_m, east_m), i * 3);
      }
      return sharp(rgb, { raw: { width: 256, height: 256, channels: 3 } })
        .png()
        .toBuffer();
    };
    const { x: cx, y: cy } = tileAtLonLat(18, PLACE.lon_deg, PLACE.lat_deg);
    for (let x = cx - 1; x <= cx + 1; x++)
      for (let y = cy - 1; y <= cy + 1; y++) tiles.set(`${x}/${y}`, await paint(18, x, y));
    const attitude = { roll_deg: 6, pitch_deg: -4, yaw_deg: 70 };
    const rig = { ...RIG, mount: { roll_deg: 0, pitch_deg: 8, yaw_deg: 0 } };
    const from = { lat_deg: PLACE.lat_deg, lon_deg: PLACE.lon_deg, attitude, agl_m: 80 };
    const pack = fakePack((z, x, y) => (z === 18 ? (tiles.get(`${x}/${y}`) ?? null) : null));
    const seen = await mapAsSeen(pack, rig, from, 160);
    assert.deepEqual([seen.width, seen.height], [160, 120]);
    const expected = photographGround(new GroundView(rig.intrinsics, { attitude, mount: rig.mount, agl_m: 80 }), 0, 0);
    let difference = 0;
    for (let i = 0; i < expected.length; i++) difference += Math.abs((seen.rgb[i] ?? 0) - (expected[i] ?? 0));
    // The nearest pixel of a tile of 0.4 m against the very ground: a few levels; 4 m off it would be over 25.
    assert.ok(difference / expected.length < 14, `${difference / expected.length}`);
  });

  it("is dark where there is no map and above the horizon", async () => {
    const from = { ...PLACE, attitude: { roll_deg: 0, pitch_deg: 80, yaw_deg: 0 }, agl_m: 80 };
    const { rgb, width } = await mapAsSeen(
      fakePack(() => null),
      RIG,
      from,
      80,
    );
    assert.equal(width, 80);
    assert.ok(rgb.every((value) => value < 21));
  });
});
