/**
 * Nominal and adversarial flights through the real pipeline: availability, errors, false fixes with their bound,
 * coverage of the stated uncertainty.
 *
 *     npm run bench:integrity [-- --json FILE] [--only NAMES] [--work DIR] [--jobs N] [--list]
 *
 * --only takes names, comma-separated; one that ends in * stands for all that begin so. --work keeps the rendered
 * flights and packs, so that another run only replays. Everything is synthetic: see bench/scenarios.
 */
import { integrityReport } from "./integrity/report.js";
import { scenarioBench } from "./scenarios/command.js";
import { INTEGRITY } from "./scenarios/suites.js";

await scenarioBench(INTEGRITY, ({ scenarios, outcomes }) => {
  const results = scenarios.map((scenario) => ({ ...scenario, outcomes: outcomes.get(scenario) ?? [] }));
  const { report, text } = integrityReport(results);
  process.stdout.write(`${text}\n`);
  return report;
});
