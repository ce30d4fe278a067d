import { UserError } from "../../tiles/errors.js";

/** How the pose that the agent is told differs from the true one, and what it is told of that. */
export interface Setting {
  readonly name: string;
  /** Degrees to either side; null = any heading at all. */
  readonly headingError_deg: number | null;
  readonly headingSigma_deg: number;
  /** The stated height is the true one times this. */
  readonly heightFactor: number;
}

/** The search without any prior: any heading, the height known. */
export const UNKNOWN_HEADING: Setting = {
  name: "heading-unknown",
  headingError_deg: null,
  headingSigma_deg: 180,
  heightFactor: 1,
};

/** The settings of the results page. Height sigma: 3 %, or three quarters of the error. */
export const SETTINGS: readonly Setting[] = [
  { name: "exact", headingError_deg: 0, headingSigma_deg: 5, heightFactor: 1 },
  { name: "heading-5", headingError_deg: 5, headingSigma_deg: 5, heightFactor: 1 },
  { name: "heading-10", headingError_deg: 10, headingSigma_deg: 10, heightFactor: 1 },
  { name: "heading-20", headingError_deg: 20, headingSigma_deg: 20, heightFactor: 1 },
  { name: "heading-30", headingError_deg: 30, headingSigma_deg: 30, heightFactor: 1 },
  UNKNOWN_HEADING,
  { name: "scale-0.8", headingError_deg: 0, headingSigma_deg: 5, heightFactor: 0.8 },
  { name: "scale-1.25", headingError_deg: 0, headingSigma_deg: 5, heightFactor: 1.25 },
];

/** The settings of the registration page: the true pose, and both errors that the targets name. */
export const REGISTRATION_SETTINGS: readonly Setting[] = [
  { name: "exact", headingError_deg: 0, headingSigma_deg: 5, heightFactor: 1 },
  { name: "heading-10-scale-1.1", headingError_deg: 10, headingSigma_deg: 10, heightFactor: 1.1 },
];

/** 1-sigma of the stated height over it. */
export function heightSigma({ heightFactor }: Setting): number {
  return Math.max(0.03, Math.abs(1 - heightFactor) * 0.75);
}

/** @param words comma-separated names; all settings without them. @throws UserError naming those there are */
export function chooseSettings(words: string | undefined, among: readonly Setting[] = SETTINGS): Setting[] {
  if (words === undefined) return [...among];
  return words.split(",").map((word) => {
    const found = among.find(({ name }) => name === word.trim());
    if (found === undefined) {
      throw new UserError(`--settings: no setting "${word}"; there are ${among.map(({ name }) => name).join(", ")}`);
    }
    return found;
  });
}
