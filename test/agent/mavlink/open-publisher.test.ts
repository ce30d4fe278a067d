import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { common, minimal } from "node-mavlink";
import type { Fix } from "../../../agent/fix.js";
import { decodeAs } from "../../../agent/mavlink/codec.js";
import { startListener } from "../../../agent/mavlink/listener.js";
import { openPublisher, type PublisherOptions } from "../../../agent/mavlink/open-publisher.js";
import { UserError } from "../../../tiles/errors.js";
import { otherEnd } from "./other-end.js";
import { until } from "./waiting.js";

const ORIGIN = { lat_deg: 49, lon_deg: 16, alt_m: 300 };

/** A flight straight north-east; the fifth fix is a jump. */
const FIXES: readonly Fix[] = Array.from({ length: 20 }, (_, i) => ({
  t_us: 1_000_000 + i * 200_000,
  lat_deg: 49.001 + i * 1e-5,
  lon_deg: 16.001 + i * 2e-5,
  eph_m: 5,
  cov_ne_m2: { nn: 12.5, ne: 0, ee: 12.5 },
  alt_m: null,
  quality: 0.9,
  reset: i === 4,
}));

describe("fixes on a link, as a checking listener sees them", () => {
  test("both messages arrive whole, in order, where the fixes were", async () => {
    const listener = await startListener();
    const publisher = await openPublisher(listener.url, {
      messages: ["global_position_sensor", "vision_position_estimate"],
      origin: ORIGIN,
    });
    for (const fix of FIXES) await publisher.publish(fix);
    await until("all positions", () => listener.report().positions.length === 40);
    const { sent, skipped, notSent, fixes } = publisher.counts();
    assert.deepEqual(
      { sent, skipped, notSent, fixes },
      { sent: { global_position_sensor: 20, vision_position_estimate: 20 }, skipped: {}, notSent: 0, fixes: 20 },
    );
    await publisher.close();
    const report = await listener.close();
    assert.deepEqual(report.problems, []);
    assert.equal(report.ok, true);
    assert.equal(report.lost, 0);
    assert.deepEqual(report.senders, ["1/197"]);
    const { HEARTBEAT: beats = 0, SET_GPS_GLOBAL_ORIGIN: origins = 0, ...positions } = report.messages;
    assert.deepEqual(positions, { GLOBAL_POSITION_SENSOR: 20, VISION_POSITION_ESTIMATE: 20 });
    assert.ok(beats >= 1 && origins >= 1);
    assert.equal(report.frames, 40 + beats + origins);
    for (const name of ["GLOBAL_POSITION_SENSOR", "VISION_POSITION_ESTIMATE"] as const) {
      const received = report.positions.filter((position) => position.message === name);
      received.forEach((position, i) => {
        const fix = FIXES[i];
        assert.ok(fix);
        assert.equal(position.t_us, fix.t_us);
        // 32-bit floats of a hundred metres, or 1e-7 degrees: well under 2 cm.
        assert.ok(Math.abs((position.lat_deg ?? 0) - fix.lat_deg) < 1.5e-7);
        assert.ok(Math.abs((position.lon_deg ?? 0) - fix.lon_deg) < 2e-7);
        assert.equal(position.eph_m, 5);
      });
    }
    const counters = report.positions.flatMap(({ resetCounter }) => (resetCounter === null ? [] : [resetCounter]));
    assert.deepEqual(
      counters,
      FIXES.map((_, i) => (i < 4 ? 0 : 1)),
    );
  });

  test("a thousand fixes without a pause all arrive", async () => {
    const listener = await startListener();
    const publisher = await openPublisher(listener.url, { messages: ["global_position_sensor"] });
    const [fix] = FIXES;
    assert.ok(fix);
    for (let i = 0; i < 1000; i++) await publisher.publish({ ...fix, t_us: i });
    await until("all of them", () => listener.report().positions.length === 1000);
    await publisher.close();
    const { ok, frames } = await listener.close();
    assert.equal(ok, true);
    assert.equal(frames, publisher.counts().connection.sent);
  });

  test("the same fixes give the same payloads, whenever they are sent", async () => {
    const run = async () => {
      const other = await otherEnd();
      const publisher = await openPublisher(other.url, {
        messages: ["global_position_sensor", "vision_position_estimate"],
        origin: "first-fix",
      });
      for (const fix of FIXES) await publisher.publish(fix);
      const payloads = () => other.frames.filter(({ msgid }) => msgid === 296 || msgid === 102);
      await until("all frames", () => payloads().length === 40);
      await publisher.close();
      await other.link.close();
      return payloads().map(({ payload }) => payload.toString("hex"));
    };
    assert.deepEqual(await run(), await run());
  });
});

