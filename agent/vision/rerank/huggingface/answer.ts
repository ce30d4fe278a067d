/** Token ids of the answers. */
export interface AnswerIds {
  readonly yes: readonly number[];
  readonly no: readonly number[];
}

/** log(sum of exp): the logit of "any of these tokens". */
export function logSumExp(values: readonly number[]): number {
  const most = Math.max(...values);
  if (!Number.isFinite(most)) return most;
  return most + Math.log(values.reduce((sum, value) => sum + Math.exp(value - most), 0));
}

/** logit(yes) - logit(no) of the next token, each over all of its spellings. */
export function yesMinusNo(logits: Float32Array, { yes, no }: AnswerIds): number {
  const at = (id: number): number => logits[id] ?? Number.NaN;
  return logSumExp(yes.map(at)) - logSumExp(no.map(at));
}
