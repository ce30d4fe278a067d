import { readdirSync, readFileSync } from "node:fs";
import { UserError } from "../../tiles/errors.js";

/** What a process holds of the computer. */
export interface ProcessFigures {
  readonly rss_mib: number;
  readonly threads: number;
  /** Open file descriptors. */
  readonly files: number;
}

/** Reads them from /proc; null when there is no such process (any more). @throws UserError where there is no /proc */
export function processFigures(pid: number): ProcessFigures | null {
  let status: string;
  let files: number;
  try {
    status = readFileSync(`/proc/${pid}/status`, "utf8");
    files = readdirSync(`/proc/${pid}/fd`).length;
  } catch {
    if (process.platform !== "linux") throw new UserError("this benchmark reads /proc: run it on Linux");
    return null;
  }
  const rss_kib = statusNumber(status, "VmRSS");
  const threads = statusNumber(status, "Threads");
  // A process that has ended and was not waited for has no memory.
  return rss_kib === null || threads === null ? null : { rss_mib: Math.round(rss_kib / 102.4) / 10, threads, files };
}

/** The number of a line of /proc/PID/status; null without it. */
export function statusNumber(status: string, name: string): number | null {
  const found = new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(status)?.[1];
  return found === undefined ? null : Number(found);
}
