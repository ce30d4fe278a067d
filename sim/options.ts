import { parseArgs } from "node:util";
import { errorMessage, UserError } from "../tiles/errors.js";
import type { Epoch } from "./world/epoch.js";
import { makeEpoch } from "./world/epoch.js";
import type { LandUse } from "./world/layout/model.js";
import { World } from "./world/world.js";

const LAND_USES: readonly LandUse[] = ["urban", "suburban", "rural", "forest", "mixed"];

/** Options of a command line, checked as they are read. */
export class Options {
  private readonly values: Readonly<Record<string, string | undefined>>;

  /** @param known every option with its default (undefined = none) */
  constructor(known: Readonly<Record<string, string | undefined>>, args = process.argv.slice(2)) {
    const options = Object.fromEntries(Object.keys(known).map((name) => [name, { type: "string" as const }]));
    try {
      const { values } = parseArgs({ args: joinNegative(args), options });
      const given: Record<string, string | undefined> = { ...known };
      for (const [name, value] of Object.entries(values)) if (typeof value === "string") given[name] = value;
      this.values = given;
    } catch (thrown) {
      throw new UserError(
        `${errorMessage(thrown)}; the options are ${Object.keys(known)
          .map((n) => `--${n}`)
          .join(" ")}`,
      );
    }
  }

  text(name: string): string {
    const value = this.values[name];
    if (value === undefined || value === "") throw new UserError(`--${name} is missing`);
    return value;
  }

  optional(name: string): string | undefined {
    return this.values[name];
  }

  number(name: string, low: number, high: number): number {
    const text = this.text(name);
    const value = Number(text);
    if (!(value >= low && value <= high))
      throw new UserError(`--${name} ${text}: give a number from ${low} to ${high}`);
    return value;
  }

  whole(name: string, low: number, high: number): number {
    const value = this.number(name, low, high);
    if (!Number.isInteger(value)) throw new UserError(`--${name} ${value}: give a whole number`);
    return value;
  }

  choice<T extends string>(name: string, allowed: readonly T[]): T {
    const text = this.text(name);
    const found = allowed.find((one) => one === text);
    if (found === undefined) throw new UserError(`--${name} ${text}: one of ${allowed.join(", ")}`);
    return found;
  }
}

/** `--lat -33.5` as parseArgs wants it: `--lat=-33.5`. */
function joinNegative(args: readonly string[]): string[] {
  const out: string[] = [];
  for (const arg of args) {
    const option = out.at(-1);
    if (/^-\d/.test(arg) && option?.startsWith("--") === true && !option.includes("="))
      out[out.length - 1] = `${option}=${arg}`;
    else out.push(arg);
  }
  return out;
}

/** The options that name a place. Map and flight of one place must be given the same ones, --size-m included. */
export const PLACE_OPTIONS = {
  seed: "1",
  "size-m": "1000",
  "land-use": undefined,
  lat: "48",
  lon: "11",
  epoch: "0",
} as const;

export function worldOf(options: Options): World {
  const landUse = options.optional("land-use") === undefined ? undefined : options.choice("land-use", LAND_USES);
  return new World({
    seed: options.whole("seed", 0, 0xffffffff),
    size_m: options.number("size-m", 50, 20000),
    origin: { lat_deg: options.number("lat", -84, 84), lon_deg: options.number("lon", -180, 180) },
    style: landUse === undefined ? {} : { landUse },
  });
}

export function epochOf(options: Options): Epoch {
  return makeEpoch(
    options.whole("seed", 0, 0xffffffff),
    options.whole("epoch", 0, 1000),
    Math.abs(options.number("lat", -84, 84)),
  );
}

/** Runs a command: bad input exits 2 with one line, anything else exits 1. */
export function runCommand(main: () => Promise<void>): void {
  main().catch((thrown: unknown) => {
    process.stderr.write(`error: ${errorMessage(thrown)}\n`);
    process.exitCode = thrown instanceof UserError ? 2 : 1;
  });
}
