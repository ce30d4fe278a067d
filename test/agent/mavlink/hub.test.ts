import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { common, type MavLinkData, minimal } from "node-mavlink";
import { decodeAs, encodeMessage } from "../../../agent/mavlink/codec.js";
import type { MavlinkFrame } from "../../../agent/mavlink/frame.js";
import { type HubOptions, MavlinkHub } from "../../../agent/mavlink/hub.js";
import { openLink } from "../../../agent/mavlink/link/open.js";
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

/** An autopilot, two ground stations, and a hub between them that has heard the autopilot. */
async function setUp(options: Partial<HubOptions> = {}) {
  const autopilot = await otherEnd();
  const stations = [await otherEnd(), await otherEnd()] as const;
  const hub = await MavlinkHub.open({
    links: [
      { url: stations[0].url, role: "gcs" },
      { url: autopilot.url, role: "autopilot" },
      { url: stations[1].url, role: "gcs" },
    ],
    ...options,
  });
  const frames: MavlinkFrame[] = [];
  hub.onVehicleFrame((frame) => frames.push(frame));
  await until("heartbeats everywhere", () => [autopilot, ...stations].every(({ count }) => count(0) >= 1));
  await autopilot.send(vehicleHeartbeat());
  await until("the vehicle", () => hub.vehicle !== null);
  return {
    hub,
    autopilot,
    stations,
    frames,
    async stop() {
      await hub.close();
      await Promise.all([autopilot, ...stations].map(({ link }) => link.close()));
    },
  };
}

