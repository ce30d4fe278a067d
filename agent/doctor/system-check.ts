import { accessSync, constants, existsSync, readdirSync, readFileSync, statfsSync, statSync } from "node:fs";
import { availableParallelism, freemem } from "node:os";
import { dirname, join, resolve } from "node:path";
import { packageRoot } from "../../models/runtime/paths.js";
import { monotonic_us } from "../clock.js";
import { type Check, checksOf, type Verdict } from "./checks.js";

const check = checksOf("system");

const GIB = 2 ** 30;
/** Free space below which the recorder and the logs get into trouble, bytes. */
const DISK_LOW = GIB;
const DISK_EMPTY = 0.1 * GIB;
/** The agent with a pack of some hundred thousand cells takes about half of this, bytes. */
const MEMORY_LOW = 0.5 * GIB;
/** Jetsons slow down from about 97 degrees on, other boards from 80 to 85. */
const HOT_C = 80;
const TOO_HOT_C = 95;
/** How far two clocks of one computer may drift apart while they are watched, as a share. */
const CLOCKS_APART = 0.05;

/** What of the computer is looked at, and where; everything but the folders is for tests. */
export interface SystemOptions {
  /** Folders that must have space, and whether the agent writes into them. */
  readonly folders: readonly { readonly path: string; readonly written: boolean }[];
  readonly thermal?: string;
  /** The date, milliseconds since 1970. */
  readonly now_ms?: () => number;
}

/** Looks at the computer: date, clocks, space, memory, cores, temperature. Takes a quarter of a second. */
export async function checkSystem(options: SystemOptions): Promise<Check[]> {
  const now_ms = options.now_ms ?? Date.now;
  return [
    nodeVersion(process.versions.node),
    date(now_ms()),
    await clocks(now_ms),
    ...options.folders.map(disk),
    memory(),
    cores(),
    temperature(options.thermal ?? "/sys/class/thermal"),
  ];
}

function nodeVersion(version: string): Check {
  const [major = "0"] = version.split(".");
  const even = Number(major) % 2 === 0;
  if (Number(major) < 20) return check("node", "problem", `Node ${version}: the agent needs Node 20 or later`);
  return check("node", even ? "ok" : "warning", even ? `Node ${version}` : `Node ${version} is no long-term version`);
}

/** A computer without a battery for its clock starts in the past: nothing can be older than this program. */
function date(now_ms: number): Check {
  const made_ms = statSync(join(packageRoot(), "package.json")).mtimeMs;
  const day = new Date(now_ms).toISOString().slice(0, 16).replace("T", " ");
  if (now_ms >= made_ms - 86_400_000) return check("date", "ok", `${day} UTC`);
  return check(
    "date",
    "problem",
    `the computer's date is ${day} UTC, before this program was installed: set it (timedatectl), or signing and recordings go wrong`,
  );
}

/** The monotonic clock must rise, and at the pace of the date. */
async function clocks(now_ms: () => number): Promise<Check> {
  const [mono0_us, date0_ms] = [monotonic_us(), now_ms()];
  let last_us = mono0_us;
  for (let i = 0; i < 5; i++) {
    await new Promise((done) => setTimeout(done, 50));
    const next_us = monotonic_us();
    if (next_us <= last_us)
      return check("clocks", "problem", "the monotonic clock does not rise: no time can be measured");
    last_us = next_us;
  }
  const [mono_ms, date_ms] = [(last_us - mono0_us) / 1000, now_ms() - date0_ms];
  if (Math.abs(date_ms - mono_ms) > mono_ms * CLOCKS_APART + 20) {
    return check(
      "clocks",
      "warning",
      `the date moved ${date_ms.toFixed(0)} ms while ${mono_ms.toFixed(0)} ms passed: it is being set; look again later`,
    );
  }
  return check("clocks", "ok", "the monotonic clock rises, and the date with it");
}

function disk({ path, written }: { readonly path: string; readonly written: boolean }): Check {
  const name = `disk ${path}`;
  const folder = nearestFolder(path);
  const { bavail, bsize } = statfsSync(folder);
  const free = bavail * bsize;
  const verdict: Verdict = free < DISK_EMPTY ? "problem" : free < DISK_LOW ? "warning" : "ok";
  const space = `${(free / GIB).toFixed(1)} GiB free`;
  if (written && existsSync(path) && !writable(path)) {
    return check(name, "warning", `${space}, and this user cannot write there (the service may run as another)`);
  }
  if (written && !existsSync(path)) return check(name, verdict, `${space} (the folder is not there yet)`);
  return check(name, verdict, verdict === "ok" ? space : `only ${space}: recordings and logs need more than 1 GiB`);
}

/** The folder itself, or the nearest one above it that exists. */
function nearestFolder(path: string): string {
  let folder = resolve(path);
  while (!existsSync(folder) && dirname(folder) !== folder) folder = dirname(folder);
  return folder;
}

function writable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

function memory(): Check {
  const available = availableMemory() ?? freemem();
  const text = `${(available / GIB).toFixed(1)} GiB available`;
  return check("memory", available < MEMORY_LOW ? "warning" : "ok", available < MEMORY_LOW ? `only ${text}` : text);
}

/** What Linux could give without swapping; `freemem` counts caches as used. */
function availableMemory(): number | null {
  try {
    const line = /^MemAvailable:\s+(\d+) kB$/m.exec(readFileSync("/proc/meminfo", "utf8"));
    return line === null ? null : Number(line[1]) * 1024;
  } catch {
    return null;
  }
}

function cores(): Check {
  const count = availableParallelism();
  if (count >= 2) return check("cores", "ok", `${count}`);
  return check("cores", "warning", "one core: heartbeats and networks share it, and frames will be left out");
}

/** The hottest thermal zone that says something sensible. */
function temperature(folder: string): Check {
  let hottest: { readonly zone: string; readonly celsius: number } | null = null;
  for (const zone of existsSync(folder) ? readdirSync(folder) : []) {
    if (!zone.startsWith("thermal_zone")) continue;
    const celsius = zoneTemperature(join(folder, zone, "temp"));
    if (celsius === null || celsius <= (hottest?.celsius ?? Number.NEGATIVE_INFINITY)) continue;
    hottest = { zone: zoneName(join(folder, zone, "type")) ?? zone, celsius };
  }
  if (hottest === null) return check("temperature", "skipped", `${folder} tells none`);
  const text = `${hottest.celsius.toFixed(0)} °C (${hottest.zone})`;
  if (hottest.celsius >= TOO_HOT_C) return check("temperature", "problem", `${text}: the computer slows down; cool it`);
  if (hottest.celsius >= HOT_C) return check("temperature", "warning", `${text}: little is left before it slows down`);
  return check("temperature", "ok", text);
}

/** Zones of parts that are switched off cannot be read, or stand at 0 or at an absurd value. */
function zoneTemperature(path: string): number | null {
  try {
    const celsius = Number(readFileSync(path, "utf8").trim()) / 1000;
    return celsius > 0 && celsius < 150 ? celsius : null;
  } catch {
    return null;
  }
}

function zoneName(path: string): string | null {
  try {
    return readFileSync(path, "utf8").trim();
  } catch {
    return null;
  }
}
