import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { common } from "node-mavlink";
import { decodeAs } from "../../../../../agent/mavlink/codec.js";
import { GlobalPositionSensor } from "../../../../../agent/mavlink/messages/global-position-sensor.js";
import { FeedChooser } from "../../../../../agent/mavlink/publishers/flight/choose.js";
import { type CommandOutcome, CommandWatch } from "../../../../../agent/mavlink/publishers/flight/commands.js";
import { EkfWatch, type FeedToEkf } from "../../../../../agent/mavlink/publishers/flight/ekf-watch.js";
import type { FeedOptions } from "../../../../../agent/mavlink/publishers/flight/feed-options.js";
import { FlightFeed } from "../../../../../agent/mavlink/publishers/flight/flight-feed.js";
import { GpsHealth, type GpsState } from "../../../../../agent/mavlink/publishers/flight/gps-health.js";
import {
  visionSetKnown,
  visionSetProblems,
} from "../../../../../agent/mavlink/publishers/flight/parameter-problems.js";
import { ParameterReader } from "../../../../../agent/mavlink/publishers/flight/parameter-reader.js";
import { SourceSetSwitch } from "../../../../../agent/mavlink/publishers/flight/source-set.js";
import type { Recording } from "../../fixtures.js";
import { texts } from "./fake-autopilot.js";
import { FakeFlight, ofType, type Sent } from "./helpers.js";
import { play, RecordedVehicle, recordedFrames } from "./recordings.js";

/** Changes of something over a recording: [second, value]. */
type Changes<T> = [number, T][];

function note<T>(changes: Changes<T>, t_s: number, value: T): void {
  if (changes.length === 0 || changes.at(-1)?.[1] !== value) changes.push([t_s, value]);
}

function at<T>(changes: Changes<T>, t_s: number): T | undefined {
  return changes.filter(([from_s]) => from_s <= t_s).at(-1)?.[1];
}

function gpsStates(name: Recording): Changes<GpsState> {
  const gps = new GpsHealth();
  const changes: Changes<GpsState> = [];
  play(name, {
    frame: ({ from, frame, t_s }) => {
      if (from) gps.receive(frame, t_s * 1e6);
    },
    tick: (t_s, status) => {
      gps.update(t_s * 1e6, status);
      note(changes, t_s, gps.state);
    },
  });
  return changes;
}

describe("GPS health", () => {
  test("copter: healthy until the jam at 90.22 s, lost as soon as it is reported (90.98 s) and lasts", () => {
    const states = gpsStates("ardupilot-copter");
    assert.deepEqual(
      states.map(([, state]) => state),
      ["unknown", "lost", "healthy", "lost"],
    );
    const [, , healthy, lost] = states;
    assert.ok((healthy?.[0] ?? 0) > 10.9 && (healthy?.[0] ?? 0) < 11.1);
    assert.ok((lost?.[0] ?? 0) > 91.4 && (lost?.[0] ?? 0) < 91.6);
  });

  test("plane: lost within a second of the jam (41.62 s), healthy again after it ends (80.52 s)", () => {
    const states = gpsStates("ardupilot-plane");
    assert.deepEqual(states.map(([, state]) => state).slice(-3), ["healthy", "lost", "healthy"]);
    const [lost, back] = states.slice(-2);
    assert.ok((lost?.[0] ?? 0) > 41.9 && (lost?.[0] ?? 0) < 42.7, `${lost?.[0]}`);
    assert.ok((back?.[0] ?? 0) > 81.9 && (back?.[0] ?? 0) < 82.2, `${back?.[0]}`);
  });

  test("PX4 without any GPS: lost, once there was time to report one", () => {
    assert.deepEqual(
      gpsStates("px4-quad").map(([, state]) => state),
      ["unknown", "lost"],
    );
  });
});

