import { unknownWord } from "../../../agent/text/nearest.js";
import { UserError } from "../../../tiles/errors.js";

/** A parameter: whether the autopilot keeps it as an integer, and its value. */
export interface Parameter {
  readonly name: string;
  readonly integer: boolean;
  readonly value: number;
}

/** [name, value] of floats; [name, value, "int"] of integers. */
export type ParameterDefault = readonly [string, number] | readonly [string, number, "int"];

/** The parameters of an autopilot, in the order of its list. */
export class ParameterStore {
  readonly #byName = new Map<string, Parameter>();
  readonly #names: string[] = [];

  /** Throws a UserError for a name in `changed` that this autopilot does not have. */
  constructor(defaults: readonly ParameterDefault[], changed: Readonly<Record<string, number>> = {}) {
    for (const [name, value, kind] of [...defaults].sort(([a], [b]) => (a < b ? -1 : 1))) {
      this.#names.push(name);
      this.#byName.set(name, { name, integer: kind === "int", value });
    }
    for (const [name, value] of Object.entries(changed)) {
      if (!this.#byName.has(name)) throw new UserError(unknownWord("parameter of the twin", name, this.#names));
      this.set(name, value);
    }
  }

  get count(): number {
    return this.#names.length;
  }

  /** The value; what the autopilot does not have counts as 0. */
  value(name: string): number {
    return this.#byName.get(name)?.value ?? 0;
  }

  find(name: string): Parameter | null {
    return this.#byName.get(name) ?? null;
  }

  at(index: number): Parameter | null {
    const name = this.#names[index];
    return name === undefined ? null : this.find(name);
  }

  indexOf(name: string): number {
    return this.#names.indexOf(name);
  }

  /** Sets it, rounded if it is an integer and to 32 bits if not; null where there is no such parameter. */
  set(name: string, value: number): Parameter | null {
    const known = this.#byName.get(name);
    if (known === undefined || !Number.isFinite(value)) return null;
    const changed = { ...known, value: known.integer ? Math.round(value) : Math.fround(value) };
    this.#byName.set(name, changed);
    return changed;
  }
}
