import assert from "node:assert/strict";
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { common } from "node-mavlink";
import { encodeMessage } from "../../../agent/mavlink/codec.js";
import { frameFromBytes, type MavlinkFrame } from "../../../agent/mavlink/frame.js";
import { MavlinkFramer } from "../../../agent/mavlink/framer.js";
import { FrameSigner, SigningKey } from "../../../agent/mavlink/signing.js";
import {
  loadSigning,
  readKeyFile,
  SigningStore,
  type SigningStoreOptions,
} from "../../../agent/mavlink/signing-files.js";
import { UserError } from "../../../tiles/errors.js";
import { recordedBytes, VECTORS } from "./fixtures.js";

const HEX = "74409b67a61433276e4b3083baf3229a4dda7628f913e20d0f52c069231b3308";
const MINUTE = 6_000_000;

let folder = "";
let keyFile = "";
let stateFile = "";
const stores: SigningStore[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "skylink-signing-"));
  keyFile = join(folder, "mavlink.key");
  stateFile = join(folder, "signing.json");
  writeFileSync(keyFile, `${HEX}\n`, { mode: 0o600 });
});
afterEach(() => {
  for (const store of stores.splice(0)) store.close();
  rmSync(folder, { recursive: true, force: true });
});

function open(options: Partial<SigningStoreOptions> = {}): SigningStore {
  const store = SigningStore.open({ keyFile, stateFile, now: () => 100 * MINUTE, ...options });
  stores.push(store);
  return store;
}

function message(seq = 0): Buffer {
  const sync = Object.assign(new common.TimeSync(), { tc1: 0n, ts1: 5n, targetSystem: 0, targetComponent: 0 });
  return encodeMessage(sync, { sysid: 1, compid: 1, seq }, true);
}

function timestampOf(bytes: Buffer): number {
  return frameFromBytes(bytes).signature?.timestamp ?? Number.NaN;
}

/** A frame of the vehicle. */
function fromVehicle(timestamp: number, linkId = 5): MavlinkFrame {
  const signer = new FrameSigner({ key: SigningKey.fromHex(HEX), linkId, now: () => timestamp });
  return frameFromBytes(signer.sign(message()));
}

function reserved(): number {
  const state = JSON.parse(readFileSync(stateFile, "utf8")) as { reserved: number };
  return state.reserved;
}

describe("the key file", () => {
  test("is read when only its owner can", () => {
    for (const mode of [0o600, 0o400]) {
      chmodSync(keyFile, mode);
      assert.deepEqual(readKeyFile(keyFile).sign(Buffer.from("x")), SigningKey.fromHex(HEX).sign(Buffer.from("x")));
    }
  });

  test("that others can read is refused with what to do", () => {
    for (const mode of [0o640, 0o604, 0o660, 0o777]) {
      chmodSync(keyFile, mode);
      assert.throws(
        () => readKeyFile(keyFile),
        (error: unknown) =>
          error instanceof UserError &&
          error.message.includes(`mode 0${mode.toString(8)}`) &&
          error.message.includes(`chmod 600 ${keyFile}`),
      );
    }
  });

  test("that is missing, a folder, or holds something else is refused without being repeated", () => {
    const fails = (what: RegExp) =>
      assert.throws(
        () => readKeyFile(keyFile),
        (error: unknown) =>
          error instanceof UserError && what.test(error.message) && !error.message.includes(HEX.slice(0, 8)),
      );
    for (const text of ["", HEX.slice(1), `${HEX}00`, `key = ${HEX}`, `${HEX}\n${HEX}`]) {
      writeFileSync(keyFile, text);
      fails(/64 hexadecimal digits/);
    }
    rmSync(keyFile);
    fails(/cannot be read.*ENOENT/);
    keyFile = folder;
    fails(/not a file|cannot be read/);
  });
});

describe("timestamps over restarts", () => {
  test("a crash never lets one be used twice, whatever the clock says afterwards", () => {
    const used = new Set<number>();
    let highest = 0;
    // The clock goes on, stands still after a restart, begins in the past, and jumps ahead.
    for (const start of [100, 100, 3, 101, 5000, 90]) {
      let now = start * MINUTE;
      const store = open({ now: () => now });
      const { signer } = store.forLink(0);
      for (let i = 0; i < 50; i++) {
        const timestamp = timestampOf(signer.sign(message(i)));
        assert.ok(timestamp > highest, `${timestamp} after ${highest}`);
        assert.ok(timestamp <= reserved(), "reserved on the disk before it is used");
        used.add(timestamp);
        highest = timestamp;
        now += i % 10 === 9 ? MINUTE : 3;
      }
      // No close: the process is killed here.
    }
    assert.equal(used.size, 300);
  });

  test("a clean end keeps the exact one", () => {
    const store = open();
    const last = timestampOf(store.forLink(0).signer.sign(message()));
    store.close();
    assert.equal(reserved(), last);
    assert.ok(timestampOf(open().forLink(0).signer.sign(message())) > last);
  });

  test("saving ahead goes on without holding up, and never puts an older state over a newer one", async () => {
    let now = 100 * MINUTE;
    const store = open({ now: () => now });
    const { signer } = store.forLink(0);
    assert.equal(reserved(), 101 * MINUTE);
    now += MINUTE / 2;
    signer.sign(message());
    await store.save();
    assert.equal(reserved(), now + MINUTE);
    const saving = store.save();
    now += 10 * MINUTE;
    const timestamp = timestampOf(signer.sign(message()));
    assert.ok(reserved() >= timestamp, "a jump of the clock is reserved at once");
    const written = reserved();
    await saving;
    assert.equal(reserved(), written);
    assert.deepEqual(readdirSync(folder).sort(), ["mavlink.key", "signing.json"], "nothing is left beside it");
    assert.equal(statSync(stateFile).mode & 0o777, 0o600);
  });

  test("a clock behind the last timestamp is said", () => {
    open({ now: () => 500 * MINUTE })
      .forLink(0)
      .signer.sign(message());
    const log: string[] = [];
    open({ now: () => 3, log: (line) => log.push(line) });
    assert.equal(log.length, 1);
    assert.match(log[0] ?? "", /clock of this computer is behind/);
  });

  test("what was accepted before a restart is refused after it", async () => {
    const before = open();
    const { checker } = before.forLink(0);
    const frame = fromVehicle(100 * MINUTE + 10);
    assert.equal(checker.check(frame), "ok");
    await before.save();
    const after = open().forLink(0).checker;
    assert.equal(after.check(frame), "replay");
    assert.equal(after.check(fromVehicle(100 * MINUTE + 9)), "old_timestamp");
    assert.equal(after.check(fromVehicle(100 * MINUTE + 11)), "ok");
    assert.equal(after.check(fromVehicle(98 * MINUTE, 6)), "old_timestamp", "a new stream from before");
  });

  test("a clock that begins in the past does not let old streams in", async () => {
    const before = open();
    assert.equal(before.forLink(0).checker.check(fromVehicle(200 * MINUTE)), "ok");
    await before.save();
    const { checker } = open({ now: () => 3 }).forLink(0);
    assert.equal(checker.check(fromVehicle(150 * MINUTE, 6)), "old_timestamp");
    assert.equal(checker.check(fromVehicle(200 * MINUTE - 10, 6)), "ok");
  });
});