/** What the watch says over a recording, fed when the recording was fed with messages of this id. */
function fused(
  name: Recording,
  feed: FeedToEkf,
  msgid: number,
  sole: (t_s: number) => boolean,
): Changes<boolean | null> {
  const watch = new EkfWatch();
  const changes: Changes<boolean | null> = [];
  let sent_s = Number.NEGATIVE_INFINITY;
  play(name, {
    frame: ({ from, frame, t_s }) => {
      if (from) watch.receive(frame, t_s * 1e6);
      else if (frame.msgid === msgid) sent_s = t_s;
    },
    tick: (t_s) => {
      watch.update({ now_us: t_s * 1e6, feed, feeding: t_s - sent_s <= 1, soleSource: sole(t_s), suspects: [] });
      note(changes, t_s, watch.fused);
    },
  });
  return changes;
}

describe("whether the EKF uses the feed", () => {
  test("copter: not known beside GPS, proved 8 s after the switch, outliers are no loss, nothing after the feed ends", () => {
    const { MSG_ID } = common.VisionPositionEstimate;
    const changes = fused("ardupilot-copter", "ardupilot_vision", MSG_ID, (t_s) => t_s >= 92.234);
    assert.deepEqual(
      changes.map(([, value]) => value),
      [null, true, null],
    );
    const [, proved, ended] = changes;
    assert.ok((proved?.[0] ?? 0) > 100 && (proved?.[0] ?? 0) < 101, `${proved?.[0]}`);
    assert.ok((ended?.[0] ?? 0) > 128 && (ended?.[0] ?? 0) < 129);
  });

  test("PX4: ODOMETRY at 2 Hz shows good flags for a second and is never taken for used", () => {
    for (const name of ["px4-quad", "px4-quad-dropout"] as const) {
      const changes = fused(name, "px4_vision", common.Odometry.MSG_ID, () => true);
      assert.ok(changes.every(([, value]) => value !== true));
      assert.equal(at(changes, 22), false);
    }
  });

  test("PX4: GLOBAL_POSITION_SENSOR is used from 26.6 s to its end, two outliers or not", () => {
    const changes = fused("px4-quad", "px4_global", GlobalPositionSensor.MSG_ID, () => true);
    const proved = changes.find(([, value]) => value === true);
    assert.ok((proved?.[0] ?? 0) > 29 && (proved?.[0] ?? 0) < 31, `${proved?.[0]}`);
    assert.ok(changes.every(([t_s, value]) => t_s < 30 || t_s > 97 || value === true));
    assert.equal(at(changes, 100), null);
  });

  test("PX4 rejects a good feed in a turn (from 80.9 s, failsafe at 85.7 s) and takes it again: false in time, then true", () => {
    const changes = fused("px4-quad-dropout", "px4_global", GlobalPositionSensor.MSG_ID, () => true);
    assert.equal(at(changes, 80), true);
    assert.equal(at(changes, 84), false);
    assert.equal(at(changes, 87.5), false);
    assert.equal(at(changes, 97), true);
  });
});

describe("answers", () => {
  /** Outcomes of a command in a recording, each COMMAND_INT or COMMAND_LONG with its answer. */
  function outcomes(name: Recording, command: number): CommandOutcome[] {
    const watch = new CommandWatch(command, 191);
    const seen: CommandOutcome[] = [];
    for (const { from, frame, t_s } of recordedFrames(name)) {
      if (from) {
        const outcome = watch.take(frame, t_s * 1e6);
        if (outcome !== null) seen.push(outcome);
      } else if (
        (frame.msgid === common.CommandInt.MSG_ID && decodeAs(frame, common.CommandInt).command === command) ||
        (frame.msgid === common.CommandLong.MSG_ID && decodeAs(frame, common.CommandLong).command === command)
      ) {
        watch.sent(t_s * 1e6);
      }
    }
    return seen;
  }

  test("43003 of the plane, in order", () => {
    const expected = "4 4 4 4 4 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 2 2 2 3 0 0 0 0 4"
      .split(" ")
      .map((result) => ({ 0: "accepted", 2: "denied", 3: "unsupported", 4: "failed" })[Number(result)]);
    assert.deepEqual(outcomes("ardupilot-plane", 43003), expected);
  });

  test("42007: sets that exist are accepted, configured or not; others are denied", () => {
    assert.deepEqual(outcomes("ardupilot-plane", 42007), [
      "denied",
      "accepted",
      "accepted",
      "accepted",
      "denied",
      "accepted",
    ]);
    assert.deepEqual(outcomes("ardupilot-copter", 42007), ["denied", "accepted"]);
  });
});