describe("a hub", () => {
  test("takes the vehicle from the autopilot's link, and hears each of its frames once", async () => {
    const { hub, autopilot, stations, frames, stop } = await setUp();
    assert.deepEqual(
      frames.map(({ msgid, sysid }) => [msgid, sysid]),
      [[0, 8]],
    );
    const ofStations: number[] = [];
    hub.onGcsFrame((frame) => ofStations.push(frame.sysid));
    // A ground station passes the vehicle's frames on, has a vehicle of its own, and speaks for itself.
    await stations[0].send(vehicleHeartbeat(), 8, 1);
    await stations[0].send(vehicleHeartbeat(), 42, 1);
    await stations[1].send(vehicleHeartbeat(), 255, 190);
    await until("the stations", () => ofStations.length === 3);
    // On the autopilot's link: another vehicle, our own frame coming back, a gimbal of the vehicle.
    await autopilot.send(vehicleHeartbeat(), 9, 1);
    await autopilot.send(vehicleHeartbeat(), 8, 197);
    await autopilot.send(vehicleHeartbeat(), 8, 154);
    await until("the gimbal", () => frames.length === 2);
    assert.deepEqual([frames[1]?.sysid, frames[1]?.compid], [8, 154]);
    assert.equal(hub.vehicle?.sysid, 8);
    await stop();
  });

  test("commands go to the autopilot alone, HEARTBEAT and STATUSTEXT to all, under the vehicle's system id", async () => {
    const { hub, autopilot, stations, stop } = await setUp();
    const sync: MavLinkData = Object.assign(new common.TimeSync(), {
      tc1: 0n,
      ts1: 1n,
      targetSystem: 8,
      targetComponent: 1,
    });
    assert.equal(await hub.send(sync), true);
    assert.equal(hub.statusText("notice", "SkyLink: position from the map"), true);
    assert.equal(hub.statusText("notice", "SkyLink: position from the map"), false);
    const ends = [autopilot, ...stations];
    await until("the text everywhere", () => ends.every(({ count }) => count(253) === 1));
    await until("the message", () => autopilot.count(111) === 1);
    assert.deepEqual(
      stations.map(({ count }) => count(111)),
      [0, 0],
    );
    await until("a heartbeat as 8/197 everywhere", () =>
      ends.every(({ frames }) =>
        frames.some(({ msgid, sysid, compid }) => msgid === 0 && sysid === 8 && compid === 197),
      ),
    );
    const text = stations[1].frames.find(({ msgid }) => msgid === 253);
    assert.ok(text);
    assert.deepEqual([decodeAs(text, common.StatusText).severity, text.sysid, text.compid], [5, 8, 197]);
    // Each link has a sequence of its own, without gaps.
    for (const { frames } of ends)
      assert.deepEqual(
        frames.map(({ seq }) => seq),
        frames.map((_, at) => at),
      );
    assert.equal(hub.heartbeatLateness.ticks >= 2, true);
    await stop();
  });

  test("a service is given the vehicle's frames and time, and what it says is sent to the autopilot", async () => {
    const { hub, autopilot, stations, stop } = await setUp();
    const seen: number[] = [];
    let ticks = 0;
    const ping = (ts1: bigint) =>
      Object.assign(new common.TimeSync(), { tc1: 0n, ts1, targetSystem: 8, targetComponent: 1 });
    const detach = hub.attach({
      observe(frame, t_us) {
        seen.push(frame.msgid);
        assert.ok(t_us > 0);
        return frame.msgid === 111 ? [ping(7n)] : [];
      },
      tick: () => (ticks++ === 0 ? [ping(5n)] : []),
    });
    await autopilot.send(ping(1n));
    await until("both", () => autopilot.count(111) === 2 && ticks > 2);
    detach();
    assert.deepEqual(seen, [111]);
    assert.deepEqual(
      new Set(autopilot.frames.filter(({ msgid }) => msgid === 111).map((f) => decodeAs(f, common.TimeSync).ts1)),
      new Set([5n, 7n]),
    );
    assert.equal(stations[0].count(111), 0);
    await stop();
  });

  test("a fault in one listener is logged once, and the others go on", async () => {
    const log: string[] = [];
    const { hub, autopilot, frames, stop } = await setUp({ log: (line) => log.push(line) });
    hub.onVehicleFrame(() => {
      throw new Error("this listener has a fault");
    });
    let after = 0;
    hub.onVehicleFrame(() => after++);
    const beats = autopilot.count(0);
    for (let i = 0; i < 3; i++) await autopilot.send(vehicleHeartbeat());
    await until("all frames", () => after === 3 && frames.length === 4);
    await until("another heartbeat", () => autopilot.count(0) > beats);
    assert.deepEqual(log, ["fault in a part that listens to MAVLink: this listener has a fault"]);
    await stop();
  });

  test("opens although the autopilot is not there yet, and says so once in the log", async () => {
    const log: string[] = [];
    // A port that nobody listens on.
    const probe = await openLink("udpin:127.0.0.1:0", { bytes: () => undefined });
    const port = probe.localPort;
    await probe.close();
    const hub = await MavlinkHub.open({
      links: [{ url: `tcp:127.0.0.1:${port}`, role: "autopilot" }],
      log: (line) => log.push(line),
      times: { retryMin_ms: 2, retryMax_ms: 5 },
    });
    assert.equal(hub.links[0]?.up, false);
    assert.equal(await hub.send(vehicleHeartbeat()), false);
    await until("a line in the log", () => log.length > 0);
    await until("some attempts", () => (hub.links[0]?.counts.notSent ?? 0) >= 2);
    assert.equal(log.length, 1, log.join("\n"));
    assert.match(log[0] ?? "", /tcp:127\.0\.0\.1:\d+: .*ECONNREFUSED.*trying again/);
    await hub.close();
  });

  test("each link signs with its own id", async () => {
    const autopilot = await otherEnd();
    const station = await otherEnd();
    const key = SigningKey.fromHex("22".repeat(32));
    const signing = (linkId: number) => ({
      signer: new FrameSigner({ key, linkId, now: () => 1000 }),
      checker: new SignatureChecker({ key, timestamp: 0 }),
    });
    const hub = await MavlinkHub.open({
      links: [
        { url: autopilot.url, role: "autopilot", signing: signing(1) },
        { url: station.url, role: "gcs", signing: signing(2) },
      ],
    });
    await until("heartbeats", () => autopilot.frames.length > 0 && station.frames.length > 0);
    assert.deepEqual(
      [autopilot, station].map(({ frames }) => frames[0]?.signature?.linkId),
      [1, 2],
    );
    await autopilot.send(vehicleHeartbeat());
    await until("the refusal", () => hub.links[0]?.counts.refused.unsigned === 1);
    assert.equal(hub.vehicle, null);
    const signer = new FrameSigner({ key, linkId: 9, now: () => 1000 });
    await autopilot.link.send(signer.sign(encodeMessage(vehicleHeartbeat(), { sysid: 8, compid: 1, seq: 0 }, true)));
    await until("the vehicle", () => hub.vehicle !== null);
    await hub.close();
    await Promise.all([autopilot.link.close(), station.link.close()]);
  });

  test("links that make no sense are UserErrors, and nothing stays open", async () => {
    const link = { url: "udpin:127.0.0.1:0", role: "autopilot" } as const;
    for (const [links, what] of [
      [[], /0 of them have the role autopilot/],
      [[{ ...link, role: "gcs" as const }], /0 of them/],
      [[link, { url: "udpin:127.0.0.2:0", role: "autopilot" as const }], /2 of them/],
      [[link, { ...link, role: "gcs" as const }], /is there twice/],
      [[link, { url: "tcp:nowhere", role: "gcs" as const }], /not KIND:HOST:PORT/],
    ] as const) {
      await assert.rejects(
        MavlinkHub.open({ links }),
        (error: unknown) => error instanceof UserError && what.test(error.message),
      );
    }
  });
});
