import { type ParseArgsConfig, parseArgs } from "node:util";
import { errorMessage, UserError } from "../tiles/errors.js";

/** What the file system says of a path that the user gave wrong. */
const UNUSABLE = ["ENOENT", "ENOTDIR", "EISDIR", "EACCES"];

/**
 * The options of a bench. A wrong one ends the program with one line that names the valid ones, and so does every
 * `UserError` or unusable path that escapes later, all with exit code 2; what else escapes is a fault of ours and is shown whole.
 */
export function commandLine<const T extends ParseArgsConfig>(config: T): ReturnType<typeof parseArgs<T>> {
  process.once("uncaughtException", (thrown: NodeJS.ErrnoException) => {
    const ours = !(thrown instanceof UserError || UNUSABLE.includes(thrown.code ?? ""));
    process.stderr.write(`error: ${ours ? (thrown.stack ?? thrown.message) : thrown.message}\n`);
    process.exit(ours ? 1 : 2);
  });
  try {
    return parseArgs(config);
  } catch (thrown) {
    throw new UserError(`${errorMessage(thrown)}; the options are ${optionNames(config)}`);
  }
}

function optionNames({ options = {}, allowPositionals = false }: ParseArgsConfig): string {
  const names = Object.entries(options).map(([name, { type }]) => `--${name}${type === "string" ? " VALUE" : ""}`);
  return [...names, ...(allowPositionals ? ["FILE ..."] : [])].join(" ");
}

/** A whole number of at least `least`. @throws UserError that names the option */
export function wholeNumber(option: string, word: string | undefined, least = 1): number {
  const value = Number(word);
  if (word === undefined || word.trim() === "" || !Number.isInteger(value) || value < least)
    throw new UserError(`${option} ${word ?? ""}: give a whole number of at least ${least}`);
  return value;
}

/** A number within bounds. @throws UserError that names the option */
export function numberWithin(option: string, word: string | undefined, low: number, high: number): number {
  const value = Number(word);
  if (word === undefined || word.trim() === "" || !(value >= low && value <= high))
    throw new UserError(`${option} ${word ?? ""}: give a number from ${low} to ${high}`);
  return value;
}

/** What must be given. @throws UserError that names the option and what it is */
export function required(option: string, word: string | undefined, what: string): string {
  if (word === undefined || word === "") throw new UserError(`${option} is missing: give ${what}`);
  return word;
}