/** Parameters as a reader takes them from a recording. */
function parameters(name: Recording, names: readonly string[]): ParameterReader {
  const reader = new ParameterReader();
  reader.want(names);
  const vehicle = new RecordedVehicle();
  for (const { from, frame, t_s } of recordedFrames(name)) {
    if (!from) continue;
    vehicle.take(frame);
    reader.tick(t_s * 1e6, vehicle.status.vehicle);
    reader.receive(frame);
  }
  return reader;
}

describe("parameters and what is chosen by them", () => {
  test("PX4: integers byte by byte, a PARAM_ERROR for what does not exist; GLOBAL_POSITION_SENSOR", () => {
    const reader = parameters("px4-quad", ["EKF2_AGP0_CTRL", "EKF2_AGP_CTRL", "EKF2_EV_DELAY", "EKF2_AGP0_DELAY"]);
    assert.equal(reader.value("EKF2_AGP0_CTRL"), 1);
    assert.equal(reader.value("EKF2_AGP0_DELAY"), 150);
    assert.equal(reader.value("EKF2_EV_DELAY"), 0);
    assert.equal(reader.state("EKF2_AGP_CTRL"), "absent");
    const vehicle = { sysid: 8, compid: 1, autopilot: 12, type: 2 };
    assert.equal(new FeedChooser("auto", reader, 2).choose({ vehicle }).feed, "global_position_sensor");
  });

  test("copter: set 2 takes vision, set 1 is GPS's", () => {
    const names = [1, 2].flatMap((set) => ["POSXY", "VELXY", "POSZ", "YAW"].map((what) => `EK3_SRC${set}_${what}`));
    const reader = parameters("ardupilot-copter", [...names, "VISO_TYPE"]);
    assert.ok(visionSetKnown(reader, 2));
    assert.deepEqual(visionSetProblems(reader, 2), []);
    assert.match(visionSetProblems(reader, 1)[0] ?? "", /EK3_SRC1_POSXY is 3, set 6/);
  });

  test("plane without VISO_TYPE: 43003", () => {
    const reader = parameters("ardupilot-plane", ["VISO_TYPE"]);
    const vehicle = { sysid: 1, compid: 1, autopilot: 3, type: 1 };
    const choice = new FeedChooser("auto", reader, 2).choose({ vehicle });
    assert.equal(choice.feed, "external_position_estimate");
    assert.match(choice.why, /VISO_TYPE is 0, set 1/);
  });
});

describe("the source set over the copter's jam", () => {
  /** Our switch over the recording, hearing its answers from `answers_s` on; its commands and states. */
  function switched(answers_s: number): { asked: [number, number][]; onVision: Changes<boolean> } {
    const gps = new GpsHealth();
    const reader = new ParameterReader();
    const options = { gpsSet: 1, visionSet: 2, back_after_s: 10, ownComponent: 191 };
    const sets = new SourceSetSwitch(options, reader, gps);
    const flight = new FakeFlight(null);
    const asked: [number, number][] = [];
    const onVision: Changes<boolean> = [];
    let sent_s = Number.NEGATIVE_INFINITY;
    play("ardupilot-copter", {
      frame: ({ from, frame, t_s }) => {
        if (!from) {
          if (frame.msgid === common.VisionPositionEstimate.MSG_ID) sent_s = t_s;
          return;
        }
        reader.receive(frame);
        gps.receive(frame, t_s * 1e6);
        if (frame.msgid !== common.CommandAck.MSG_ID || t_s >= answers_s) sets.receive(frame, t_s * 1e6);
      },
      tick: (t_s, status) => {
        flight.now_us = Math.round(t_s * 1e6);
        flight.status = status;
        flight.fix(0);
        reader.tick(flight.now_us, status.vehicle);
        gps.update(flight.now_us, status);
        for (const message of sets.tick(flight.moment(), t_s - sent_s < 0.5)) {
          assert.ok(message instanceof common.CommandLong);
          asked.push([t_s, message._param1]);
        }
        note(onVision, t_s, sets.onVision);
      },
    });
    return { asked, onVision };
  }

  test("asks for set 2 within 2 s of the jam, not before, and is on it with the answer at 92.234 s", () => {
    const { asked, onVision } = switched(92.23);
    const [first] = asked;
    assert.ok((first?.[0] ?? 0) > 91.4 && (first?.[0] ?? 0) < 92.2, `${first?.[0]}`);
    assert.deepEqual([...new Set(asked.map(([, set]) => set))], [2]);
    assert.equal(at(onVision, 92.2), false);
    assert.equal(at(onVision, 92.3), true);
    assert.equal(onVision.at(-1)?.[1], true, "GPS never comes back");
  });

  test("a DENIED is not taken for a switch", () => {
    const { onVision } = switched(92.2);
    assert.equal(at(onVision, 92.3), false);
  });
});

