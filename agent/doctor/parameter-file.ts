import { join } from "node:path";
import { writeFileAtomic } from "../report/atomic-file.js";
import { numberText } from "./parameters.js";
import type { ParamRule, ParamSetup } from "./rules.js";
import { SETUPS } from "./setups.js";

/** MAV_PARAM_TYPE of the types that PX4 has. */
const PX4_TYPES = { integer: 6, float: 9 } as const;

/** Name of the parameter file of a setup. */
export function parameterFileName(setup: ParamSetup): string {
  return `${setup.id}.${setup.autopilot === "px4" ? "params" : "param"}`;
}

/**
 * The parameter file of a setup: for PX4 as QGroundControl saves and loads it (tabs; vehicle, component, name, value,
 * type), for ArduPilot as Mission Planner and MAVProxy do (NAME,VALUE).
 */
export function parameterFile(setup: ParamSetup): string {
  const px4 = setup.autopilot === "px4";
  const head = [
    `# ${setup.title}`,
    "#",
    ...setup.notes.map((note) => `# ${note}`),
    "# skylink-agent doctor checks all of these on the vehicle and says more (docs/doctor.md).",
    ...byHand(setup.rules),
    "#",
    ...(px4 ? ["# Vehicle-Id Component-Id Name Value Type"] : []),
  ];
  const lines = inFile(setup.rules).map(({ names: [name], value, kind }) =>
    px4 ? ["1", "1", name, numberText(value), PX4_TYPES[kind]].join("\t") : `${name},${numberText(value)}`,
  );
  return `${[...head, ...lines].join("\n")}\n`;
}

/** Writes the parameter file of every setup into a folder; returns the paths. */
export function writeParameterFiles(folder: string): string[] {
  return SETUPS.map((setup) => {
    const path = join(folder, parameterFileName(setup));
    writeFileAtomic(path, parameterFile(setup));
    return path;
  });
}

function inFile(rules: readonly ParamRule[]): readonly ParamRule[] {
  return rules.filter(({ notInFile, when }) => notInFile === undefined && when === undefined);
}

/** What the file cannot set, because it depends on the aircraft, as comments; and what older firmware calls otherwise. */
function byHand(rules: readonly ParamRule[]): string[] {
  const left = rules
    .filter(({ notInFile }) => notInFile === true)
    .map(
      ({ names: [name], accepts, why }) =>
        `# By hand: ${name}${accepts.kind === "not" ? ` not ${accepts.value}` : ""}: ${why}.`,
    );
  const conditional = rules.flatMap(({ names: [name], value, when }) =>
    when === undefined ? [] : [`# If ${when.name} is ${when.value}, by hand: ${name} ${numberText(value)}.`],
  );
  const older = inFile(rules).flatMap(({ names: [name, ...others] }) =>
    others.length === 0 ? [] : [`# Older firmware calls ${name} ${others.join(" or ")}.`],
  );
  const other = inFile(rules).flatMap(({ names: [name], otherwise }) =>
    otherwise === undefined
      ? []
      : [`# ${otherwise.firmware} has ${otherwise.name} in place of ${name}: by hand ${numberText(otherwise.value)}.`],
  );
  const reboot = inFile(rules)
    .filter((rule) => rule.reboot)
    .map(({ names: [name] }) => name);
  return [
    ...left,
    ...conditional,
    ...older,
    ...other,
    `# Reboot the autopilot afterwards: ${reboot.join(", ")} are read at boot.`,
  ];
}
