/**
 * One-sided upper confidence bound of a rate by Clopper and Pearson (1934): the rate p at which `events` or fewer of
 * `trials` would be seen with probability 1 - confidence. Exact, never too small. With no event it is
 * 1 - (1 - confidence)^(1/trials), about 3/trials at 95 % (the rule of three); without a trial it is 1.
 */
export function binomialUpperBound(events: number, trials: number, confidence = 0.95): number {
  if (!(Number.isInteger(events) && Number.isInteger(trials)) || events < 0 || events > trials) {
    throw new RangeError(`${events} events of ${trials} trials is no count`);
  }
  if (events === trials) return 1;
  const risk = 1 - confidence;
  if (events === 0) return 1 - risk ** (1 / trials);
  let low = events / trials;
  let high = 1;
  // The distribution function falls with p: bisection to the last bits.
  for (let k = 0; k < 100 && high - low > 1e-15; k++) {
    const middle = (low + high) / 2;
    if (atMost(events, trials, middle) > risk) low = middle;
    else high = middle;
  }
  return high;
}

/** Probability of at most `events` events in `trials` trials of probability p, 0 < p < 1. */
function atMost(events: number, trials: number, p: number): number {
  // In logarithms, relative to the first term, so that neither huge nor tiny factors overflow.
  let log = trials * Math.log1p(-p);
  let sum = Math.exp(log);
  for (let k = 1; k <= events; k++) {
    log += Math.log((trials - k + 1) / k) + Math.log(p) - Math.log1p(-p);
    sum += Math.exp(log);
  }
  return sum;
}