/** A whole feed over a recording, with a position all the time; the autopilot hears the recording's own feed. */
function feedOver(name: Recording, options: Partial<FeedOptions> = {}) {
  const feed = new FlightFeed({ answersTimesync: false, ownComponent: 191, sourceSets: {}, ...options });
  const flight = new FakeFlight(null);
  const states: Changes<boolean | null> = [];
  const sent: Sent[] = [];
  play(name, {
    frame: ({ from, frame, t_s }) => {
      if (from) feed.receive(frame, Math.round(t_s * 1e6));
    },
    tick: (t_s, status) => {
      flight.now_us = Math.round(t_s * 1e6);
      flight.status = status;
      flight.fix(0);
      sent.push(...feed.tick(flight.moment()).map((message) => ({ t_us: flight.now_us, message })));
      note(states, t_s, feed.status.fused);
    },
  });
  return { feed, states, sent, texts: texts(sent) };
}

describe("a whole feed over a recording", () => {
  test("PX4: probed, fed at 5 Hz, used from 26.6 s on, and the operator is told when that ends (101.9 s)", () => {
    const { feed, states, sent, texts: said } = feedOver("px4-quad");
    assert.equal(feed.name, "global_position_sensor");
    const fed = ofType(sent, GlobalPositionSensor);
    assert.ok((fed[0]?.t_us ?? 0) < 6e6 && fed.length > 500);
    assert.equal(at(states, 25), false);
    assert.equal(at(states, 31), true);
    assert.equal(at(states, 96), true);
    assert.equal(at(states, 104), false);
    assert.ok(said.some((text) => /EKF uses global_position_sensor/.test(text)));
    assert.ok(said.filter((text) => /EKF does not use global_position_sensor/.test(text)).length >= 2);
  });

  test("copter: vision, its origin taken from the vehicle, set 2 asked for, lost after the feed in the recording ends", () => {
    const { feed, states, sent } = feedOver("ardupilot-copter");
    assert.equal(feed.name, "vision_position_estimate");
    const fed = ofType(sent, common.VisionPositionEstimate);
    assert.ok((fed[0]?.t_us ?? 0) > 19.8e6, "not before the vehicle has told its origin at 19.83 s");
    const asked = ofType(sent, common.CommandLong).filter(({ message }) => Number(message.command) === 42007);
    assert.ok((asked[0]?.t_us ?? 0) > 91.4e6 && (asked[0]?.t_us ?? 0) < 92.2e6);
    assert.equal(at(states, 90), null);
    assert.equal(at(states, 125), true);
    assert.equal(at(states, 136), false);
  });

  test("plane: 43003 from the loss of GPS to its return, and accepted", () => {
    const { feed, sent } = feedOver("ardupilot-plane", { externalPosition: { interval_s: 5 } });
    assert.equal(feed.name, "external_position_estimate");
    const commands = ofType(sent, common.CommandInt);
    assert.ok(commands.length >= 6);
    assert.ok(commands.every(({ t_us }) => t_us > 41.9e6 && t_us < 82.1e6));
    assert.ok(feed.status.conditions.some(({ name, holds }) => name === "gps_lost" && !holds));
  });
});
