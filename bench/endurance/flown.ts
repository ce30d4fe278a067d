import { z } from "zod";

const timeSchema = z.looseObject({ t_s: z.number() });

/** A log that is still being written, up to its last whole line. */
export function wholeLines(text: string): string {
  return text.slice(0, text.lastIndexOf("\n") + 1);
}

/** Seconds of the vehicle's clock from take-off to the last line of the twin's log; 0 when it never took off. */
export function flownSeconds(lines: string, takeoff_s: number | null): number {
  const last = lines.trimEnd().split("\n").at(-1) ?? "";
  if (takeoff_s === null || last === "") return 0;
  return timeSchema.parse(JSON.parse(last)).t_s - takeoff_s;
}
