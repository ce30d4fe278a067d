/**
 * A synthetic flight of more than 10 km: how much of it the published position is within 5 m while a match comes once a
 * second and is known 300 ms after its frame, and how far odometry alone drifts over the same pictures.
 *
 *     npm run bench:long-flight [-- --json FILE] [--work DIR]
 */
import { ODOMETRY_CONFIG } from "../agent/navigation/odometry/config.js";
import { allTheWay } from "./integrity/long-flight.js";
import { summarise } from "./integrity/summary.js";
import { summaryTable } from "./integrity/table.js";
import { measure } from "./odometry/measure.js";
import { readTruth } from "./odometry/poses.js";
import { Workshop } from "./scenarios/artifact.js";
import { scenarioBench } from "./scenarios/command.js";
import { HONEST_ERRORS } from "./scenarios/flight-artifact.js";
import { LONG_FLIGHT } from "./scenarios/suites.js";

/** Attitude and height as wrong as the flight says; the true heading, since its error is not odometry's. */
const POSES = {
  attitude_sigma_deg: HONEST_ERRORS.attitude_sigma_deg,
  attitude_time_s: 5,
  agl_part: HONEST_ERRORS.agl_sigma,
  agl_time_s: HONEST_ERRORS.error_time_s,
};

await scenarioBench(LONG_FLIGHT, async ({ scenarios, outcomes, dir }) => {
  const [scenario] = scenarios;
  const [outcome] = scenario === undefined ? [] : (outcomes.get(scenario) ?? []);
  if (scenario?.flights[0] === undefined || outcome === undefined) throw new Error("nothing was flown");
  const way = allTheWay(outcome);
  const truth = await readTruth(new Workshop(dir).pathOf(scenario.flights[0].flight));
  const odometry = await measure(truth, POSES, ODOMETRY_CONFIG);
  const percent = (value: number | null): string => (value === null ? "-" : `${(value * 100).toFixed(2)} %`);
  const drift = (value: number | null): string => (value === null ? "-" : `${value.toFixed(2)} %`);
  process.stdout.write(
    [
      summaryTable([{ name: scenario.name, summary: summarise([outcome]) }]),
      "",
      `${(odometry.distance_m / 1000).toFixed(1)} km: within 5 m ${percent(way.within_5m)} of ${way.frames} frames ` +
        `from the first position on (${way.without} without one)`,
      `odometry alone, of the distance: ${drift(odometry.drift_percent.end)} at the end, ` +
        `${drift(odometry.drift_percent.mean_1km)} mean over 1 km, ${drift(odometry.drift_percent.mean_100m)} over 100 m; ` +
        `${odometry.frames - odometry.steps - 1} frames refused`,
      "",
    ].join("\n"),
  );
  return { ...summarise([outcome]), all_the_way: way, odometry };
});
