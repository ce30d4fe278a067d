import { type ChildProcess, spawn } from "node:child_process";
import { createWriteStream } from "node:fs";

/** Time to end when told to, milliseconds; then it is ended. */
const END_MS = 3000;

/** How a program ended when it was told to. */
export interface Ending {
  /** Its exit code; null when a signal ended it. */
  readonly code: number | null;
  /** From the telling until it was gone, milliseconds. */
  readonly after_ms: number;
}

/** A program of the harness whose words go to a file. */
export class Child {
  readonly #child: ChildProcess;
  readonly #ended: Promise<void>;
  readonly name: string;
  readonly logFile: string;
  #running = true;

  constructor(options: {
    readonly name: string;
    readonly program: string;
    readonly args: readonly string[];
    readonly folder: string;
    readonly logFile: string;
    readonly environment?: Readonly<Record<string, string>>;
  }) {
    this.name = options.name;
    this.logFile = options.logFile;
    const log = createWriteStream(options.logFile);
    this.#child = spawn(options.program, options.args, {
      cwd: options.folder,
      env: { ...process.env, ...options.environment },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#child.stdout?.pipe(log, { end: false });
    this.#child.stderr?.pipe(log, { end: false });
    this.#ended = new Promise((resolve) => {
      const end = (): void => {
        this.#running = false;
        log.end();
        resolve();
      };
      this.#child.once("close", end);
      this.#child.once("error", (error) => {
        log.write(`${error.message}\n`);
        end();
      });
    });
  }

  /** Its process id; null when it could not be started. */
  get pid(): number | null {
    return this.#child.pid ?? null;
  }

  get running(): boolean {
    return this.#running;
  }

  /** Throws when the program has ended by itself. */
  assertRunning(): void {
    if (!this.#running) throw new Error(`${this.name} has ended by itself; its words are in ${this.logFile}`);
  }

  /** Tells it to end, and ends it when it does not. */
  async close(): Promise<Ending> {
    const told_ms = performance.now();
    if (this.#running) this.#child.kill("SIGTERM");
    const late = setTimeout(() => this.#child.kill("SIGKILL"), END_MS);
    await this.#ended;
    clearTimeout(late);
    return { code: this.#child.exitCode, after_ms: performance.now() - told_ms };
  }
}
