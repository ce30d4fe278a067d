import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import { openLink } from "../../../../agent/mavlink/link/open.js";
import { until } from "../waiting.js";

/**
 * A pseudo-terminal: what comes out of its other side goes to our standard output, and back. Python has what Node has not.
 */
const HELPER = `
import os, pty, sys, threading, tty
master, slave = pty.openpty()
tty.setraw(slave)
sys.stderr.write(os.ttyname(slave) + "\\n")
sys.stderr.flush()
os.close(slave)
def down():
    while True:
        data = os.read(0, 4096)
        if not data:
            os._exit(0)
        os.write(master, data)
threading.Thread(target=down, daemon=True).start()
while True:
    try:
        os.write(1, os.read(master, 4096))
    except OSError:
        import time
        time.sleep(0.01)
`;

const python = spawnSync("python3", ["-c", "import pty"]).status === 0 && process.platform === "linux";
const FRAME = Buffer.from("fd090000000101000000040000000203d90403cd66", "hex");

test("the native serial port: bytes both ways, and a hang-up", { skip: !python && "needs python3" }, async () => {
  const helper = spawn("python3", ["-c", HELPER], { stdio: ["pipe", "pipe", "pipe"] });
  const out: Buffer[] = [];
  helper.stdout.on("data", (bytes: Buffer) => out.push(bytes));
  const [line] = (await once(helper.stderr, "data")) as [Buffer];
  const path = line.toString().trim();
  const heard: Buffer[] = [];
  const states: boolean[] = [];
  const link = await openLink(
    `serial:${path}:115200`,
    { bytes: (bytes) => heard.push(Buffer.from(bytes)), state: (up) => states.push(up) },
    { retryMin_ms: 5, retryMax_ms: 20 },
  );
  assert.equal(await link.send(FRAME), true);
  await until("our frame", () => Buffer.concat(out).equals(FRAME));
  // Every value of a byte comes through unchanged: the line is raw.
  const all = Buffer.from(Array.from({ length: 256 }, (_, at) => at));
  helper.stdin.write(all);
  await until("all bytes", () => Buffer.concat(heard).equals(all));
  helper.kill("SIGKILL");
  await until("the link to go down", () => !link.up);
  assert.equal(await link.send(FRAME), false);
  assert.deepEqual(states, [true, false]);
  await link.close();
});
