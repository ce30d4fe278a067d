/** A descriptor is a unit vector up to this. */
const UNIT_TOLERANCE = 1e-3;

/** Throws a RangeError unless a descriptor has length 1. */
export function requireUnit(what: string, vector: Float32Array): void {
  let squares = 0;
  for (const value of vector) squares += value * value;
  if (Math.abs(Math.sqrt(squares) - 1) <= UNIT_TOLERANCE) return;
  throw new RangeError(`${what} is not a unit vector: its length is ${Math.sqrt(squares)}`);
}

/** Runs an insertion; a second one of the same thing is told by name. */
export function once(what: string, insert: () => void): void {
  try {
    insert();
  } catch (thrown) {
    const code = (thrown as { code?: unknown }).code;
    if (typeof code === "string" && code.startsWith("SQLITE_CONSTRAINT")) {
      throw new RangeError(`${what} was put twice`);
    }
    throw thrown;
  }
}
