/** Work that can begin when other work is done. */
export interface GraphJob {
  readonly id: string;
  readonly needs: readonly string[];
}

/**
 * Runs jobs on workers, one at a time on each: in the order given, but never before what a job needs is done. The first
 * failure ends it; what is running then is waited for.
 */
export async function runGraph<J extends GraphJob, W>(
  jobs: readonly J[],
  workers: readonly W[],
  run: (job: J, worker: W) => Promise<void>,
): Promise<void> {
  const known = new Set(jobs.map(({ id }) => id));
  for (const job of jobs) {
    const stranger = job.needs.find((need) => !known.has(need));
    if (stranger !== undefined) throw new Error(`${job.id} needs ${stranger}, which nobody makes`);
  }
  const waiting = [...jobs];
  const done = new Set<string>();
  const running = new Set<Promise<void>>();
  const idle = [...workers];
  let failure: unknown;
  while (failure === undefined && waiting.length > 0) {
    const at = waiting.findIndex(({ needs }) => needs.every((need) => done.has(need)));
    const job = waiting[at];
    const worker = job === undefined ? undefined : idle.pop();
    if (job !== undefined && worker !== undefined) {
      waiting.splice(at, 1);
      const work: Promise<void> = run(job, worker)
        .then(() => {
          done.add(job.id);
        })
        .catch((thrown: unknown) => {
          failure ??= thrown;
        })
        .finally(() => {
          idle.push(worker);
          running.delete(work);
        });
      running.add(work);
    } else if (running.size === 0) {
      throw new Error(`${waiting.map(({ id }) => id).join(", ")}: each needs another of them`);
    } else await Promise.race(running);
  }
  await Promise.all(running);
  if (failure !== undefined) throw failure;
}