describe("the origin of local positions", () => {
  const heartbeat = Object.assign(new minimal.Heartbeat(), {
    type: 2,
    autopilot: 3,
    baseMode: 81,
    systemStatus: 3,
    mavlinkVersion: 3,
  });
  const told = (lat: number, lon: number) =>
    Object.assign(new common.GpsGlobalOrigin(), {
      latitude: lat * 1e7,
      longitude: lon * 1e7,
      altitude: 300_000,
      timeUsec: 0n,
    });
  const [fix] = FIXES;
  assert.ok(fix);

  async function withVehicle(options: Partial<PublisherOptions>) {
    const other = await otherEnd();
    const publisher = await openPublisher(other.url, { messages: ["vision_position_estimate"], ...options });
    await until("the first frame", () => other.frames.length > 0);
    await other.send(heartbeat, 4);
    await until("the vehicle", () => publisher.counts().connection.received.frames === 1);
    return { other, publisher };
  }

  test("without one nothing is sent, and the vehicle is asked", async () => {
    const { other, publisher } = await withVehicle({});
    await publisher.publish(fix);
    assert.deepEqual(publisher.counts().skipped, { no_origin: 1 });
    await until("the request", () => other.count(common.CommandLong.MSG_ID) > 0);
    const asked = other.frames.find(({ msgid }) => msgid === common.CommandLong.MSG_ID);
    assert.ok(asked);
    const { command, _param1, targetSystem } = decodeAs(asked, common.CommandLong);
    assert.deepEqual([command, _param1, targetSystem, asked.sysid], [512, 49, 4, 4]);

    await other.send(told(10, 10), 9);
    await other.send(told(49, 16), 4);
    await until("the origin", () => publisher.counts().connection.received.frames === 3);
    await publisher.publish(fix);
    await until("the position", () => other.count(102) === 1);
    const sent = other.frames.find(({ msgid }) => msgid === 102);
    assert.ok(sent);
    const { x, y } = decodeAs(sent, common.VisionPositionEstimate);
    assert.ok(
      Math.abs(x - 111.32) < 0.01 && Math.abs(y - 73.03) < 0.01,
      `${x}, ${y}: counted from the vehicle's own origin`,
    );
    await publisher.close();
    await other.link.close();
  });

  test("a configured one is offered, and local positions wait until the vehicle has it", async () => {
    const { other, publisher } = await withVehicle({ origin: ORIGIN });
    await publisher.publish(fix);
    assert.deepEqual(publisher.counts().skipped, { no_origin: 1 });
    const offered = other.frames.find(({ msgid }) => msgid === common.SetGpsGlobalOrigin.MSG_ID);
    assert.ok(offered);
    const { latitude, longitude, altitude } = decodeAs(offered, common.SetGpsGlobalOrigin);
    assert.deepEqual([latitude, longitude, altitude], [490000000, 160000000, 300000]);
    await other.send(told(49, 16), 4);
    await until("the origin", () => publisher.counts().connection.received.frames === 2);
    await publisher.publish(fix);
    await until("the position", () => other.count(102) === 1);
    await publisher.close();
    await other.link.close();
  });
});

describe("bad input", () => {
  const [fix] = FIXES;
  assert.ok(fix);

  test("options are refused with what is valid", async () => {
    const open = (options: unknown) => openPublisher("udpout:127.0.0.1:14550", options as PublisherOptions);
    for (const options of [
      { messages: [] },
      { messages: ["gps_input"] },
      { messages: ["global_position_sensor", "global_position_sensor"] },
      { messages: ["global_position_sensor"], sensorId: 256 },
      { messages: ["vision_position_estimate"], origin: { lat_deg: 91, lon_deg: 0, alt_m: 0 } },
      { messages: ["vision_position_estimate"], origin: { lat_deg: Number.NaN, lon_deg: 0, alt_m: 0 } },
      {},
    ]) {
      await assert.rejects(
        open(options),
        (error: unknown) =>
          error instanceof UserError && /global_position_sensor, vision_position_estimate/.test(error.message),
        JSON.stringify(options),
      );
    }
    await assert.rejects(openPublisher("udp:1", { messages: ["global_position_sensor"] }), /udpout:HOST:PORT/);
  });

  test("a fix that must not be published is refused and nothing leaves", async () => {
    const listener = await startListener();
    const publisher = await openPublisher(listener.url, { messages: ["global_position_sensor"] });
    await assert.rejects(publisher.publish({ ...fix, eph_m: Number.NaN }), /must not be published: eph_m/);
    await publisher.publish(fix);
    await until("the good one", () => listener.report().positions.length === 1);
    assert.equal(publisher.counts().fixes, 1);
    await publisher.close();
    await listener.close();
  });

  test("a link that is down drops and counts", async () => {
    const listener = await openPublisher("udpin:127.0.0.1:0", { messages: ["global_position_sensor"] });
    await listener.publish(fix);
    assert.equal(listener.counts().notSent, 1);
    assert.deepEqual(listener.counts().sent, {});
    await listener.close();
  });
});
