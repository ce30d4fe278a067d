import { type ChildProcess, spawn } from "node:child_process";
import type { Readable } from "node:stream";
import { errorMessage, UserError } from "../../tiles/errors.js";
import { monotonic_us } from "../clock.js";
import { FrameStream, type FrameStreamOptions } from "./frame-stream.js";
import { LastWords } from "./last-words.js";
import type { CameraFrame, CameraSource, CameraStatus } from "./source.js";

/** A program that writes a GDP stream. */
export interface CameraProgram {
  /** Name of the camera, for messages. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** Where it writes the stream: 3 keeps it apart from what a program prints on its standard output. */
  readonly output_fd: 1 | 3;
  /** What to do when the program is not there. */
  readonly whenMissing: string;
}

/** Times of a camera's process, milliseconds; the defaults are for use, others are for tests. */
export interface ProcessTimes {
  /** First and longest pause before it is started again; each is twice the last. */
  readonly retryMin_ms: number;
  readonly retryMax_ms: number;
  /** Frames for this long, and the next pause is the shortest again. */
  readonly healthy_ms: number;
  /** Longest silence before the first frame and between frames; then it is started anew. */
  readonly firstFrame_ms: number;
  readonly stall_ms: number;
  /** Time between asking it to end and ending it. */
  readonly kill_ms: number;
}

const DEFAULT_TIMES: ProcessTimes = {
  retryMin_ms: 500,
  retryMax_ms: 10_000,
  healthy_ms: 10_000,
  firstFrame_ms: 20_000,
  stall_ms: 5_000,
  kill_ms: 500,
};
/** A program's last words may still be on their way when it has ended. */
const LAST_WORDS_MS = 100;

/**
 * A camera that is another program writing GDP into a pipe. The program runs in a process group of its own, is started
 * again whenever it ends, hangs or writes what cannot be read, and is ended with all its children by `stop`.
 */
export class ProcessCamera implements CameraSource {
  readonly name: string;
  readonly #program: CameraProgram;
  readonly #times: ProcessTimes;
  readonly #stream: FrameStream;
  readonly #words = new LastWords();
  readonly #listeners = new Set<(frame: CameraFrame) => void>();
  #wanted = false;
  #state: CameraStatus["state"] = "stopped";
  #detail: string | null = "not started";
  #child: ChildProcess | null = null;
  /** Why the child is being ended; null when it ends by itself. */
  #fault: string | null = null;
  #started_ms = 0;
  #pause_ms: number;
  #retry: NodeJS.Timeout | null = null;
  #silence: NodeJS.Timeout | null = null;
  #ended: Promise<void> = Promise.resolve();
  readonly #onExit = () => this.#signal("SIGKILL");

  constructor(program: CameraProgram, options: FrameStreamOptions, times: Partial<ProcessTimes> = {}) {
    this.name = program.name;
    this.#program = program;
    this.#times = { ...DEFAULT_TIMES, ...times };
    this.#pause_ms = this.#times.retryMin_ms;
    this.#stream = new FrameStream(options, (frame) => this.#frame(frame));
  }

