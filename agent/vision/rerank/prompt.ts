import { UserError } from "../../../tiles/errors.js";
import { unknownWord } from "../../text/nearest.js";

/** What a prompt can tell the re-ranker about a query. */
export interface PromptValues {
  /** Height above ground, metres. */
  readonly agl_m: number;
  /** Side of the patch on the ground, metres. */
  readonly footprint_m: number;
  /** Map resolution, centimetres a pixel. */
  readonly gsd_cm: number;
  /** 1-sigma of the heading, degrees. */
  readonly yaw_sigma_deg: number;
  /** 1-sigma of the height, percent. */
  readonly agl_sigma_percent: number;
  /** Angle of the optical axis from straight down, degrees. */
  readonly off_nadir_deg: number;
  /** Months from the map's imagery to the frame; 0 when one of the dates is unknown. */
  readonly map_age_months: number;
  /** Month of the frame's capture, 1 to 12; 0 when unknown. */
  readonly month: number;
}

const NAMES = [
  "agl_m",
  "footprint_m",
  "gsd_cm",
  "yaw_sigma_deg",
  "agl_sigma_percent",
  "off_nadir_deg",
  "map_age_months",
  "month",
] as const satisfies readonly (keyof PromptValues)[];

const FIELD = /\{([a-z_]+):(\d)\}/g;

/**
 * A prompt template: words, and fields `{name:width}` that become whole numbers of exactly `width` digits (leading
 * zeros included, cut to the range that fits).
 */
export class PromptTemplate {
  /** @throws UserError when the template names a value that does not exist */
  constructor(
    private readonly template: string,
    path: string,
  ) {
    for (const [, name] of template.matchAll(FIELD)) {
      if (!NAMES.some((known) => known === name)) {
        throw new UserError(`${path}: prompt.template: ${unknownWord("value", name ?? "", NAMES)}`);
      }
    }
    const rest = template.replaceAll(FIELD, "");
    if (/[{}]/.test(rest)) {
      throw new UserError(`${path}: prompt.template: a field is written {name:width}; wrong in "${template}"`);
    }
  }

  render(values: PromptValues): string {
    return this.template.replaceAll(FIELD, (_, name: keyof PromptValues, digits: string) => {
      const width = Number(digits);
      const value = Math.max(0, Math.min(10 ** width - 1, Math.round(values[name])));
      return String(value).padStart(width, "0");
    });
  }
}

/** A capture time before this is counted from the start of the flight and tells no date. */
const FIRST_PLAUSIBLE_US = Date.UTC(2000, 0, 1) * 1000;

/**
 * The seasonal part of the prompt from a frame's capture time (microseconds since 1970, or since the start: then
 * unknown) and the date of the imagery (YYYY-MM-DD or null).
 */
export function seasonOf(t_us: number, imagery_date: string | null): Pick<PromptValues, "map_age_months" | "month"> {
  const frame = t_us >= FIRST_PLAUSIBLE_US ? new Date(t_us / 1000) : null;
  const map = imagery_date === null ? null : new Date(`${imagery_date}T00:00:00Z`);
  const months = (date: Date): number => date.getUTCFullYear() * 12 + date.getUTCMonth();
  return {
    map_age_months: frame === null || map === null ? 0 : Math.max(0, months(frame) - months(map)),
    month: frame === null ? 0 : frame.getUTCMonth() + 1,
  };
}
