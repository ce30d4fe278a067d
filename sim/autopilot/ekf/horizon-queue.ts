/** Measurements that wait until the horizon of the filter has reached the time they are true at. */
export class HorizonQueue<T extends { readonly t_us: number }> {
  #waiting: T[] = [];

  /** What is older than the horizon is taken as if it were from there: the sender has to carry it forward. */
  add(measurement: T, horizon_us: number): void {
    this.#waiting.push({ ...measurement, t_us: Math.max(measurement.t_us, horizon_us) });
    this.#waiting.sort((a, b) => a.t_us - b.t_us);
  }

  clear(): void {
    this.#waiting = [];
  }

  /** Takes those whose time has come, the oldest first. */
  due(horizon_us: number): T[] {
    const count = this.#waiting.findIndex(({ t_us }) => t_us > horizon_us + 1);
    return this.#waiting.splice(0, count < 0 ? this.#waiting.length : count);
  }
}
