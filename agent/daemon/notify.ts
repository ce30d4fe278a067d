import { spawn } from "node:child_process";
import { errorMessage } from "../../tiles/errors.js";

/** Tells the service manager how the daemon is. */
export interface Notifier {
  /** How often the watchdog wants to be fed, milliseconds; null when nobody watches. */
  readonly watchdog_ms: number | null;
  ready(status: string): void;
  /** One line for `systemctl status`; `feed`: and the watchdog is fed. */
  status(status: string, feed: boolean): void;
  stopping(): void;
}

/** Nobody listens. */
export const NO_NOTIFIER: Notifier = {
  watchdog_ms: null,
  ready: () => undefined,
  status: () => undefined,
  stopping: () => undefined,
};

export interface SystemdOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** This process, for WATCHDOG_PID. */
  readonly pid: number;
  /** Takes a line when a message could not be sent. */
  readonly log: (line: string) => void;
  readonly command?: string;
}

/**
 * sd_notify(3) through the program systemd-notify: Node has no Unix datagram sockets of its own. One message a few seconds
 * is all there is to say, and a process costs 90 ms of another core. Without NOTIFY_SOCKET nothing is done.
 */
export function systemdNotifier(options: SystemdOptions): Notifier {
  const { env, pid } = options;
  if (env.NOTIFY_SOCKET === undefined || env.NOTIFY_SOCKET === "") return NO_NOTIFIER;
  const limit_us = Number(env.WATCHDOG_USEC);
  const watched = limit_us > 0 && (env.WATCHDOG_PID === undefined || Number(env.WATCHDOG_PID) === pid);
  return new SystemdNotifier(options, watched ? limit_us / 1000 : null);
}

class SystemdNotifier implements Notifier {
  /** A third of the limit: one message may be lost and another late. */
  readonly watchdog_ms: number | null;
  readonly #options: SystemdOptions;
  /** Messages that came while one was on its way, put together. */
  #waiting: Map<string, string> | null = null;
  #busy = false;
  #failed = false;

  constructor(options: SystemdOptions, limit_ms: number | null) {
    this.#options = options;
    this.watchdog_ms = limit_ms === null ? null : limit_ms / 3;
  }

  ready(status: string): void {
    this.#send({ READY: "1", STATUS: status });
  }

  status(status: string, feed: boolean): void {
    this.#send({ STATUS: status, ...(feed ? { WATCHDOG: "1" } : {}) });
  }

  stopping(): void {
    this.#send({ STOPPING: "1", STATUS: "stopping" });
  }

  #send(variables: Readonly<Record<string, string>>): void {
    const waiting = this.#waiting ?? new Map<string, string>();
    for (const [name, value] of Object.entries(variables)) waiting.set(name, value.replace(/\s+/g, " "));
    this.#waiting = waiting;
    if (!this.#busy) this.#next();
  }

  #next(): void {
    const waiting = this.#waiting;
    if (waiting === null) return;
    this.#waiting = null;
    this.#busy = true;
    const words = [...waiting].map(([name, value]) => `${name}=${value}`);
    const child = spawn(this.#options.command ?? "systemd-notify", words, {
      stdio: "ignore",
      env: this.#options.env as NodeJS.ProcessEnv,
    });
    const ended = (fault: string | null): void => {
      if (!this.#busy) return;
      this.#busy = false;
      // Said once: the next messages would fail in the same way.
      if (fault !== null && !this.#failed) this.#options.log(`systemd-notify: ${fault}`);
      this.#failed = fault !== null;
      this.#next();
    };
    child.once("error", (error) => ended(errorMessage(error)));
    child.once("exit", (code) => ended(code === 0 ? null : `ended with code ${code}`));
  }
}
