/**
 * Time on the agent's monotonic clock, microseconds: it never jumps, whatever becomes of the computer's date. Capture
 * times, states of the vehicle and solutions are all on this clock.
 */
export function monotonic_us(): number {
  return Number(process.hrtime.bigint() / 1000n);
}
