import { type Logger, pino } from "pino";

/** What the daemon writes its log to: pino's interface, as far as it is used. */
export type DaemonLog = Pick<Logger, "trace" | "debug" | "info" | "warn" | "error">;

export interface LogOptions {
  readonly level: "trace" | "debug" | "info" | "warn" | "error";
  /** json: one object a line. text: for people. auto: text on a terminal. */
  readonly format: "auto" | "json" | "text";
  readonly out?: { write(text: string): unknown; readonly isTTY?: boolean };
}

const NAMES: Readonly<Record<number, string>> = { 10: "trace", 20: "debug", 30: "info", 40: "WARN", 50: "ERROR" };

/** The log: JSON lines for machines and the journal, plain lines for a terminal. */
export function openLog(options: LogOptions): DaemonLog {
  const out = options.out ?? process.stdout;
  const text = options.format === "text" || (options.format === "auto" && out.isTTY === true);
  const settings = { level: options.level, base: null, timestamp: pino.stdTimeFunctions.isoTime };
  return pino(settings, { write: (line: string) => out.write(text ? readable(line) : line) });
}

/** `12:34:56.789 WARN  camera failed  detail="…"`. */
function readable(line: string): string {
  const { time, level, msg, ...rest } = JSON.parse(line) as Record<string, unknown>;
  const clock = String(time).slice(11, 23);
  const fields = Object.entries(rest).map(([key, value]) => {
    return `  ${key}=${typeof value === "string" && /^[\w./:-]+$/.test(value) ? value : JSON.stringify(value)}`;
  });
  return `${clock} ${(NAMES[Number(level)] ?? String(level)).padEnd(5)} ${String(msg ?? "")}${fields.join("")}\n`;
}
