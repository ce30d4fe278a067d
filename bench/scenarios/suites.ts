import { type Artifact, artifactId, inOrder } from "./artifact.js";
import { BAD_TIMING } from "./bad-timing.js";
import { COLD_START } from "./cold-start.js";
import { FAILING_CAMERA } from "./failing-camera.js";
import { LONG_FLIGHT } from "./long-flight.js";
import { LOOK_ALIKE } from "./look-alike.js";
import { LYING_AUTOPILOT } from "./lying-autopilot.js";
import { NOMINAL } from "./nominal.js";
import type { Scenario } from "./scenario.js";
import { WRONG_GROUND } from "./wrong-ground.js";

/** All scenarios of the integrity bench, in the order of its table. */
export const INTEGRITY: readonly Scenario[] = [
  ...NOMINAL,
  ...WRONG_GROUND,
  ...LOOK_ALIKE,
  ...LYING_AUTOPILOT,
  ...FAILING_CAMERA,
  ...BAD_TIMING,
];

export { COLD_START, LONG_FLIGHT };

const EVERY: readonly Scenario[] = [...INTEGRITY, ...COLD_START, ...LONG_FLIGHT];

/** Every artifact that scenarios need, needs first. */
export function artifactsOf(scenarios: readonly Scenario[]): Artifact[] {
  return inOrder(scenarios.flatMap(({ flights }) => flights.flatMap(({ flight, pack }) => [flight, pack])));
}

/** @throws Error for a name that no scenario has */
export function scenarioNamed(name: string): Scenario {
  const found = EVERY.find((scenario) => scenario.name === name);
  if (found === undefined) throw new Error(`no scenario is called ${name}`);
  return found;
}

/** @throws Error for an id that no scenario's artifact has */
export function artifactWithId(id: string): Artifact {
  const found = artifactsOf(EVERY).find((artifact) => artifactId(artifact) === id);
  if (found === undefined) throw new Error(`no scenario needs ${id}`);
  return found;
}
