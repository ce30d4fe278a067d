import { type Cockpit, FlightEnded, pause, until } from "./cockpit.js";

const REBOOT = 246;
const ROUNDS = 3;
const REBOOT_S = 90;
/** A simulator needs a moment until it is gone. */
const GONE_MS = 2000;

/**
 * Gives a vehicle that runs already the parameters of a scenario, and starts it again when any has changed: many are read at
 * boot only, and some exist only after another was set and the vehicle started again.
 *
 * @returns the parameters that it does not take, with why
 */
export async function setParameters(
  cockpit: Pick<Cockpit, "station" | "box" | "children" | "signal" | "say">,
  wanted: Readonly<Record<string, number>>,
): Promise<string[]> {
  const { station } = cockpit;
  let refused: string[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    let changed = 0;
    refused = [];
    for (const [name, value] of Object.entries(wanted)) {
      const before = await station.parameters.read(name);
      if (before.param !== null && Math.fround(before.param.value) === Math.fround(value)) continue;
      const after = before.param === null ? before : await station.parameters.set(name, value);
      if (after.outcome === "ok") changed++;
      else refused.push(after.reason);
    }
    if (changed === 0) return refused;
    cockpit.say(`${changed} parameters set; the vehicle is started again`);
    await reboot(cockpit);
  }
  return refused;
}

async function reboot(cockpit: Pick<Cockpit, "station" | "box" | "children" | "signal">): Promise<void> {
  const { ok, outcome } = await cockpit.station.command(REBOOT, [1]);
  if (!ok && outcome !== "no_answer") throw new FlightEnded(`the vehicle does not start again: ${outcome}`);
  await pause(GONE_MS);
  let heard = false;
  const stop = cockpit.station.onFrame(() => {
    heard = true;
  });
  try {
    await until(cockpit, "the vehicle is back", () => heard, REBOOT_S);
  } finally {
    stop();
  }
}
