import { InvalidArgumentError } from "commander";
import { PROVIDERS, type Provider } from "../../models/runtime/session.js";
import { unknownWord } from "../text/nearest.js";

/** Parser of a command-line option that takes a whole number of at least `least`. */
export function wholeNumber(least: number): (text: string) => number {
  return (text) => {
    const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    if (!Number.isSafeInteger(value) || value < least) {
      throw new InvalidArgumentError(`expected a whole number of at least ${least}.`);
    }
    return value;
  };
}

/** Parser of a command-line option that takes execution providers: `tensorrt,cuda,cpu`. */
export function providerLadder(text: string): Provider[] {
  return text.split(",").map((part) => {
    const name = part.trim();
    const known = PROVIDERS.find((one) => one === name);
    if (known === undefined) throw new InvalidArgumentError(unknownWord("provider", name, PROVIDERS));
    return known;
  });
}

/** Parser of a command-line option that takes a number greater than 0. */
export function positiveNumber(text: string): number {
  const value = text.trim() === "" ? Number.NaN : Number(text);
  if (!Number.isFinite(value) || value <= 0) throw new InvalidArgumentError("expected a number greater than 0.");
  return value;
}

/** Parser of a command-line option that takes a number of 0 or more. */
export function nonNegativeNumber(text: string): number {
  const value = text.trim() === "" ? Number.NaN : Number(text);
  if (!Number.isFinite(value) || value < 0) throw new InvalidArgumentError("expected a number of 0 or more.");
  return value;
}
