import type { NavigationSolution } from "../navigation/solution.js";
import type { LinksComponent } from "./links-component.js";
import type { DaemonLog } from "./log.js";

/** Operators are told of a position, and of its loss, when it has lasted this long, microseconds. */
const TELL_US = 2_000_000;

/** Tells whether there is a position: the log has every change, operators hear of those that last. */
export class PositionTeller {
  readonly #log: DaemonLog;
  readonly #links: Pick<LinksComponent, "statusText">;
  #has = false;
  #since_us = 0;
  /** What the operators know. */
  #told = false;

  constructor(log: DaemonLog, links: Pick<LinksComponent, "statusText">) {
    this.#log = log;
    this.#links = links;
  }

  tell({ position, reason }: NavigationSolution, now_us: number): void {
    const has = position !== null;
    if (has !== this.#has) {
      this.#has = has;
      this.#since_us = now_us;
      if (position === null) this.#log.warn({ reason }, "position lost");
      else {
        const { lat_deg, lon_deg, eph_m, protection_level_m } = position;
        this.#log.info({ lat_deg, lon_deg, eph_m, protection_level_m }, "position found");
      }
    }
    if (has === this.#told || now_us - this.#since_us < TELL_US) return;
    this.#told = has;
    if (position === null) this.#links.statusText("warning", `SkyLink: no position: ${reason ?? "unknown"}`);
    else this.#links.statusText("notice", `SkyLink: position, ${position.eph_m.toFixed(0)} m (1 sigma)`);
  }
}
