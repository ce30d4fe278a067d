import { existsSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { parseLinkUrl } from "../../agent/mavlink/link/url.js";
import { UserError } from "../../tiles/errors.js";
import type { VehicleKind } from "./scenarios.js";

/** Links of a vehicle that is running: one each for the ground station, the agent and the camera. */
export interface VehicleLinks {
  readonly station: string;
  readonly agent: string;
  readonly camera: string;
}

/** The autopilot to fly: one that runs already, or a simulator to start. */
export type Autopilot =
  | { readonly kind: "running"; readonly links: VehicleLinks }
  | { readonly kind: "ardupilot"; readonly binary: string; readonly defaults: string }
  | { readonly kind: "px4"; readonly binary: string; readonly etc: string };

type Environment = Readonly<Record<string, string | undefined>>;

/** Which of the variables a vehicle can come from, for the message of a test that is skipped. */
export function variablesOf(kind: VehicleKind): string {
  const own = kind === "px4-copter" ? "PX4_SITL" : "ARDUPILOT_SITL";
  return `neither SITL_MAVLINK nor ${own} is set (docs/sitl.md)`;
}

/**
 * The autopilot that the environment names for a kind of vehicle; null when it names none. SITL_MAVLINK comes first.
 *
 * @throws UserError for a variable whose value is not what it should be
 */
export function autopilotFor(kind: VehicleKind, environment: Environment): Autopilot | null {
  const { SITL_MAVLINK: running, ARDUPILOT_SITL: ardupilot, PX4_SITL: px4 } = environment;
  if (running) return { kind: "running", links: runningLinks(running) };
  if (kind === "px4-copter") return px4 ? px4In(px4) : null;
  return ardupilot ? ardupilotIn(ardupilot, kind === "ardupilot-plane" ? "arduplane" : "arducopter") : null;
}

/** URL for all, or three of them with commas. */
export function runningLinks(text: string): VehicleLinks {
  const urls = text.split(",");
  for (const url of urls) parseLinkUrl(url);
  const [station = "", agent = station, camera = station] = urls;
  if (urls.length !== 1 && urls.length !== 3) {
    throw new UserError(
      `SITL_MAVLINK: ${urls.length} links; give one, or three with commas: ground station, agent, camera`,
    );
  }
  if (urls.length === 1 && !station.startsWith("tcp:")) {
    throw new UserError(
      "SITL_MAVLINK: only a tcp: link can be opened three times; give three with commas: ground station, agent, camera",
    );
  }
  return { station, agent, camera };
}

/** A checkout that was built, or the binary itself. */
function ardupilotIn(path: string, program: string): Autopilot {
  const given = existing("ARDUPILOT_SITL", path);
  const folder = statSync(given).isDirectory();
  const inside = [join(given, program), join(given, "build", "sitl", "bin", program), join(given, "bin", program)];
  const binary = folder ? inside.find((one) => existsSync(one)) : join(dirname(given), program);
  if (binary === undefined || !existsSync(binary)) {
    throw new UserError(`ARDUPILOT_SITL: there is no ${program} in ${path}; give the checkout it was built in`);
  }
  const file = program === "arduplane" ? "plane.parm" : "copter.parm";
  // The simulator's own parameters lie in the checkout, three folders above the binary; a plane's are beside its model.
  const bases = [given, resolve(dirname(binary), "..", "..", "..")];
  const places = bases.flatMap((base) => ["models", "default_params"].map((at) => join(base, "Tools", "autotest", at)));
  const defaults = places.map((place) => join(place, file)).find((one) => existsSync(one));
  if (defaults === undefined) {
    const named = join("Tools", "autotest", "*", file);
    throw new UserError(`ARDUPILOT_SITL: ${named} is not beside ${binary}; leave the binary where it was built`);
  }
  return { kind: "ardupilot", binary, defaults };
}

function px4In(path: string): Autopilot {
  const given = existing("PX4_SITL", path);
  const binary = join(given, "bin", "px4");
  const etc = join(given, "etc");
  if (!existsSync(binary) || !existsSync(etc)) {
    throw new UserError(`PX4_SITL: ${path} has no bin/px4 and etc; give the build folder, build/px4_sitl_default`);
  }
  return { kind: "px4", binary, etc };
}

function existing(variable: string, path: string): string {
  const absolute = resolve(path);
  if (!existsSync(absolute)) throw new UserError(`${variable}: ${path} does not exist`);
  return absolute;
}
