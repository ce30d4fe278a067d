import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Series } from "../../../sim/feed/series.js";
import { type TruePose, TruePoseTrack } from "../../../sim/feed/true-pose.js";
import { asFrame, attitude, globalPosition, hilState, simState } from "./vehicle.js";

const pose = (over: Partial<TruePose> = {}): TruePose => ({
  lat_deg: 47.1234567,
  lon_deg: 8.7654321,
  alt_m: 560,
  attitude: { roll_deg: 5, pitch_deg: -3, yaw_deg: 170 },
  ...over,
});

function close(actual: TruePose | null, expected: TruePose): void {
  assert.ok(actual !== null);
  assert.ok(Math.abs(actual.lat_deg - expected.lat_deg) < 1.1e-7, `${actual.lat_deg}`);
  assert.ok(Math.abs(actual.lon_deg - expected.lon_deg) < 1.1e-7, `${actual.lon_deg}`);
  assert.ok(Math.abs(actual.alt_m - expected.alt_m) < 1e-3);
  for (const key of ["roll_deg", "pitch_deg", "yaw_deg"] as const) {
    assert.ok(Math.abs(actual.attitude[key] - expected.attitude[key]) < 1e-3, `${key} ${actual.attitude[key]}`);
  }
}

describe("TruePoseTrack", () => {
  it("reads SIM_STATE to the centimetre, not the floats whose steps are a metre", () => {
    const track = new TruePoseTrack(500);
    track.receive(asFrame(simState(pose())), 1000);
    close(track.at(1000), pose());
    assert.equal(track.source, "SIM_STATE");
  });

  it("reads a quaternion: 90 degrees of yaw, then 30 of roll", () => {
    const track = new TruePoseTrack(500);
    const [s, c] = [Math.SQRT1_2, Math.SQRT1_2];
    const [sr, cr] = [Math.sin(Math.PI / 12), Math.cos(Math.PI / 12)];
    track.receive(asFrame(hilState(pose(), [c * cr, c * sr, s * sr, s * cr])), 5);
    close(track.at(5), pose({ attitude: { roll_deg: 30, pitch_deg: 0, yaw_deg: 90 } }));
    assert.equal(track.source, "HIL_STATE_QUATERNION");
  });

  it("interpolates place and attitude, the short way through north", () => {
    const track = new TruePoseTrack(500);
    track.receive(asFrame(simState(pose())), 0);
    const later = pose({ lat_deg: 47.1235567, alt_m: 564, attitude: { roll_deg: 9, pitch_deg: -3, yaw_deg: -170 } });
    track.receive(asFrame(simState(later)), 20_000);
    close(
      track.at(15_000),
      pose({ lat_deg: 47.1235317, alt_m: 563, attitude: { roll_deg: 8, pitch_deg: -3, yaw_deg: -175 } }),
    );
    assert.equal(track.at(60_000), null, "beyond the messages");
    assert.equal(track.at(-1), null, "before the messages");
  });

  it("uses the vehicle's own estimate only until the truth was heard", () => {
    const track = new TruePoseTrack(500);
    track.receive(asFrame(globalPosition(pose(), 500)), 0);
    track.receive(asFrame(attitude(pose())), 0);
    assert.match(track.source ?? "", /GLOBAL_POSITION_INT/);
    close(track.at(0), pose());
    const truth = pose({ lat_deg: 47.2 });
    track.receive(asFrame(simState(truth)), 100);
    track.receive(asFrame(globalPosition(pose(), 500)), 200);
    track.receive(asFrame(attitude(pose())), 200);
    assert.equal(track.newest_us, 100);
    close(track.at(100), truth);
  });

  it("stands on the height of home, else on the first height, and keeps to it", () => {
    const given = new TruePoseTrack(488);
    assert.equal(given.ground_amsl_m, 488);
    const home = new TruePoseTrack();
    home.receive(asFrame(globalPosition(pose({ lat_deg: 0, lon_deg: 0 }), 0)), 0);
    assert.equal(home.ground_amsl_m, null);
    home.receive(asFrame(globalPosition(pose(), 455)), 1);
    home.receive(asFrame(globalPosition(pose(), 0)), 2);
    assert.equal(home.ground_amsl_m, 455);
    const first = new TruePoseTrack();
    first.receive(asFrame(simState(pose({ alt_m: 430 }))), 0);
    assert.equal(first.ground_amsl_m, null);
    first.receive(asFrame(simState(pose({ alt_m: 440 }))), 3_100_000);
    assert.equal(first.ground_amsl_m, 430);
  });
});

describe("Series", () => {
  it("keeps only the last seconds, and replaces what is not newer", () => {
    const series = new Series<number>((a, b, k) => a + (b - a) * k, 1000);
    for (let t = 0; t <= 5000; t += 100) series.add(t, t);
    assert.equal(series.at(3000), null);
    assert.equal(series.at(4555), 4555);
    series.add(4900, 0);
    assert.equal(series.newest_us, 4900);
    assert.equal(series.at(4850), 2400);
    assert.equal(series.at(4950, 100), -2400);
  });
});
