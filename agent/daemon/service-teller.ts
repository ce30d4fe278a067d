import type { DaemonLog } from "./log.js";
import type { Notifier } from "./notify.js";
import type { Watchdog } from "./watchdog.js";

/** A changed status goes to the service manager at most this often, microseconds: each is a process. */
const STATUS_US = 5_000_000;

/** Tells the service manager how the daemon is, and feeds its watchdog while everything moves. */
export class ServiceTeller {
  readonly #notifier: Notifier;
  readonly #log: DaemonLog;
  #fed_us = Number.NEGATIVE_INFINITY;
  #told_us = Number.NEGATIVE_INFINITY;
  #status = "";
  #complaint: string | null = null;

  constructor(notifier: Notifier, log: DaemonLog) {
    this.#notifier = notifier;
    this.#log = log;
  }

  ready(status: string): void {
    this.#status = status;
    this.#notifier.ready(status);
  }

  stopping(): void {
    this.#notifier.stopping();
  }

  /**
   * Feeds the watchdog when it is time and everything moves; tells a new status now and then.
   *
   * @param watchdog null: it is fed whatever happens
   */
  tell(summary: string, watchdog: Watchdog | null, now_us: number): void {
    const complaint = watchdog?.complaint(now_us) ?? null;
    if (complaint !== null && this.#complaint === null) this.#log.warn({ complaint }, "the watchdog is not fed");
    this.#complaint = complaint;
    const { watchdog_ms } = this.#notifier;
    const feed = watchdog_ms !== null && complaint === null && now_us - this.#fed_us >= watchdog_ms * 1000;
    const status = complaint === null ? summary : `${summary}; ${complaint}`;
    const news = status !== this.#status && now_us - this.#told_us >= STATUS_US;
    if (!feed && !news) return;
    if (feed) this.#fed_us = now_us;
    this.#told_us = now_us;
    this.#status = status;
    this.#notifier.status(status, feed);
  }
}
