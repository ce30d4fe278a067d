import { UserError } from "../../tiles/errors.js";
import { errorAt, type Place } from "../text/place.js";

/** Runs `check`; a UserError of it is thrown again with the place of the key that it is about. */
export function placed<T>(place: Place, check: () => T): T {
  try {
    return check();
  } catch (thrown) {
    throw withPlace(place, thrown);
  }
}

/** The same for what takes time. */
export async function placedAsync<T>(place: Place, check: () => Promise<T>): Promise<T> {
  try {
    return await check();
  } catch (thrown) {
    throw withPlace(place, thrown);
  }
}

function withPlace(place: Place, thrown: unknown): unknown {
  return thrown instanceof UserError ? errorAt(place, thrown.message) : thrown;
}
