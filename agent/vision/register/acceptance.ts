import { UserError } from "../../../tiles/errors.js";
import { unknownWord } from "../../text/nearest.js";
import { MEASURE_NAMES, type Measures } from "../result.js";

/** The acceptance part of a registrar's model.json. */
export interface AcceptanceModel {
  readonly bias: number;
  readonly weights: Readonly<Record<string, number>>;
  readonly threshold: number;
}

/**
 * Probability that a registration is at the right place: logistic(bias + sum of weight * measure).
 */
export class Acceptance {
  private readonly weights: readonly (readonly [keyof Measures, number])[];

  /** @throws UserError when the model weighs a measure that does not exist */
  constructor(
    private readonly model: AcceptanceModel,
    path: string,
  ) {
    this.weights = Object.entries(model.weights).map(([name, weight]) => {
      const known = MEASURE_NAMES.find((one) => one === name);
      if (known === undefined)
        throw new UserError(`${path}: acceptance: ${unknownWord("measure", name, MEASURE_NAMES)}`);
      return [known, weight] as const;
    });
  }

  judge(measures: Measures): { quality: number; accepted: boolean } {
    let sum = this.model.bias;
    for (const [name, weight] of this.weights) sum += weight * measures[name];
    const quality = 1 / (1 + Math.exp(-sum));
    return { quality, accepted: quality >= this.model.threshold };
  }
}
