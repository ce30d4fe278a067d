/** Priorities of the threads of one process, beside each other: the operating system's own word for them. */
import { readlinkSync } from "node:fs";
import { getPriority, setPriority } from "node:os";

/**
 * Lets the calling thread step back behind the other threads of its process: those wake first where cores are short. Threads
 * that it starts afterwards (those inside onnxruntime) inherit it. On Linux a nice value belongs to a thread, and raising it
 * needs no privilege (sched(7), setpriority(2)).
 *
 * @param nice added to the thread's nice value, 1 to 19
 * @returns whether it was done; false where threads have no priority of their own or cannot be told apart
 */
export function stepBack(nice: number): boolean {
  try {
    const thread = Number(readlinkSync("/proc/thread-self").split("/").at(-1));
    if (!Number.isInteger(thread) || thread <= 0) return false;
    setPriority(thread, Math.min(19, getPriority(thread) + nice));
    return true;
  } catch {
    return false;
  }
}
