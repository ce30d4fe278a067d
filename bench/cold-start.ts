/**
 * How long the first position takes without any initial position, on 25 km² of synthetic map, with a compass and
 * without.
 *
 *     npm run bench:cold-start [-- --json FILE] [--only NAMES] [--work DIR] [--jobs N] [--list]
 */
import { firstFixes, firstFixTable } from "./integrity/first-fix.js";
import { scenarioBench } from "./scenarios/command.js";
import { COLD_START } from "./scenarios/suites.js";

await scenarioBench(COLD_START, ({ scenarios, outcomes }) => {
  const results = scenarios.map((scenario) => ({
    name: scenario.name,
    what: scenario.what,
    ...firstFixes(outcomes.get(scenario) ?? []),
  }));
  process.stdout.write(`${firstFixTable(results)}\n`);
  return { scenarios: results };
});
