import assert from "node:assert/strict";
import { test } from "node:test";
import { common, type MavLinkData, minimal } from "node-mavlink";
import { encodeMessage } from "../../../agent/mavlink/codec.js";
import { frameFromBytes, type MavlinkFrame } from "../../../agent/mavlink/frame.js";
import { Observer } from "../../../bench/endurance/observer.js";
import { offsetToLonLat } from "../../../tiles/geodesy/index.js";
import { stateOf } from "./states.js";

const HOME = { lat_deg: 48, lon_deg: 11 };
const AGENT = 197;

function frameOf(message: MavLinkData, compid: number): MavlinkFrame {
  return frameFromBytes(encodeMessage(message, { sysid: 1, compid, seq: 0 }));
}

/** The truth at HOME, ten times a second. */
function tellTruth(observer: Observer, from_us: number, to_us: number): void {
  const message = Object.assign(new common.SimState(), { latInt: HOME.lat_deg * 1e7, lonInt: HOME.lon_deg * 1e7 });
  for (let t_us = from_us; t_us <= to_us; t_us += 100_000) observer.positions.receive(frameOf(message, 1), t_us);
}

function positionOff(east_m: number, eph_m: number) {
  return { position: { ...offsetToLonLat(HOME, 0, east_m), eph_m, fix_count: 9 }, reason: null };
}

test("positions are judged by the truth of their own moment, and false ones are told", () => {
  const observer = new Observer();
  tellTruth(observer, 0, 1e6);
  observer.look(stateOf({ t_us: 1.05e6, navigation: positionOff(3, 2) }));
  observer.look(stateOf({ t_us: 1.06e6, navigation: positionOff(60, 2) }));
  observer.look(stateOf({ t_us: 1.07e6, navigation: positionOff(60, 30) }));
  observer.look(stateOf({ t_us: 1.08e6 }));
  tellTruth(observer, 1.1e6, 1.2e6);
  const { positions } = observer.observed;
  assert.equal(positions.availability, 0.75);
  assert.equal(positions.availability_jammed, null);
  assert.equal(positions.false_fixes, 1);
  assert.ok(Math.abs((positions.error_m.median ?? 0) - 60) < 0.1);
});

test("availability in the jamming counts from the twin's word for it", () => {
  const observer = new Observer();
  observer.look(stateOf({ navigation: positionOff(0, 2) }));
  observer.event({ kind: "event", t_s: 60, event: "gps", jammed: true });
  observer.look(stateOf({}));
  const { availability, availability_jammed } = observer.observed.positions;
  assert.deepEqual([availability, availability_jammed], [0.5, 0]);
});

test("only the agent's own heartbeats and texts count", () => {
  const observer = new Observer();
  const heartbeat = Object.assign(new minimal.Heartbeat(), {
    type: minimal.MavType.ONBOARD_CONTROLLER,
    autopilot: minimal.MavAutopilot.INVALID,
    baseMode: 0,
    customMode: 0,
    systemStatus: minimal.MavState.ACTIVE,
    mavlinkVersion: 3,
  });
  const text = Object.assign(new common.StatusText(), { severity: 4, text: "SkyLink: position lost 3 s ago" });
  for (const t_us of [0, 1e6]) observer.heard(frameOf(heartbeat, AGENT), t_us);
  observer.heard(frameOf(heartbeat, 1), 1.2e6);
  observer.heard(frameOf(text, AGENT), 1.3e6);
  assert.equal(observer.observed.heartbeats.received, 2);
  assert.deepEqual(observer.observed.operator_texts, { "SkyLink: position lost # s ago": 1 });
});

test("a daemon that does not answer is counted, one that answers something else is an error", () => {
  const observer = new Observer();
  observer.look(null);
  assert.equal(observer.observed.unanswered, 0, "it is starting");
  observer.look(stateOf({}));
  observer.look(null);
  assert.equal(observer.observed.unanswered, 1);
  assert.throws(() => observer.look({ hello: "world" }));
});
