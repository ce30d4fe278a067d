import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { UserError } from "../../tiles/errors.js";
import { BufferedFile, diskError, hashFile } from "../../tiles/files.js";
import { random, temporaryFolder } from "./fixtures.js";

const folder = temporaryFolder();
after(folder.remove);

test("a buffered file holds what was written, small and large pieces mixed", async () => {
  const next = random(1);
  const path = join(folder.path, "a");
  const file = new BufferedFile(path);
  const pieces = [1, 0, 1 << 20, 5, (1 << 20) + 1, 3 << 20, 700_000, 700_000, 9].map((length) =>
    new Uint8Array(length).fill(next() * 256),
  );
  for (const piece of pieces) file.write(piece);
  const whole = Buffer.concat(pieces);
  assert.equal(file.bytes, whole.length);
  file.close();
  file.close();
  assert.ok(readFileSync(path).equals(whole));
  assert.deepEqual(await hashFile(path), {
    bytes: whole.length,
    sha256: createHash("sha256").update(whole).digest("hex"),
  });
  assert.throws(() => new BufferedFile(path), /EEXIST/);
  assert.throws(() => file.write(new Uint8Array(2 << 20)), /is closed/);
});

test("a discarded file is closed without its last bytes", () => {
  const path = join(folder.path, "b");
  const file = new BufferedFile(path);
  file.write(new Uint8Array(10));
  file.discard();
  assert.ok(existsSync(path) && readFileSync(path).length === 0);
});

test("faults of the disk become UserErrors that name the path; others stay what they are", () => {
  const fault = Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" });
  const told = diskError(fault, "/maps/a.skypack");
  assert.ok(told instanceof UserError);
  assert.equal(told.message, "cannot write /maps/a.skypack: the disk is full");
  assert.ok(diskError(Object.assign(new Error(), { code: "SQLITE_FULL" }), "x") instanceof UserError);
  const bug = new TypeError("x is not a function");
  assert.equal(diskError(bug, "x"), bug);
  const refused = new UserError("no");
  assert.equal(diskError(refused, "x"), refused);
});
