import assert from "node:assert/strict";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { createSocket } from "node:dgram";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { AGENT_COMPONENT } from "../../../agent/mavlink/identity.js";
import { FakeAutopilot } from "../daemon/fake-autopilot.js";
import { straightFlight, writeSmallFlight } from "../helpers/small-flight.js";
import { modelsMissing, writeAcceptingRegistrar, writeSmallPack } from "../helpers/small-pack.js";

const CLI = fileURLToPath(new URL("../../../agent/cli.js", import.meta.url));
const dir = mkdtempSync(join(tmpdir(), "run-"));
after(() => rmSync(dir, { recursive: true, force: true }));

/** What the small flight reports: attitude, and height above ground. */
const POSE = { roll_deg: 2, pitch_deg: -3, yaw_deg: 48, agl_m: 95 };

function check(file: string): { code: number | null; out: string; err: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [CLI, "run", "--config", file, "--check"], {
    encoding: "utf8",
  });
  return { code: status, out: stdout, err: stderr };
}

async function freePort(): Promise<number> {
  const socket = createSocket("udp4");
  await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
  const { port } = socket.address();
  await new Promise<void>((resolve) => socket.close(() => resolve()));
  return port;
}

/** The daemon as a process, with the lines of its log. */
class Agent {
  readonly lines: Record<string, unknown>[] = [];
  err = "";
  readonly ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  readonly #child: ChildProcess;

  constructor(config: string, env: NodeJS.ProcessEnv = {}) {
    this.#child = spawn(process.execPath, [CLI, "run", "--config", config], { env: { ...process.env, ...env } });
    let rest = "";
    this.#child.stdout?.on("data", (bytes: Buffer) => {
      const lines = (rest + bytes.toString()).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) this.lines.push(JSON.parse(line) as Record<string, unknown>);
    });
    this.#child.stderr?.on("data", (bytes: Buffer) => {
      this.err += bytes.toString();
    });
    this.ended = new Promise((resolve) => this.#child.once("exit", (code, signal) => resolve({ code, signal })));
  }

  said(text: string): boolean {
    return this.lines.some(({ msg }) => msg === text);
  }

  tell(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Waits until something holds; fails with the log when it does not in time. */
  async until(what: string, holds: () => boolean, limit_ms = 60_000): Promise<void> {
    const end = performance.now() + limit_ms;
    while (!holds()) {
      const state = `${this.lines.map((line) => JSON.stringify(line)).join("\n")}\n${this.err}`;
      if (performance.now() > end || this.#child.exitCode !== null) assert.fail(`${what} did not come:\n${state}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

describe("the daemon as a process", { skip: modelsMissing() }, () => {
  const config = join(dir, "agent.toml");
  let port = 0;

  before(async () => {
    writeAcceptingRegistrar(join(dir, "registrar"));
    await writeSmallPack(join(dir, "small.skypack"));
    // Two frames a second, as many as a slow machine can look at; there, back and there again, for it may load models until
    // the first way is over.
    const way = straightFlight(18);
    const ways = [...way, ...way.slice(1, -1).reverse(), ...way];
    const moments = ways.map((moment, i) => ({ ...moment, t_us: (i + 1) * 500_000 }));
    await writeSmallFlight(join(dir, "flight"), moments);
    port = await freePort();
    writeFileSync(
      config,
      `[agent]
state_dir = "."
threads = 1
[pack]
path = "small.skypack"
[models]
registrar = "registrar"
[camera]
source = "replay"
[camera.replay]
flight = "flight"
[[link]]
url = "udpin:127.0.0.1:${port}"
[status]
enabled = false
`,
    );
  });

  test("--check says what would be done, and does nothing", () => {
    const { code, out, err } = check(config);
    assert.equal(code, 0, err);
    for (const text of [
      "agent.toml: valid",
      "invented ground",
      "skylink-encoder-1",
      "replay, 480 x 360 px",
      `${port}`,
    ]) {
      assert.ok(out.includes(text), `${text} is not in:\n${out}`);
    }
  });

  test("--check names what is wrong, and where", () => {
    const text = readFileSync(config, "utf8");
    const wrong = join(dir, "wrong.toml");
    const refused = (change: string, by: string, message: RegExp): void => {
      writeFileSync(wrong, text.replace(change, by));
      const { code, err } = check(wrong);
      assert.equal(code, 2, err);
      assert.match(err, message);
    };
    refused(
      "threads",
      "thread",
      /^error: .*wrong\.toml:3:1: unknown key of \[agent\] "thread"; did you mean "threads"\?/,
    );
    refused("small.skypack", "none.skypack", /wrong\.toml:5:1: pack\.path: there is no folder/);
    refused('flight = "flight"', 'flight = "nowhere"', /wrong\.toml:8:1: .*nowhere/);
    refused("registrar =", "encoder =", /wrong\.toml:5:1: /);
  });

  test("it finds itself, tells the autopilot, and ends within two seconds of SIGTERM", async () => {
    const notified = join(dir, "notified");
    const command = join(dir, "systemd-notify");
    writeFileSync(command, `#!/bin/sh\necho "$@" >> ${notified}\n`);
    chmodSync(command, 0o755);
    const agent = new Agent(config, {
      PATH: `${dir}:${process.env.PATH ?? ""}`,
      NOTIFY_SOCKET: join(dir, "socket"),
      WATCHDOG_USEC: "3000000",
    });
    const autopilot = new FakeAutopilot(port, POSE);
    try {
      await agent.until("readiness", () => agent.said("ready"));
      await agent.until("a position", () => agent.said("position found"));
      await agent.until("a message", () => autopilot.count("VISION_POSITION_ESTIMATE") >= 5);
      const heartbeats = autopilot.heard.filter(({ name }) => name === "HEARTBEAT");
      assert.ok(heartbeats.length >= 2);
      assert.ok(heartbeats.every(({ frame }) => frame.sysid === 1 && frame.compid === AGENT_COMPONENT));
      const begin = performance.now();
      agent.tell("SIGTERM");
      const { code, signal } = await agent.ended;
      const took_ms = performance.now() - begin;
      assert.deepEqual({ code, signal }, { code: 0, signal: null }, agent.err);
      assert.ok(took_ms < 2000, `${took_ms} ms`);
      const said = readFileSync(notified, "utf8");
      assert.match(said, /^READY=1 STATUS=/m);
      assert.match(said, /WATCHDOG=1/);
      assert.match(said, /STOPPING=1/);
    } finally {
      agent.tell("SIGKILL");
      autopilot.close();
    }
  });

  test("SIGINT while it is still starting ends it too", async () => {
    const agent = new Agent(config);
    await agent.until("the first line", () => agent.lines.length > 0);
    agent.tell("SIGINT");
    const { code, signal } = await agent.ended;
    const ended = Date.now();
    // Counted from when it was heard: a busy process hears a signal only between two pieces of work.
    const told = agent.lines.find(({ msg }) => msg === "told to end");
    assert.ok(ended - Date.parse(String(told?.time)) < 2000, JSON.stringify(agent.lines));
    // On a slow machine models may still be loading when the time is over.
    assert.ok(code === 0 || signal === "SIGKILL", agent.err);
    assert.equal(existsSync(join(dir, "signing.json")), false);
  });
});

test("a configuration that is not there is the user's error", () => {
  const { code, err } = check(join(dir, "none.toml"));
  assert.equal(code, 2);
  assert.match(err, /^error: .*none\.toml: cannot be read/);
});
