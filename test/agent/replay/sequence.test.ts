import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { readFlight } from "../../../agent/flight/flight.js";
import { replay } from "../../../agent/replay/replay.js";
import { VisionClient } from "../../../agent/vision/client.js";
import { straightFlight, writeSmallFlight } from "../helpers/small-flight.js";
import { modelsMissing, writeAcceptingRegistrar, writeSmallPack } from "../helpers/small-pack.js";

describe("a flight in order", { skip: modelsMissing() }, () => {
  const dir = mkdtempSync(join(tmpdir(), "skylink-sequence-"));
  const pack = join(dir, "small.skypack");
  const registrar = join(dir, "registrar");
  before(async () => {
    writeAcceptingRegistrar(registrar);
    await writeSmallPack(pack);
    await writeSmallFlight(join(dir, "flight"), straightFlight(8));
  });
  after(() => rmSync(dir, { recursive: true, force: true }));

  async function fly(options: Partial<Parameters<typeof replay>[2]>) {
    const flight = await readFlight(join(dir, "flight"));
    const client = await VisionClient.open({ pack, registrar, rig: flight.rig });
    try {
      return await replay(flight, client, { pack, stills: false, ...options });
    } finally {
      await client.close();
    }
  }

  test("vision looks at a frame only when the last is old enough; odometry takes every frame", async () => {
    const { frames, report } = await fly({ fix_interval_s: 2 });
    assert.deepEqual(
      frames.map(({ result }) => result !== null),
      [true, false, true, false, true, false, true, false],
    );
    assert.equal(report.navigation?.odometry.steps, 7);
    assert.equal(report.recall.queries, 4);
  });

  test("a result that is late enters later, and one that never comes in time has no verdict", async () => {
    const { frames } = await fly({ latency_ms: 1500 });
    assert.deepEqual(
      frames.map(({ verdict }) => verdict !== null),
      [true, true, true, true, true, true, false, false],
    );
    const { frames: prompt } = await fly({});
    assert.ok(prompt.every(({ verdict }) => verdict !== null));
  });
});
