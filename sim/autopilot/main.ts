#!/usr/bin/env node
import { closeSync, openSync, readFileSync, writeSync } from "node:fs";
import { SigningKey } from "../../agent/mavlink/signing.js";
import { unknownWord } from "../../agent/text/nearest.js";
import { UserError } from "../../tiles/errors.js";
import { Options, runCommand } from "../options.js";
import { LiveTwin } from "./edge/live-twin.js";
import { TRAITS, TWIN_KINDS } from "./kinds.js";
import { MISSION_SHAPES, missionPoints } from "./missions.js";
import type { MissionOptions } from "./options.js";
import { PRESET_NAMES, PRESETS, type PresetName, PX4_WITHOUT_GPS } from "./parameters/presets.js";

const KNOWN = {
  kind: "ardupilot-copter",
  listen: "tcp:127.0.0.1:5760",
  seed: "1",
  lat: "49",
  lon: "16",
  alt: "300",
  start: "ground",
  boot: "quick",
  mission: "none",
  "mission-mode": "auto",
  "mission-m": "1000",
  "mission-course": "0",
  laps: "1",
  agl: undefined,
  speed: undefined,
  "jam-at": undefined,
  "jam-end": undefined,
  wind: "2,-1.5",
  gust: "0.8",
  "compass-offset": undefined,
  rangefinder: "150",
  preset: undefined,
  gps: "yes",
  params: undefined,
  "lost-requests": "0.1",
  "signing-key-file": undefined,
  log: undefined,
  "run-s": undefined,
} as const;

const SHAPES = ["none", ...MISSION_SHAPES] as const;

/** NAME=VALUE,NAME=VALUE as numbers. */
function assignments(text: string | undefined): Record<string, number> {
  const out: Record<string, number> = {};
  for (const part of (text ?? "").split(",").filter((one) => one !== "")) {
    const [name = "", value = ""] = part.split("=");
    if (name === "" || value === "" || !Number.isFinite(Number(value))) {
      throw new UserError(`--params "${part}": give NAME=NUMBER, several of them with commas between`);
    }
    out[name] = Number(value);
  }
  return out;
}

function presetOf(options: Options): Readonly<Record<string, number>> {
  const name = options.optional("preset");
  if (name === undefined) return {};
  const found = PRESET_NAMES.find((one): one is PresetName => one === name);
  if (found === undefined) throw new UserError(unknownWord("preset", name, PRESET_NAMES));
  return PRESETS[found];
}

function missionOf(options: Options, plane: boolean): MissionOptions | null {
  const shape = options.choice("mission", SHAPES);
  if (shape === "none") return null;
  const points = missionPoints(
    shape,
    options.number("mission-m", 10, 100_000),
    options.number("mission-course", -360, 360),
  );
  return {
    points,
    height_m: options.optional("agl") === undefined ? (plane ? 100 : 60) : options.number("agl", 2, 3000),
    speed_mps: options.optional("speed") === undefined ? (plane ? 22 : 7) : options.number("speed", 1, 40),
    mode: options.choice("mission-mode", ["auto", "guided"] as const),
    laps: options.whole("laps", 1, 1000),
  };
}

function optionalNumber(options: Options, name: string, low: number, high: number): number | null {
  return options.optional(name) === undefined ? null : options.number(name, low, high);
}

async function main(): Promise<void> {
  const options = new Options(KNOWN);
  const kind = options.choice("kind", TWIN_KINDS);
  const traits = TRAITS[kind];
  const [north_mps = 0, east_mps = 0] = options.text("wind").split(",").map(Number);
  if (!Number.isFinite(north_mps) || !Number.isFinite(east_mps)) throw new UserError("--wind: give NORTH,EAST in m/s");
  const withoutGps = options.choice("gps", ["yes", "no"] as const) === "no";
  const noGps = !withoutGps ? {} : traits.firmware === "px4" ? PX4_WITHOUT_GPS : { GPS1_TYPE: 0 };
  const keyFile = options.optional("signing-key-file");
  const signing = keyFile === undefined ? {} : { signingKey: SigningKey.fromHex(readFileSync(keyFile, "utf8")) };
  const live = await LiveTwin.start(
    {
      kind,
      seed: options.whole("seed", 0, 0xffffffff),
      home: {
        lat_deg: options.number("lat", -85, 85),
        lon_deg: options.number("lon", -180, 180),
        alt_m: options.number("alt", -500, 9000),
      },
      start: options.choice("start", ["ground", "air"] as const),
      boot: options.choice("boot", ["quick", "recorded"] as const),
      parameters: { ...presetOf(options), ...noGps, ...assignments(options.optional("params")) },
      wind: { north_mps, east_mps, gust_mps: options.number("gust", 0, 10) },
      compassOffset_deg: optionalNumber(options, "compass-offset", -180, 180),
      rangefinderMax_m: options.number("rangefinder", 0, 655),
      mission: missionOf(options, traits.frame === "plane"),
      jamAt_s: optionalNumber(options, "jam-at", 0, 1e6),
      jamEnd_s: optionalNumber(options, "jam-end", 0, 1e6),
      lostRequests: options.number("lost-requests", 0, 0.99),
    },
    { listen: options.text("listen").split(","), ...signing },
  );
  const path = options.optional("log");
  const file = path === undefined ? null : openSync(path, "w");
  live.log.onEntry((entry) => {
    if (file !== null) writeSync(file, `${JSON.stringify(entry)}\n`);
    if (entry.kind === "event") process.stdout.write(`${JSON.stringify(entry)}\n`);
  });
  process.stdout.write(`${JSON.stringify({ kind: "listening", urls: live.urls })}\n`);
  const run_s = optionalNumber(options, "run-s", 0, 1e6);
  await new Promise<void>((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => resolve());
    // A timer that nobody waits for any more must not keep the process.
    if (run_s !== null) setTimeout(resolve, run_s * 1000).unref();
  });
  await live.close();
  if (file !== null) closeSync(file);
}

runCommand(main);
