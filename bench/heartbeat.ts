// How late heartbeats are while vision works: worker threads that compute without a pause and hand a megabyte to the
// main thread ten times a second each, beside a hub with an autopilot's link and two ground stations. In the same run:
// the hub's own HEARTBEATs at 1 Hz, the timer behind them at 20 Hz (for more ticks), and `setInterval` at 20 Hz.
//
//   node dist/bench/heartbeat.js [--seconds 30] [--busy 2] [--json FILE]
//
// Exit code 1 if the 99th percentile of the timer is 20 ms or more.
import { createSocket } from "node:dgram";
import { writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { monotonic_us } from "../agent/clock.js";
import { MavlinkHub } from "../agent/mavlink/hub.js";
import { type Lateness, SteadyTimer } from "../agent/mavlink/steady-timer.js";
import { commandLine, numberWithin, wholeNumber } from "./command-line.js";

const { values: flags } = commandLine({
  options: {
    seconds: { type: "string", default: "30" },
    busy: { type: "string", default: "2" },
    json: { type: "string" },
  },
});
const seconds = numberWithin("--seconds", flags.seconds, 1, 86400);
const busy = wholeNumber("--busy", flags.busy, 0);
const PERIOD_MS = 50;
const LIMIT_US = 20_000;

/** Computes for ever; every 100 ms it hands a buffer over, as a vision worker hands over its results. */
const BUSY = `
const { parentPort } = require("node:worker_threads");
let sum = 0;
let next = Date.now();
for (;;) {
  for (let i = 0; i < 1e6; i++) sum += Math.sqrt(i ^ sum);
  if (Date.now() < next) continue;
  next += 100;
  const result = new ArrayBuffer(1 << 20);
  parentPort.postMessage(result, [result]);
}
`;

/** Lateness of `setInterval`, counted from its start as the timer counts. */
function plainInterval(): { stop(): Lateness } {
  const start_us = monotonic_us();
  const late_us: number[] = [];
  const interval = setInterval(() => {
    late_us.push(monotonic_us() - start_us - (late_us.length + 1) * PERIOD_MS * 1000);
  }, PERIOD_MS);
  return {
    stop() {
      clearInterval(interval);
      late_us.sort((a, b) => a - b);
      const at = (share: number) => late_us[Math.min(late_us.length - 1, Math.floor(late_us.length * share))] ?? 0;
      return { ticks: late_us.length, missed: 0, p50_us: at(0.5), p99_us: at(0.99), max_us: at(1) };
    },
  };
}

const sockets = await Promise.all(
  [0, 1, 2].map(async () => {
    const socket = createSocket("udp4");
    await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
    return socket;
  }),
);
const hub = await MavlinkHub.open({
  links: sockets.map((socket, at) => ({
    url: `udpout:127.0.0.1:${socket.address().port}`,
    role: at === 0 ? "autopilot" : "gcs",
  })),
});
let results = 0;
const workers = Array.from({ length: busy }, () => {
  const worker = new Worker(BUSY, { eval: true });
  worker.on("message", () => results++);
  return worker;
});
const timer = new SteadyTimer(PERIOD_MS, () => undefined);
timer.start();
const plain = plainInterval();
await sleep(seconds * 1000);
const report = { heartbeat_1_hz: hub.heartbeatLateness, timer_20_hz: timer.lateness, interval_20_hz: plain.stop() };
timer.stop();
await Promise.all(workers.map((worker) => worker.terminate()));
await hub.close();
for (const socket of sockets) socket.close();

const ms = (us: number) => (us / 1000).toFixed(1).padStart(8);
process.stdout.write(
  `${busy} busy workers on ${cpus().length} cores, ${seconds} s, ${results} results taken; lateness in ms\n`,
);
process.stdout.write(`${"".padEnd(16)}   ticks  missed     p50     p99     max\n`);
for (const [name, { ticks, missed, p50_us, p99_us, max_us }] of Object.entries(report)) {
  const counts = `${String(ticks).padStart(8)}${String(missed).padStart(8)}`;
  process.stdout.write(`${name.padEnd(16)}${counts}${ms(p50_us)}${ms(p99_us)}${ms(max_us)}\n`);
}
if (flags.json !== undefined)
  writeFileSync(flags.json, `${JSON.stringify({ seconds, busy, results, ...report }, null, 2)}\n`);
if (report.timer_20_hz.p99_us >= LIMIT_US) {
  process.stderr.write(
    `error: the 99th percentile is ${report.timer_20_hz.p99_us} us; it must be below ${LIMIT_US} us\n`,
  );
  process.exitCode = 1;
}
