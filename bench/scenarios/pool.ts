import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { FlightOutcome } from "../integrity/outcome.js";
import { type Artifact, artifactId, Workshop } from "./artifact.js";
import { runGraph } from "./graph.js";
import type { Scenario } from "./scenario.js";
import { artifactsOf } from "./suites.js";

/** What a worker process is asked to do, in the work folder `dir`. */
export type WorkerTask =
  | { readonly kind: "make"; readonly dir: string; readonly id: string }
  | { readonly kind: "fly"; readonly dir: string; readonly scenario: string; readonly flight: number };

export type WorkerAnswer =
  | { readonly kind: "made"; readonly cpu_s: number }
  | { readonly kind: "flown"; readonly outcome: FlightOutcome; readonly cpu_s: number }
  | { readonly kind: "failed"; readonly message: string };

export interface RunOptions {
  /** Work folder: what lies in it already is not made again. */
  readonly dir: string;
  /** Processes at a time. */
  readonly jobs: number;
  /** Told what is being done. */
  readonly onProgress: (line: string) => void;
}

/**
 * Makes all that the scenarios need and replays their flights, several at a time, each in a process of its own.
 *
 * @returns the outcomes of each scenario's flights, in order
 * @throws Error when something could not be made or replayed
 */
export async function runScenarios(
  scenarios: readonly Scenario[],
  options: RunOptions,
): Promise<Map<Scenario, FlightOutcome[]>> {
  const workshop = new Workshop(options.dir);
  const toMake = artifactsOf(scenarios).filter((artifact) => !workshop.has(artifact));
  const outcomes = new Map<Scenario, FlightOutcome[]>(scenarios.map((scenario) => [scenario, []]));
  const missing = new Set(toMake.map(artifactId));
  const needs = (artifacts: readonly Artifact[]): string[] => artifacts.map(artifactId).filter((id) => missing.has(id));
  const jobs = [
    ...toMake.map((artifact) => ({
      id: artifactId(artifact),
      needs: needs(artifact.needs),
      task: { kind: "make" as const, dir: options.dir, id: artifactId(artifact) },
      done: (_: WorkerAnswer, time: string) => options.onProgress(`made ${artifactId(artifact)} in ${time}`),
    })),
    ...scenarios.flatMap((scenario) =>
      scenario.flights.map((flight, k) => ({
        id: `${scenario.name}/${k}`,
        needs: needs([flight.flight, flight.pack]),
        task: { kind: "fly" as const, dir: options.dir, scenario: scenario.name, flight: k },
        done: (answer: WorkerAnswer, time: string) => {
          if (answer.kind !== "flown") return;
          const list = outcomes.get(scenario) ?? [];
          list[k] = answer.outcome;
          const { frames } = answer.outcome;
          const fixes = frames.filter(({ fix }) => fix !== null);
          const wrong = fixes.filter(({ fix }) => fix?.false_fix === true);
          options.onProgress(
            `flew ${scenario.name} ${k + 1}/${scenario.flights.length} in ${time}: ` +
              `${fixes.length} fixes of ${frames.length} frames, ${wrong.length} false`,
          );
        },
      })),
    ),
  ];
  const workers = Array.from({ length: Math.max(1, Math.min(options.jobs, jobs.length)) }, () => new Worker());
  let cpu_s = 0;
  try {
    await runGraph(jobs, workers, async (job, worker) => {
      const started = performance.now();
      const answer = await worker.ask(job.task);
      if (answer.kind === "failed") throw new Error(`${job.id}: ${answer.message}`);
      const seconds = (performance.now() - started) / 1000;
      cpu_s += answer.cpu_s;
      job.done(answer, `${seconds.toFixed(1)} s (${answer.cpu_s.toFixed(1)} s of processor)`);
    });
  } finally {
    for (const worker of workers) worker.close();
  }
  options.onProgress(`done with ${Math.round(cpu_s)} s of processor`);
  return outcomes;
}

/** A child process that does one task at a time. */
class Worker {
  private readonly child: ChildProcess = fork(fileURLToPath(new URL("./worker.js", import.meta.url)), {
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });

  ask(task: WorkerTask): Promise<WorkerAnswer> {
    return new Promise((resolve, reject) => {
      const settle = (): void => {
        this.child.off("message", onMessage).off("exit", onExit).off("error", onError);
      };
      const onMessage = (answer: WorkerAnswer): void => {
        settle();
        resolve(answer);
      };
      const onExit = (code: number | null, signal: string | null): void => {
        settle();
        reject(new Error(`a worker process ended with ${signal ?? code}`));
      };
      const onError = (error: Error): void => {
        settle();
        reject(error);
      };
      this.child.on("message", onMessage).on("exit", onExit).on("error", onError);
      this.child.send(task);
    });
  }

  close(): void {
    if (this.child.connected) this.child.disconnect();
  }
}
