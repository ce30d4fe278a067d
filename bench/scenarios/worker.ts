/** A child process of the benches: makes artifacts and replays flights, one at a time, as it is told. */
import { errorMessage } from "../../tiles/errors.js";
import { outcomeOf } from "../integrity/outcome.js";
import { Workshop } from "./artifact.js";
import { flyFolder } from "./fly.js";
import type { WorkerAnswer, WorkerTask } from "./pool.js";
import { artifactWithId, scenarioNamed } from "./suites.js";

async function run(task: WorkerTask): Promise<WorkerAnswer> {
  const before = process.cpuUsage();
  const cpu_s = (): number => {
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1e6;
  };
  const workshop = new Workshop(task.dir);
  if (task.kind === "make") {
    await workshop.make(artifactWithId(task.id));
    return { kind: "made", cpu_s: cpu_s() };
  }
  const flight = scenarioNamed(task.scenario).flights[task.flight];
  if (flight === undefined) throw new Error(`${task.scenario} has no flight ${task.flight}`);
  const flown = await flyFolder(workshop.pathOf(flight.flight), workshop.pathOf(flight.pack), flight.replay);
  return { kind: "flown", outcome: { frames: flown.frames.map(outcomeOf), seconds: flown.seconds }, cpu_s: cpu_s() };
}

process.on("message", (task: WorkerTask) => {
  run(task)
    .catch((thrown: unknown): WorkerAnswer => ({ kind: "failed", message: errorMessage(thrown) }))
    .then((answer) => process.send?.(answer))
    .catch((thrown: unknown) => {
      process.stderr.write(`${errorMessage(thrown)}\n`);
      process.exitCode = 1;
    });
});
