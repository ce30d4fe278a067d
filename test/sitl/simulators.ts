import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { GeoPoint } from "../../tiles/geodesy/index.js";
import { Child } from "./child.js";
import type { VehicleKind } from "./scenarios.js";
import type { Autopilot, VehicleLinks } from "./where.js";

/** Where a simulated vehicle stands at the start. */
export interface Home extends GeoPoint {
  readonly alt_m: number;
}

export interface SimulatorOptions {
  readonly kind: VehicleKind;
  readonly home: Home;
  readonly parameters: Readonly<Record<string, number>>;
  /** A folder of its own, empty. */
  readonly folder: string;
}

/**
 * The udpin links that PX4's simulator sends to: ground station, on-board computer, and for the camera that of SIH's display,
 * which tells the true pose unasked. (The gimbal's link takes no requests for messages.)
 */
export const PX4_LINKS: VehicleLinks = {
  station: "udpin:127.0.0.1:14550",
  agent: "udpin:127.0.0.1:14540",
  camera: "udpin:127.0.0.1:19410",
};

/**
 * Starts ArduPilot's simulator. It sends to three UDP ports of this computer, so that nothing of it listens where others
 * could reach it.
 */
export function startArdupilot(
  autopilot: Extract<Autopilot, { kind: "ardupilot" }>,
  options: SimulatorOptions,
  ports: readonly [number, number, number],
): Child {
  const { home, folder } = options;
  const extra = join(folder, "scenario.parm");
  writeFileSync(extra, lines(options.parameters));
  const serials = ports.map((port, k) => `--serial${k}=udpclient:127.0.0.1:${port}`);
  return new Child({
    name: "ArduPilot",
    program: autopilot.binary,
    args: [
      `--model=${options.kind === "ardupilot-plane" ? "plane" : "quad"}`,
      `--home=${home.lat_deg},${home.lon_deg},${home.alt_m},0`,
      `--defaults=${autopilot.defaults},${extra}`,
      "--speedup=1",
      "--wipe",
      ...serials,
    ],
    folder,
    logFile: join(folder, "autopilot.log"),
  });
}

/** Starts PX4 with its built-in simulator of a quadrotor (SIH). It sends to PX4_LINKS. */
export function startPx4(autopilot: Extract<Autopilot, { kind: "px4" }>, options: SimulatorOptions): Child {
  const { home, folder, parameters } = options;
  const environment: Record<string, string> = {
    PX4_SIM_MODEL: "sihsim_quadx",
    PX4_HOME_LAT: String(home.lat_deg),
    PX4_HOME_LON: String(home.lon_deg),
    PX4_HOME_ALT: String(home.alt_m),
  };
  for (const [name, value] of Object.entries(parameters)) environment[`PX4_PARAM_${name}`] = String(value);
  return new Child({
    name: "PX4",
    program: autopilot.binary,
    args: ["-i", "0", "-d", autopilot.etc],
    folder,
    logFile: join(folder, "autopilot.log"),
    environment,
  });
}

function lines(parameters: Readonly<Record<string, number>>): string {
  return Object.entries(parameters)
    .map(([name, value]) => `${name} ${value}\n`)
    .join("");
}
