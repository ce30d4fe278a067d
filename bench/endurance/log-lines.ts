import { z } from "zod";

/** Lines of the daemon's log that are about something wrong: each text and how often it came. */
export interface LogReport {
  readonly warn: Readonly<Record<string, number>>;
  readonly error: Readonly<Record<string, number>>;
  /** Lines that the log did not write: somebody else's words on stdout or stderr. */
  readonly other: Readonly<Record<string, number>>;
}

const WARN = 40;
const ERROR = 50;

const lineSchema = z.looseObject({
  level: z.number(),
  msg: z.string().default(""),
  component: z.string().optional(),
  detail: z.string().optional(),
  fault: z.string().optional(),
  error: z.string().optional(),
});

/** Counts lines of level warn and error by their text; numbers in it are left out, so that like comes to like. */
export function logReport(text: string): LogReport {
  const report = { warn: {}, error: {}, other: {} };
  for (const line of text.split("\n")) {
    if (line.trim() === "") continue;
    const entry = parse(line);
    if (entry === null) countText(report.other, line);
    else if (entry.level >= WARN) {
      const { msg, component, detail, fault, error } = entry;
      const words = [msg, component, detail, fault, error].flatMap((one) => one ?? []);
      countText(entry.level >= ERROR ? report.error : report.warn, words.join(": "));
    }
  }
  return report;
}

function parse(line: string): z.infer<typeof lineSchema> | null {
  try {
    return lineSchema.safeParse(JSON.parse(line)).data ?? null;
  } catch {
    return null;
  }
}

/** Counts a text; all that differ in their numbers only count as one. */
export function countText(into: Record<string, number>, text: string): void {
  const key = text.replaceAll(/\d+(\.\d+)?/g, "#");
  into[key] = (into[key] ?? 0) + 1;
}
