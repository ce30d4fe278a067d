/**
 * The valid word nearest to a misspelled one (optimal string alignment distance: insertions, deletions, replacements
 * and swaps of neighbours), or null when none is near enough to be what was meant.
 */
export function nearestWord(word: string, valid: readonly string[]): string | null {
  let best: string | null = null;
  let bestDistance = Number.POSITIVE_INFINITY;
  for (const candidate of valid) {
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase());
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best !== null && bestDistance <= Math.max(2, Math.floor(word.length / 2)) ? best : null;
}

/** `"x" is not known; did you mean "y"? (valid: …)`, for one unknown key among valid ones. */
export function unknownWord(kind: string, word: string, valid: readonly string[]): string {
  const near = nearestWord(word, valid);
  const hint = near === null ? "" : ` did you mean "${near}"?`;
  return `unknown ${kind} "${word}";${hint} valid: ${valid.join(", ")}`;
}

function editDistance(a: string, b: string): number {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    const above = rows[i - 1] ?? [];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let cost = Math.min((above[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (above[j - 1] ?? 0) + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        cost = Math.min(cost, (rows[i - 2]?.[j - 2] ?? 0) + 1);
      }
      row.push(cost);
    }
    rows.push(row);
  }
  return rows[a.length]?.[b.length] ?? 0;
}
