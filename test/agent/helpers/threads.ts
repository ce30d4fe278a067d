import { existsSync, readdirSync } from "node:fs";
import { getPriority } from "node:os";

const TASKS = "/proc/self/task";

/** How far each other thread of this process stands behind its main thread, nice; null where the system does not tell. */
export function threadsBehind(): number[] | null {
  if (!existsSync(TASKS)) return null;
  const main = getPriority(process.pid);
  return readdirSync(TASKS)
    .map(Number)
    .filter((thread) => thread !== process.pid)
    .map((thread) => getPriority(thread) - main);
}