describe("the state file", () => {
  test("that is no state is refused; a folder that is not there too", () => {
    for (const text of ["", "{}", '{"version":2}', '{"version":1,"reserved":-1,"seen":0,"streams":[]}', "null"]) {
      writeFileSync(stateFile, text);
      assert.throws(
        () => open(),
        (error: unknown) => error instanceof UserError && /not a state file/.test(error.message),
      );
      assert.equal(readFileSync(stateFile, "utf8"), text, "it is left as it is");
    }
    stateFile = join(folder, "nowhere", "signing.json");
    assert.throws(
      () => open(),
      (error: unknown) => error instanceof UserError && /cannot be written/.test(error.message),
    );
    assert.equal(existsSync(stateFile), false);
  });

  test("a disk that fails in flight is said once, and signing goes on", async () => {
    let now = 100 * MINUTE;
    const log: string[] = [];
    const store = open({ now: () => now, log: (line) => log.push(line) });
    const { signer } = store.forLink(0);
    rmSync(folder, { recursive: true });
    for (let i = 0; i < 5; i++) {
      now += 2 * MINUTE;
      assert.equal(timestampOf(signer.sign(message())), now);
    }
    await assert.rejects(store.save(), UserError);
    assert.equal(log.length, 1);
    assert.match(log[0] ?? "", /cannot be written/);
  });
});

describe("links", () => {
  test("have ids of their own and one clock", () => {
    const store = open();
    const first = store.forLink(1);
    const second = store.forLink(2);
    assert.equal(frameFromBytes(first.signer.sign(message())).signature?.linkId, 1);
    assert.equal(frameFromBytes(second.signer.sign(message())).signature?.linkId, 2);
    assert.throws(
      () => store.forLink(1),
      (error: unknown) => error instanceof UserError && /two links/.test(error.message),
    );
    assert.throws(() => store.forLink(256), UserError);
  });

  test("unsigned frames are refused, unless the rule says otherwise", () => {
    const unsigned = (name: string) => {
      const entry = VECTORS.cases.find(({ message: of }) => of === name);
      assert.ok(entry);
      return frameFromBytes(Buffer.from(entry.hex, "hex"));
    };
    const radio = Object.assign(new common.RadioStatus(), { rxerrors: 0 });
    const ofModem = frameFromBytes(encodeMessage(radio, { sysid: 51, compid: 68, seq: 0 }));
    const verdicts = (rule?: SigningStoreOptions["unsigned"]) => {
      rmSync(stateFile, { force: true });
      const { checker } = open(rule === undefined ? {} : { unsigned: rule }).forLink(0);
      return [checker.check(unsigned("HEARTBEAT")), checker.check(ofModem)];
    };
    assert.deepEqual(verdicts(), ["unsigned", "unsigned"]);
    assert.deepEqual(verdicts("radio-status"), ["unsigned", "ok"]);
    assert.deepEqual(verdicts("accept"), ["ok", "ok"]);
  });

  test("all at once, for a program with one link", () => {
    const { signing, close } = loadSigning({ keyFile, stateFile, linkId: 7 });
    assert.equal(frameFromBytes(signing.signer.sign(message())).signature?.linkId, 7);
    close();
  });

  test("the recorded signed link: after a restart nothing of it is taken again", async () => {
    writeFileSync(keyFile, "8ade77df0c48e140f585369985eda62e383eabc5cb077aa85abe2e16059e8a3e", { mode: 0o600 });
    const run = async () => {
      const store = open({ now: () => 0 });
      const { checker } = store.forLink(0);
      const counts: Record<string, number> = {};
      for (const frame of new MavlinkFramer().push(recordedBytes("ardupilot-signed", "from"))) {
        const verdict = checker.check(frame);
        counts[verdict] = (counts[verdict] ?? 0) + 1;
      }
      await store.save();
      return counts;
    };
    assert.deepEqual(await run(), { ok: 194, unsigned: 123 });
    assert.deepEqual(await run(), { old_timestamp: 193, replay: 1, unsigned: 123 });
  });
});
