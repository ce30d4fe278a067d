import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { common, minimal } from "node-mavlink";
import { decodeAs, encodeMessage } from "../../../agent/mavlink/codec.js";
import { MavlinkConnection } from "../../../agent/mavlink/connection.js";
import { FrameSigner, SignatureChecker, SigningKey } from "../../../agent/mavlink/signing.js";
import { UserError } from "../../../tiles/errors.js";
import { otherEnd } from "./other-end.js";
import { until } from "./waiting.js";

function vehicleHeartbeat(): minimal.Heartbeat {
  return Object.assign(new minimal.Heartbeat(), {
    type: 2,
    autopilot: 12,
    baseMode: 81,
    systemStatus: 3,
    mavlinkVersion: 3,
  });
}

describe("a connection", () => {
  test("says HEARTBEAT at once and every second, as an onboard computer", async () => {
    const other = await otherEnd();
    const connection = await MavlinkConnection.open(other.url);
    const from = performance.now();
    await until("two heartbeats", () => other.frames.length >= 2);
    const took_ms = performance.now() - from;
    assert.ok(took_ms > 300, `${took_ms} ms`);
    const [first, second] = other.frames;
    assert.ok(first && second);
    assert.deepEqual([first.version, first.sysid, first.compid, first.seq, second.seq], [2, 1, 197, 0, 1]);
    assert.deepEqual(
      { ...decodeAs(first, minimal.Heartbeat) },
      {
        type: 18,
        autopilot: 8,
        baseMode: 0,
        customMode: 0,
        systemStatus: 4,
        mavlinkVersion: 3,
      },
    );
    await connection.close();
    await other.link.close();
  });

  test("takes the system id of the vehicle and numbers frames on", async () => {
    const other = await otherEnd();
    const connection = await MavlinkConnection.open(other.url);
    await until("the first heartbeat", () => other.frames.length === 1);
    const taken: number[] = [];
    const stop = connection.onFrame((frame) => taken.push(frame.msgid));
    await other.send(vehicleHeartbeat());
    await until("the vehicle", () => connection.identity.vehicle !== null);
    stop();
    await other.send(vehicleHeartbeat());
    await until("the second frame", () => connection.counts.received.frames === 2);
    assert.deepEqual(taken, [0]);

    const sync = Object.assign(new common.TimeSync(), { tc1: 0n, ts1: 5n, targetSystem: 0, targetComponent: 0 });
    assert.equal(await connection.send(sync), true);
    await until("our message", () => other.frames.length === 2);
    const [, ours] = other.frames;
    assert.deepEqual([ours?.sysid, ours?.compid, ours?.seq, ours?.msgid], [8, 197, 1, 111]);
    assert.deepEqual([connection.counts.sent, connection.counts.notSent, connection.counts.lost], [2, 0, 0]);
    await assert.rejects(connection.send(new common.VisionPositionEstimate()), RangeError);
    await connection.close();
    await other.link.close();
  });

  test("gives out a frame that a false start holds back, after a pause", async () => {
    const other = await otherEnd();
    const connection = await MavlinkConnection.open(other.url);
    await until("the first heartbeat", () => other.frames.length === 1);
    const bytes = encodeMessage(vehicleHeartbeat(), { sysid: 8, compid: 1, seq: 0 });
    await other.link.send(Buffer.concat([Buffer.from([0xfd]), bytes]));
    await until("the vehicle", () => connection.identity.vehicle !== null);
    assert.equal(connection.counts.received.truncated, 1);
    await connection.close();
    await other.link.close();
  });

  test("with a key: signs what it sends, takes only what is signed rightly", async () => {
    const other = await otherEnd();
    const key = SigningKey.fromHex("11".repeat(32));
    const now = () => 5_000_000;
    const connection = await MavlinkConnection.open(other.url, {
      signing: {
        signer: new FrameSigner({ key, linkId: 7, now }),
        checker: new SignatureChecker({ key, timestamp: 0 }),
      },
    });
    await until("the first heartbeat", () => other.frames.length === 1);
    const [ours] = other.frames;
    assert.ok(ours);
    assert.equal(new SignatureChecker({ key, timestamp: 0 }).check(ours), "ok");
    assert.equal(ours.signature?.linkId, 7);

    await other.send(vehicleHeartbeat());
    await until("the refusal", () => connection.counts.refused.unsigned === 1);
    assert.equal(connection.identity.vehicle, null);
    const signed = new FrameSigner({ key, linkId: 1, now }).sign(
      encodeMessage(vehicleHeartbeat(), { sysid: 8, compid: 1, seq: 9 }, true),
    );
    await other.link.send(signed);
    await until("the vehicle", () => connection.identity.vehicle !== null);
    await other.link.send(signed);
    await until("the replay", () => connection.counts.refused.replay === 1);
    await connection.close();
    await other.link.close();
  });

  test("a link that looks set up wrongly is said once", async () => {
    const other = await otherEnd();
    const key = SigningKey.fromHex("11".repeat(32));
    const log: string[] = [];
    const connection = await MavlinkConnection.open(other.url, {
      log: (line) => log.push(line),
      signing: { signer: new FrameSigner({ key, linkId: 7 }), checker: new SignatureChecker({ key, timestamp: 0 }) },
    });
    await until("the first heartbeat", () => other.frames.length === 1);
    for (let i = 0; i < 8; i++) await other.link.send(Buffer.alloc(500, 0x55));
    await until("the bytes", () => connection.counts.received.bytes >= 4000);
    for (let i = 0; i < 12; i++) await other.send(vehicleHeartbeat());
    await until("the refusals", () => connection.counts.refused.unsigned === 12);
    assert.equal(log.length, 2, log.join("\n"));
    assert.match(log[0] ?? "", /no MAVLink frame among them; is the baud rate right/);
    assert.match(log[1] ?? "", /all frames so far were refused: they are not signed/);
    await connection.close();
    await other.link.close();
  });

  test("bad URLs and ids are UserErrors before anything is opened", async () => {
    await assert.rejects(MavlinkConnection.open("serial:/dev/ttyS0:57601"), UserError);
    await assert.rejects(MavlinkConnection.open("udpout:127.0.0.1:14550", { compid: 1 }), UserError);
  });
});
