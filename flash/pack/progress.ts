/** Where progress is written: a terminal gets one line that is redrawn, anything else a line now and then. */
export interface ProgressStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

const REDRAW_MS = 100;
const LINE_MS = 5000;
const BAR = 24;

/** Cells made, time left and bytes written, while a pack is made. */
export class Progress {
  #phase = "";
  #work = 0;
  #cells = 0;
  #bytes = 0;
  #shown_ms: number;
  readonly #began_ms: number;

  /**
   * @param stream null writes nothing
   * @param total_work units of work in all; the time left is judged by the units done
   * @param now clock in milliseconds
   */
  constructor(
    readonly stream: ProgressStream | null,
    readonly total_work: number,
    readonly now: () => number = () => performance.now(),
  ) {
    this.#began_ms = now();
    this.#shown_ms = this.#began_ms;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Names what is going on from now. */
  phase(name: string): void {
    this.#phase = name;
    this.#show(true);
  }

  /** Adds what was done since the last call. */
  add(step: { readonly work?: number; readonly cells?: number; readonly bytes?: number }): void {
    this.#work += step.work ?? 0;
    this.#cells += step.cells ?? 0;
    this.#bytes += step.bytes ?? 0;
    this.#show(false);
  }

  /** Removes the line from a terminal. */
  end(): void {
    if (this.stream?.isTTY === true) this.stream.write("\r\x1b[K");
  }

  #show(always: boolean): void {
    const { stream } = this;
    if (stream === null) return;
    const tty = stream.isTTY === true;
    const now_ms = this.now();
    if (now_ms - this.#shown_ms < (tty ? REDRAW_MS : LINE_MS) && !(always && tty)) return;
    this.#shown_ms = now_ms;
    const line = this.line(now_ms);
    stream.write(tty ? `\r\x1b[K${line.slice(0, (stream.columns ?? 80) - 1)}` : `${line}\n`);
  }

  /** The line as it stands. */
  line(now_ms: number): string {
    const share = Math.min(1, this.#work / Math.max(1e-9, this.total_work));
    const elapsed_s = Math.max(1e-3, (now_ms - this.#began_ms) / 1000);
    const done = Math.round(share * BAR);
    const left = share > 0.01 ? `${clock((elapsed_s * (1 - share)) / share)} left` : "";
    const parts = [
      this.#phase.padEnd(8),
      `[${"#".repeat(done)}${".".repeat(BAR - done)}] ${Math.floor(share * 100)} %`,
      `${this.#cells} cells`,
      `${(this.#cells / elapsed_s).toFixed(0)} cells/s`,
      formatBytes(this.#bytes),
      left,
    ];
    return parts.filter((part) => part !== "").join("  ");
  }
}

function clock(seconds: number): string {
  const whole = Math.ceil(seconds);
  const h = Math.floor(whole / 3600);
  const m = Math.floor((whole % 3600) / 60);
  const s = String(whole % 60).padStart(2, "0");
  return h > 0 ? `${h}:${String(m).padStart(2, "0")}:${s}` : `${m}:${s}`;
}

/** Bytes for people: 12.3 MB. */
export function formatBytes(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit === 0 ? value : value.toPrecision(3)} ${units[unit]}`;
}