  get status(): CameraStatus {
    const { frames, dropped, last_t_us } = this.#stream;
    return { state: this.#state, detail: this.#detail, frames, dropped, last_t_us };
  }

  onFrame(listener: (frame: CameraFrame) => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  /** Starts the program. @throws UserError when it is not there or must not be run */
  async start(): Promise<void> {
    if (this.#wanted) return;
    this.#wanted = true;
    process.on("exit", this.#onExit);
    try {
      await this.#launch();
    } catch (thrown) {
      await this.stop();
      throw new UserError(
        `camera ${this.name}: ${this.#program.command} cannot be run (${errorMessage(thrown)}); ${this.#program.whenMissing}`,
      );
    }
  }

  async stop(): Promise<void> {
    this.#wanted = false;
    if (this.#retry !== null) clearTimeout(this.#retry);
    this.#retry = null;
    this.#end("stopped");
    await this.#ended;
    process.off("exit", this.#onExit);
    this.#state = "stopped";
    this.#detail = "stopped";
  }

  /** Resolves when the program runs; rejects when it cannot be run. */
  async #launch(): Promise<void> {
    const { command, args, output_fd } = this.#program;
    this.#state = "starting";
    this.#detail = "waiting for the first frame";
    this.#fault = null;
    this.#words.clear();
    this.#stream.restart();
    this.#started_ms = performance.now();
    const child = spawn(command, args, {
      stdio: output_fd === 1 ? ["ignore", "pipe", "pipe"] : ["ignore", "ignore", "pipe", "pipe"],
      detached: true,
    });
    this.#child = child;
    this.#ended = new Promise((resolve) => {
      let last: NodeJS.Timeout | null = null;
      const ended = () => {
        if (last !== null) clearTimeout(last);
        if (this.#child === child) this.#whenEnded(child);
        resolve();
      };
      child.once("exit", () => {
        last = setTimeout(ended, LAST_WORDS_MS);
      });
      child.once("close", ended);
      child.once("error", (error) => {
        this.#fault ??= errorMessage(error);
        ended();
      });
    });
    child.stderr?.on("data", (bytes: Buffer) => this.#words.push(bytes));
    const output = child.stdio[output_fd] as Readable | null;
    // The pipe of a program that has been ended may fail; its end is seen by `exit`.
    output?.on("error", () => undefined);
    output?.on("data", (bytes: Buffer) => this.#bytes(child, bytes));
    this.#watch(this.#times.firstFrame_ms);
    await new Promise<void>((resolve, reject) => {
      child.once("spawn", resolve);
      child.once("error", reject);
    });
  }

  #bytes(child: ChildProcess, bytes: Buffer): void {
    if (child !== this.#child || this.#fault !== null) return;
    try {
      this.#stream.push(bytes, monotonic_us());
    } catch (thrown) {
      this.#end(errorMessage(thrown));
    }
  }

  #frame(frame: CameraFrame): void {
    if (!this.#wanted) return;
    this.#state = "running";
    this.#detail = null;
    if (performance.now() - this.#started_ms > this.#times.healthy_ms) this.#pause_ms = this.#times.retryMin_ms;
    this.#watch(this.#times.stall_ms);
    for (const listener of this.#listeners) listener(frame);
  }

  /** Ends the program unless a frame comes in time. */
  #watch(limit_ms: number): void {
    if (this.#silence !== null) clearTimeout(this.#silence);
    this.#silence = setTimeout(() => this.#end(`no frame for ${limit_ms / 1000} s`), limit_ms);
  }

  /** Asks the program to end, and ends it when it does not. */
  #end(reason: string): void {
    if (this.#silence !== null) clearTimeout(this.#silence);
    this.#silence = null;
    const child = this.#child;
    if (child === null || this.#fault !== null) return;
    this.#fault = reason;
    this.#signal("SIGTERM");
    const timer = setTimeout(() => this.#signal("SIGKILL"), this.#times.kill_ms);
    child.once("exit", () => clearTimeout(timer));
  }

  #signal(signal: NodeJS.Signals): void {
    const pid = this.#child?.pid;
    if (pid === undefined) return;
    try {
      process.kill(-pid, signal);
    } catch {
      // The group is gone already.
    }
  }

  #whenEnded(child: ChildProcess): void {
    // Whatever it started goes with it.
    this.#signal("SIGKILL");
    this.#child = null;
    if (this.#silence !== null) clearTimeout(this.#silence);
    this.#silence = null;
    if (!this.#wanted) return;
    const how = child.signalCode === null ? `ended with code ${child.exitCode}` : `was ended by ${child.signalCode}`;
    const said = this.#words.line === "" ? "" : `: ${this.#words.line}`;
    const pause_ms = this.#pause_ms;
    this.#pause_ms = Math.min(pause_ms * 2, this.#times.retryMax_ms);
    this.#state = "failed";
    this.#detail = `${this.#fault ?? `${this.#program.command} ${how}`}${said}; next attempt in ${pause_ms / 1000} s`;
    this.#retry = setTimeout(() => {
      this.#retry = null;
      // A program that was there before and is not now ends like any other: through the child's error event.
      this.#launch().catch(() => undefined);
    }, pause_ms);
  }
}
