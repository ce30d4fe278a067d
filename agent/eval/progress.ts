/** Cells of the bar. */
const WIDTH = 24;
/** Least time between two drawings, milliseconds. */
const EVERY_MS = 100;

/**
 * A progress bar on one line of a terminal: `drone → satellite  queries [#####-----] 420/951  2:13 left`. Silent where
 * the stream is no terminal.
 */
export class ProgressBar {
  private readonly shown: boolean;
  private readonly columns: number;
  private drawn_ms = Number.NEGATIVE_INFINITY;
  private phase = "";
  private start_ms = 0;

  constructor(
    private readonly stream: { isTTY?: boolean; columns?: number; write(text: string): unknown },
    private readonly now_ms: () => number = () => performance.now(),
  ) {
    this.shown = stream.isTTY === true;
    this.columns = stream.columns ?? 80;
  }

  /** @param what the task and its phase; another one starts the clock anew */
  show(what: string, done: number, total: number): void {
    if (!this.shown) return;
    const now = this.now_ms();
    if (what !== this.phase) {
      this.phase = what;
      this.start_ms = now;
    } else if (now - this.drawn_ms < EVERY_MS && done < total) return;
    this.drawn_ms = now;
    const full = Math.round((WIDTH * done) / Math.max(1, total));
    const bar = "#".repeat(full) + "-".repeat(WIDTH - full);
    const line = `${what} [${bar}] ${done}/${total}${this.left(now, done, total)}`;
    this.stream.write(`\r\x1b[K${line.slice(0, this.columns - 1)}`);
  }

  private left(now_ms: number, done: number, total: number): string {
    const passed_s = (now_ms - this.start_ms) / 1000;
    if (passed_s < 2 || done === 0 || done >= total) return "";
    const seconds = Math.round((passed_s / done) * (total - done));
    const clock = [Math.floor(seconds / 60) % 60, seconds % 60].map((part) => String(part).padStart(2, "0")).join(":");
    return seconds < 3600 ? `  ${clock} left` : `  ${Math.floor(seconds / 3600)}:${clock} left`;
  }

  /** Wipes the line. */
  end(): void {
    if (this.shown) this.stream.write("\r\x1b[K");
  }
}
